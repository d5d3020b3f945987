class LocalStackError(Exception):
    """A developer can act on it. Commands print its text, without a traceback."""
