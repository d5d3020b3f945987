"""A simulated dock with its drone: to the cloud nothing but an MQTT client, as a real one is."""
