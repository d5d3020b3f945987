"""MiniStack, and what it has to do differently here. It runs in MiniStack's own environment."""
