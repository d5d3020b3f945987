"""The entry point of `sortie` and of `python -m sortie_client.cli`."""

import sys


def main() -> None:
    try:
        from sortie_client.cli.app import run  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        if error.name not in {"rich", "typer"}:
            raise
        print("sortie needs more packages: pip install 'sortie-client[cli]'", file=sys.stderr)  # noqa: T201
        sys.exit(2)
    run()


if __name__ == "__main__":
    main()
