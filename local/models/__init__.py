"""A real model for the local stack: which one, whether it answers, one that is a package."""
