"""The command line `sortie`. Needs the extra `cli`."""
