"""MiniStack with patches for this project. Runs in MiniStack's own environment."""
