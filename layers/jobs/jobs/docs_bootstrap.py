"""The composition root's half for documentation agents; see `jobs.bootstrap`."""
