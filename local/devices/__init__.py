"""A simulated dock with its drone: an MQTT client like a real one, for the local stack or AWS."""
