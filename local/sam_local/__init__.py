"""Invoke functions with `sam local`, in Lambda's own image."""
