"""Messages to agents, as jobs."""
