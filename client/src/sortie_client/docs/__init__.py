"""Documentation agents, as jobs, and the streams of their work."""
