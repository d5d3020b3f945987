"""Workers of this process, in place of Lambda's event sources."""
