"""The local stack: template.yaml on an AWS emulator, for `make up`, the tests and the benchmarks.

`kit` knows no other package here. `cloud`, `gateway`, `devices`, `git` and `chain` are equipment:
each imports `kit` and itself only. `stack` starts them together; `sam_local` uses a running stack.
"""
