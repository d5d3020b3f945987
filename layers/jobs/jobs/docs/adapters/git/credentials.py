"""The credentials of a project's repository in Secrets Manager."""

import json
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from jobs.docs.docs_job import Project
from jobs.docs.errors import CredentialsRefusedError
from jobs.kit.errors import RefusedError
from jobs.kit.secrets import SecretReader

_NOT_SET_UP: Final = "The project's credentials are not set up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    username: str = field(repr=False)
    password: str = field(repr=False)

    @property
    def basic(self) -> Mapping[str, str]:
        """The HTTP basic authentication header."""
        pair = f"{self.username}:{self.password}".encode()
        return {"Authorization": f"Basic {b64encode(pair).decode()}"}


def credentials_of(project: Project, secrets: SecretReader) -> Credentials | None:
    """Return the project's credentials, or None if it has none.

    Raises `CredentialsRefusedError` if the secret is missing or malformed.
    """
    if project.credentials_secret is None:
        return None
    try:
        secret = secrets.read(project.credentials_secret)
    except RefusedError as error:
        raise CredentialsRefusedError(_NOT_SET_UP, detail=error.detail) from None
    with suppress(ValueError):  # it would quote the secret
        match json.loads(secret):
            case {"username": str(username), "password": str(password)}:
                return Credentials(username=username, password=password)
    wanted = 'is no JSON of the form {"username": "…", "password": "…"}'
    raise CredentialsRefusedError(
        _NOT_SET_UP, detail=f"secret {project.credentials_secret} {wanted}"
    )
