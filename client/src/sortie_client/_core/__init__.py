"""Flows, retries, HTTP and models, for all APIs. Not public."""
