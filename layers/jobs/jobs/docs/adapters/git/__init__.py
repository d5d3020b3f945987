"""Repositories over HTTP(S), by dulwich: no git binary, no work tree, nothing on disk.

Without a work tree there is nothing that a symbolic link, a filter or a hook of the repository
could lead astray. Importing dulwich takes half a second: only who works with git does.
"""
