"""Leave in botocore's endpoints.json only the services called. usage: trim_endpoints.py FILE NAME…

Every function reads the file for its first client: all of it is 1.2 MB, some 16 ms of CPU.
"""

import json
import sys
from pathlib import Path


def main(file: Path, names: set[str]) -> None:
    endpoints = json.loads(file.read_text())
    for partition in endpoints["partitions"]:
        services = partition["services"]
        partition["services"] = {name: services[name] for name in sorted(names & services.keys())}
    file.write_text(json.dumps(endpoints, separators=(",", ":")))


if __name__ == "__main__":
    main(Path(sys.argv[1]), set(sys.argv[2:]))
