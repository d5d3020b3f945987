"""One port for the deployed API, its WebSocket API and its streams."""
