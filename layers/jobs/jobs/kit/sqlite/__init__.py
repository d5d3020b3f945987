"""Storage of a single process: one SQLite file in place of tables, queues, streams and timers."""
