"""Git repositories over HTTP(S) with dulwich: no git binary, no work tree, nothing on disk.

Without a work tree, the repository's symbolic links, filters and hooks have no effect. Importing
dulwich takes half a second, so only the worker imports this package.
"""
