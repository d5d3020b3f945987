"""`sortie admin`, for operators."""
