"""What the page of the API documents is made of; its Makefile adds Swagger UI."""

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
