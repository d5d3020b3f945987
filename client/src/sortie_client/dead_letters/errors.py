class KeptError(Exception):
    """A dead letter that cannot be sent on its way, and why."""
