"""The core's tables in SQLite. Each module has the schema of its own ones.

All times are epoch milliseconds. A row whose `expires_at` has passed may still be there: readers
skip it until `Database.sweep` deletes it.
"""
