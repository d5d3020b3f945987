"""Secrets, and the cursors that are signed with one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from jobs.core.adapters.cursors import CursorSigner
from jobs.core.errors import BadCursorError
from jobs.kit.aws.secrets import SecretsManager
from jobs.kit.errors import FailureClass, RefusedError, UnavailableError
from tests.adapters.engines import client, error_response

SCOPE = "acme#messaging#FAILED"


class OneSecret:
    def __init__(self, value: str = "correct horse") -> None:
        self.value = value

    def read(self, name: str) -> str:
        return self.value


def signer(of: str = "correct horse") -> CursorSigner:
    return CursorSigner(OneSecret(of), "cursor")  # type: ignore[arg-type]


@given(value=st.text(), scope=st.text())
def test_cursor_round_trips_for_its_owner(value, scope) -> None:
    token = signer().sign(value, scope=scope)

    assert signer().verify(token, scope=scope) == value
    assert token.isascii()


@pytest.mark.parametrize("scope", ["rival#messaging#FAILED", "acme#messaging#", "acme#missions#"])
def test_cursor_of_another_caller_or_filter_is_refused(scope) -> None:
    with pytest.raises(BadCursorError):
        signer().verify(signer().sign("an id", scope=scope), scope=SCOPE)


def test_cursor_with_another_secret_is_refused() -> None:
    with pytest.raises(BadCursorError):
        signer().verify(signer("another").sign("an id", scope=SCOPE), scope=SCOPE)


@given(position=st.integers(0, 60), instead=st.characters(codec="utf-8"))
def test_cursor_with_one_changed_character_is_refused(position, instead) -> None:
    token = signer().sign("019b7963-4a00-7000-8000-000000000001 50", scope=SCOPE)
    at = position % (len(token) - 1)  # the last character holds spare bits
    tampered = token[:at] + instead + token[at + 1 :]

    if tampered != token:
        with pytest.raises(BadCursorError):
            signer().verify(tampered, scope=SCOPE)


@given(st.text() | st.sampled_from([".", "..", "a.b", "\0", "ImFuIGlkIg.", ".x", "=.="]))
def test_invalid_cursor_is_refused(text) -> None:
    with pytest.raises(BadCursorError):
        signer().verify(text, scope=SCOPE)


def test_secret_is_cached_for_a_minute(clock) -> None:
    with mock_aws():
        manager = client("secretsmanager")
        manager.create_secret(Name="agents/a", SecretString="open sesame")
        calls: list[str] = []
        manager.meta.events.register("before-call.*.*", lambda model, **_: calls.append(model.name))
        secrets = SecretsManager(manager, clock)

        assert [secrets.read("agents/a") for _ in range(3)] == ["open sesame"] * 3
        assert calls == ["GetSecretValue"]

        manager.put_secret_value(SecretId="agents/a", SecretString="rotated")
        clock.advance(59_999)
        assert secrets.read("agents/a") == "open sesame"
        clock.advance(1)
        assert secrets.read("agents/a") == "rotated"


def test_failure_is_not_cached(clock) -> None:
    with mock_aws():
        manager = client("secretsmanager")
        manager.create_secret(Name="agents/a", SecretString="open sesame")
        failing = iter([True])
        manager.meta.events.register(
            "before-call.*.*",
            lambda **_: error_response("ThrottlingException") if next(failing, False) else None,
        )
        secrets = SecretsManager(manager, clock)

        with pytest.raises(UnavailableError):
            secrets.read("agents/a")

        assert secrets.read("agents/a") == "open sesame"


@pytest.mark.parametrize(("code", "detail"), [
    ("AccessDeniedException", "secret agents/a: AccessDeniedException"),
    ("DecryptionFailure", "secret agents/a: DecryptionFailure"),
    ("InvalidRequestException", ("secret agents/a is deleted, or will be: AWS refused the request:"
                                " InvalidRequestException")),
    ("ValidationException", "secret agents/a: AWS refused the request: ValidationException"),
    ("ResourceNotFoundException", "secret agents/a does not exist"),
])  # fmt: skip
def test_secret_that_cannot_be_read_is_refused_for_good(clock, code, detail) -> None:
    manager = client("secretsmanager")
    manager.meta.events.register("before-call.*.*", lambda **_: error_response(code))

    with pytest.raises(RefusedError, match="A secret ") as error:
        SecretsManager(manager, clock).read("agents/a")

    assert error.value.failure_class is FailureClass.CREDENTIALS
    assert error.value.detail == detail


def test_binary_secret_is_refused_for_good(clock) -> None:
    with mock_aws():
        manager = client("secretsmanager")
        manager.create_secret(Name="agents/a", SecretBinary=b"open sesame")

        with pytest.raises(RefusedError):
            SecretsManager(manager, clock).read("agents/a")
