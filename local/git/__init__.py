"""A git host of one demo repository, for the documentation agents."""
