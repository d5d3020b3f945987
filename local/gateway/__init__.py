"""The local stack's address: HTTP, streams and WebSocket connections behind one port."""
