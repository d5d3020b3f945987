class RedriveError(Exception):
    """A message cannot be redriven and stays in its dead-letter queue."""
