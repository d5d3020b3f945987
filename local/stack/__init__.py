"""The whole local stack: start every part, register the demo tenant, follow the logs."""
