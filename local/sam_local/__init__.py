"""Invoke every function with `sam local`, in Lambda's own image."""
