"""Helpers that know nothing of the stack: errors, paths, processes, ports, progress."""
