"""AWS on this machine: build the template, run the emulator, deploy to it."""
