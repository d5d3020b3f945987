"""Sortie in one process, on one SQLite file."""

from typing import Final

VERSION: Final = "0.1.0"
