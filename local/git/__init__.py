"""A git host with one demo repository of documentation, for the documentation agents."""
