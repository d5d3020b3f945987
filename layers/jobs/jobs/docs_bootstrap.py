"""The composition root's half for documentation agents; `jobs.bootstrap` says how all of them work."""
