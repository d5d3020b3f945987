"""The server of `make serve`: one process on one SQLite file."""
