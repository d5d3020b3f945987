class LocalStackError(Exception):
    """Something a developer can act on; its text is all that is shown."""
