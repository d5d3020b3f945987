"""Tenants, keys and other entries of the registry, for operators."""
