"""The files of the page at /docs. The layer's Makefile adds Swagger UI."""

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
