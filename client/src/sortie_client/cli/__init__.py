"""The command line: `sortie`. It needs the extra `cli`.

It ends with 0; with 1 if a job has not succeeded; with 2 if it was called or configured wrongly;
with 3 if the server has refused; with 4 if the server cannot be reached or is busy; with 130 if
it was interrupted.
"""

import sys


def main() -> None:
    try:
        from sortie_client.cli.app import run  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        if error.name not in {"rich", "typer"}:
            raise
        print("The command line needs more: pip install 'sortie-client[cli]'", file=sys.stderr)  # noqa: T201
        sys.exit(2)
    run()
