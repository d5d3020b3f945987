"""Ask a model's endpoint, before anything is built or started, whether it has the model."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.client import HTTPException
from json import loads
from ssl import SSLCertVerificationError
from threading import Event, Thread
from typing import Any, Final, override
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from local.kit.errors import LocalStackError
from local.models.bedrock import converse
from local.models.model import Model

TIMEOUT_S: Final = 5.0
SILENT_S: Final = 2.0
"""A longer wait is shown."""
MAX_LISTED: Final = 10
MAX_NAME_LENGTH: Final = 100
MAX_BYTES: Final = 8 * 2**20
LATEST: Final = ":latest"
PREFIX: Final = "models/"
"""Of the names that Gemini's endpoint lists. It takes them without it, too."""
REFUSED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
ANTHROPIC_VERSION: Final = "2023-06-01"


class UnreachableError(Exception):
    """Nothing answers."""


def check_model(model: Model, timeout_s: float = TIMEOUT_S) -> None:
    """Check that the endpoint answers and has the model, within this time.

    Raises:
        LocalStackError: Why not, and what to do, in one line.

    """
    if model.kind == "tiny":
        return  # it is not running yet
    check = _check_converse if model.kind == "bedrock" else _check_list
    try:
        with _showing_wait(f"asking {model.base_url}…"):
            _call(lambda: check(model), timeout_s)
    except UnreachableError:
        start = '; start it with "ollama serve"' if model.kind == "ollama" else ""
        raise LocalStackError(
            f"MODEL={model.choice}: nothing answers at {model.base_url}{start}."
            " Without MODEL, agents echo."
        ) from None


def _call(check: Callable[[], None], timeout_s: float) -> None:
    """Call in a thread that may be left behind: looking up a name has no timeout of its own."""
    errors: list[Exception] = []

    def run() -> None:
        try:
            check()
        except Exception as error:  # noqa: BLE001 - raised below, in the caller's thread
            errors.append(error)

    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(timeout_s)
    if thread.is_alive():
        raise UnreachableError
    for error in errors:
        raise error


@contextmanager
def _showing_wait(text: str) -> Iterator[None]:
    """Show the text on a terminal while the block takes longer, and remove it at its end."""
    if not sys.stdout.isatty():
        yield
        return
    over = Event()

    def show() -> None:
        if not over.wait(SILENT_S):
            print(text, end="", flush=True)
            over.wait()
            print("\r\x1b[K", end="", flush=True)

    thread = Thread(target=show, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _check_list(model: Model) -> None:
    status, body = _get(model, "/models?limit=1000" if model.kind == "anthropic" else "/models")
    if status in REFUSED and model.key:
        raise LocalStackError(f"{model.base_url} refuses the key in {model.key_variable}")
    if status == HTTPStatus.UNAUTHORIZED and model.key_variable:
        raise LocalStackError(f"MODEL={model.choice} needs {model.key_variable} in the environment")
    if status == HTTPStatus.NOT_FOUND:
        return  # not every server lists its models
    if status != HTTPStatus.OK:
        raise LocalStackError(f"MODEL={model.choice}: {model.base_url}/models answers {status}")
    names = _read_names(body)
    if names is None:
        raise LocalStackError(
            f"MODEL={model.choice}: {model.base_url}/models is no list of models; is the URL right?"
        )
    if not _has(names, model.name) and not _knows(model):
        pull = f', get it with "ollama pull {model.name}"' if model.kind == "ollama" else ""
        listed = ", ".join(sorted(names)[:MAX_LISTED]) or "none"
        raise LocalStackError(
            f"MODEL={model.choice}: {model.base_url} has no {model.name}{pull}. It has: {listed}"
        )


def _has(names: set[str], name: str) -> bool:
    return not names.isdisjoint({name, f"{name}{LATEST}", f"{PREFIX}{name}"})


def _knows(model: Model) -> bool:
    """Whether the endpoint finds a model that it does not list, such as an alias of Anthropic's."""
    status, body = _get(model, f"/models/{quote(model.name, safe='')}")
    found = _parse(body)
    return status == HTTPStatus.OK and isinstance(found, dict) and isinstance(found.get("id"), str)


def _read_names(body: bytes) -> set[str] | None:
    """Return the names in a list of models, or None if it is none."""
    match _parse(body):
        case {"data": None}:  # Ollama without a model
            return set()
        case {"data": list(entries)} | list(entries):
            ids = [each.get("id") for each in entries if isinstance(each, dict)]
            return {i[:MAX_NAME_LENGTH] for i in ids if isinstance(i, str) and i.isprintable()}
    return None


def _parse(body: bytes) -> Any:
    with suppress(ValueError, RecursionError):
        return loads(body)
    return None


class _NoRedirect(HTTPRedirectHandler):
    """Agents follow no redirect either."""

    @override
    def redirect_request(self, *_: Any) -> None:
        return None


def _get(model: Model, path: str) -> tuple[int, bytes]:
    """Return the status and the body. Uses no proxy, as the stack does not."""
    headers = {"Authorization": f"Bearer {model.key}"} if model.key else {}
    if model.kind == "anthropic":
        headers = {"x-api-key": model.key, "anthropic-version": ANTHROPIC_VERSION}
    opener = build_opener(ProxyHandler({}), _NoRedirect)
    try:
        with opener.open(
            Request(f"{model.base_url}{path}", headers=headers),  # noqa: S310 - http or https
            timeout=TIMEOUT_S,
        ) as response:
            return response.status, response.read(MAX_BYTES)
    except HTTPError as error:
        with error:
            return error.code, b""
    except URLError as error:
        if isinstance(error.reason, SSLCertVerificationError):
            raise LocalStackError(
                f"MODEL={model.choice}: the certificate of {model.base_url} is not trusted"
            ) from None
        raise UnreachableError from None
    except (OSError, HTTPException, ValueError):
        raise UnreachableError from None


def _check_converse(model: Model) -> None:
    failure = converse(model)
    if failure is None:
        return
    if failure.status in REFUSED and not failure.is_about_model:
        raise LocalStackError(f"{model.base_url} refuses the key in {model.key_variable}")
    if not failure.status:
        raise UnreachableError
    if failure.is_unknown_model:
        raise LocalStackError(f"MODEL={model.choice}: {model.base_url} has no {model.name}")
    raise LocalStackError(f"MODEL={model.choice}: {model.base_url} answers: {failure.words}")
