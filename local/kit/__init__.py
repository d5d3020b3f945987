"""Helpers that know nothing of the stack: paths, processes, ports, progress."""
