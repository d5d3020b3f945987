"""The local stack: the same template.yaml on an AWS emulator, for `make up`, tests and bench."""
