"""Webhooks, and their deliveries."""
