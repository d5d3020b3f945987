"""Chat sessions with agents."""
