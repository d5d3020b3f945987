"""Pages for people. Each is one file, with its styles and scripts in it."""
