"""Write the root certificates of Amazon Trust Services, which sign the hosts of AWS.

usage: amazon_roots.py CERTIFICATES_OF_BOTOCORE TARGET

https://www.amazontrust.com/repository/
"""

import re
import sys
from pathlib import Path
from typing import Final

LABELS: Final = {
    *(f"Amazon Root CA {n}" for n in range(1, 5)),
    "Starfield Services Root Certificate Authority - G2",
}
ENTRY: Final = re.compile(
    r'^# Label: "(?P<label>[^"]+)"\n.*?'
    r"(?P<pem>-----BEGIN CERTIFICATE-----\n.*?-----END CERTIFICATE-----\n)",
    re.DOTALL | re.MULTILINE,
)


def main(source: Path, target: Path) -> None:
    found = {
        entry["label"]: entry["pem"]
        for entry in ENTRY.finditer(source.read_text())
        if entry["label"] in LABELS
    }
    if missing := LABELS - found.keys():
        raise SystemExit(f"{source} has no certificate of: {', '.join(sorted(missing))}")
    target.write_text("".join(pem for _, pem in sorted(found.items())))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
