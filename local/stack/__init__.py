"""The whole local stack: start every part, seed the demo registry, follow the logs."""
