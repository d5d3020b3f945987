"""The webhook sender, over real sockets."""

import datetime as dt
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from standardwebhooks.webhooks import WebhookVerificationError

from jobs.webhooks.adapters.sender import WebhookSender
from jobs.webhooks.errors import NotDeliveredError
from jobs.webhooks.signature import new_secret, sign
from tests import receiver
from tests.receiver import Receiver, receiving

PUBLIC = "93.184.215.14"
METADATA = "169.254.169.254"
NOBODY = ("127.0.0.1", "::1", METADATA)


@pytest.fixture
def server() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


class Dns:
    """Returns its answers in turn, and repeats the last one."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = answers
        self.queries: list[tuple[str, int]] = []

    def __call__(self, host: str, port: int) -> list[str]:
        answer = self.answers[min(len(self.queries), len(self.answers) - 1)]
        self.queries.append((host, port))
        return answer


class Wire:
    """Connects to a local server, and records the requested addresses."""

    def __init__(self, server: Receiver, *, silent: tuple[str, ...] = ()) -> None:
        self._server = server
        self._silent = silent
        self.addresses: list[str] = []

    def __call__(self, address: tuple[str, int], timeout: float) -> socket.socket:
        self.addresses.append(address[0])
        if address[0] in self._silent:
            raise TimeoutError
        return socket.create_connection(self._server.server_address[:2], timeout)


def post(sender: WebhookSender, url: str, **headers: str) -> int:
    return sender.send(url, headers, b'{"type":"job.completed"}')


def sender(**fields: Any) -> WebhookSender:
    return WebhookSender(**{"loopback": True} | fields)


# ── Requests ────────────────────────────────────────────────────────────────


def test_request_has_body_and_verifiable_signature(server) -> None:
    old, new = new_secret(), new_secret()
    now = int(dt.datetime.now(dt.UTC).timestamp())
    signature = sign([new, old], id="msg_1", timestamp_s=now, body='{"type":"job.completed"}')

    status = post(sender(), f"{server.url}/hooks?for=me", **signature)

    [received] = server.received
    assert status == 204
    assert received.path == "/hooks?for=me"
    assert received.headers["host"] == f"127.0.0.1:{server.server_port}"
    assert received.headers["user-agent"] == "Sortie-Webhooks/1"
    assert received.verified(new) == received.verified(old) == {"type": "job.completed"}
    with pytest.raises(WebhookVerificationError):
        received.verified(new_secret())


@pytest.mark.parametrize("code", [200, 202, 404, 410, 500, 503])
def test_response_of_any_status_is_returned(server, code) -> None:
    server.then(receiver.status(code))

    assert post(sender(), server.url) == code


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_redirect_is_not_followed(server, code) -> None:
    with receiving() as elsewhere:
        server.then(receiver.status(code, Location=elsewhere.url))

        assert post(sender(), server.url) == code
        assert elsewhere.received == []


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (receiver.never_respond, "timeout"),
        (receiver.respond_slowly, "timeout"),
        (receiver.send_early_hints, "timeout"),
        (receiver.send_many_headers, "protocol"),
        (receiver.close_connection, "connection"),
        (receiver.babble, "protocol"),
    ],
)
def test_receiver_without_response_is_not_delivered(server, behaviour, kind) -> None:
    server.then(behaviour)

    with pytest.raises(NotDeliveredError, match=f"^{kind}$"):
        post(sender(timeout_s=0.5), server.url)


def test_response_body_is_not_read(server) -> None:
    server.then(receiver.send_endless_body)

    assert post(sender(), server.url) == 200


def test_receiver_with_slow_handshake_times_out() -> None:
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as door:

        def respond_slowly() -> None:
            reached, _ = door.accept()
            with reached, suppress(OSError):
                while not over.wait(0.02):
                    reached.send(b"\x16\x03\x03\x3f\xff"[:1])

        thread = threading.Thread(target=respond_slowly)
        thread.start()
        try:
            with pytest.raises(NotDeliveredError, match=r"^(timeout|tls)$"):
                post(sender(timeout_s=0.5), f"https://127.0.0.1:{door.getsockname()[1]}/")
        finally:
            over.set()
            thread.join()


def test_port_closed_is_connection_failure(server) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

        with pytest.raises(NotDeliveredError, match=r"^connection$"):
            post(sender(), f"http://127.0.0.1:{port}")


def test_host_unknown_is_dns_failure() -> None:
    with pytest.raises(NotDeliveredError, match=r"^dns$"):
        post(sender(), "https://nobody.invalid/")


# ── Addresses ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "addresses",
    [
        [],
        *([each] for each in NOBODY),
        [PUBLIC, "10.0.0.1"],
        ["2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:127.0.0.1"],
    ],
    ids=str,
)
def test_host_with_any_private_address_is_refused_unconnected(server, addresses) -> None:
    wire = Wire(server)

    with pytest.raises(NotDeliveredError, match=r"^address_refused$"):
        post(
            sender(loopback=False, resolve=Dns(addresses), connect=wire),
            "https://hooks.example.com",
        )

    assert wire.addresses == []


@pytest.mark.parametrize("next_answer", NOBODY)
def test_dns_rebinding_reaches_no_private_address(server, next_answer) -> None:
    dns, wire = Dns([PUBLIC], [next_answer]), Wire(server)
    rebound = sender(loopback=False, resolve=dns, connect=wire)

    with pytest.raises(NotDeliveredError, match=r"^(tls|connection|protocol)$"):
        post(rebound, "https://rebind.example.com")  # the server speaks no TLS
    first = [*wire.addresses]
    with pytest.raises(NotDeliveredError, match=r"^address_refused$"):
        post(rebound, "https://rebind.example.com")

    assert first == wire.addresses == [PUBLIC]
    assert dns.queries == [("rebind.example.com", 443)] * 2


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "http://127.0.0.1/",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://127.1/",
        "https://0/",
        "https://0.0.0.0/",
        "https://0x7f.1/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://2130706433/",
        "https://0xa9fea9fe/latest/meta-data/",
        "https://[::]/",
        "https://[::ffff:7f00:1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::1]/",
        "https://100.64.0.1/",
        "https://224.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://169.254.169.254/latest/meta-data/",
        "ftp://hooks.example.com/",
        "https://user:word@hooks.example.com/",
    ],
)
def test_url_not_public_https_is_refused(server, url) -> None:
    wire = Wire(server)

    with pytest.raises(NotDeliveredError, match=r"^address_refused$"):
        post(sender(loopback=False, connect=wire), url)

    assert wire.addresses == []


@pytest.mark.parametrize(
    "host",
    [
        "%31%32%37.0.0.1", "127.0.0.1%00.hooks.example.com", "xn--n3h.invalid",
        "hooks.example.com\\.invalid", "x" * 64 + ".example.com", "..", "-",
        "localhost.", "[fe80::1%25eth0]",  # the resolver decides
    ],
)  # fmt: skip
def test_host_malformed_is_not_connected(server, host) -> None:
    wire = Wire(server)

    with pytest.raises(NotDeliveredError, match=r"^(dns|address_refused)$"):
        post(sender(loopback=False, connect=wire), f"https://{host}/")

    assert wire.addresses == []


@pytest.mark.parametrize("port", [22, 25, 443, 6379, 65535])
def test_any_port_is_allowed_but_requires_tls(server, port) -> None:
    wire = Wire(server)
    to = sender(loopback=False, resolve=Dns([PUBLIC]), connect=wire)

    with pytest.raises(NotDeliveredError, match=r"^(tls|connection|protocol)$"):
        post(to, f"https://hooks.example.com:{port}/")

    assert wire.addresses == [PUBLIC]
    assert server.received == []


def test_proxy_of_environment_is_ignored(server, monkeypatch) -> None:
    with receiving() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)

        assert post(sender(), server.url) == 204
        assert proxy.received == []


def test_loopback_allowed_still_refuses_private_addresses(server) -> None:
    wire = Wire(server)

    with pytest.raises(NotDeliveredError, match=r"^address_refused$"):
        post(sender(resolve=Dns(["10.1.2.3"]), connect=wire), "http://intranet.example.com")

    assert wire.addresses == []


# ── TLS ─────────────────────────────────────────────────────────────────────────


def test_https_connects_to_checked_address_with_host_name(certified) -> None:
    of_server, of_client = certified("hooks.example.com")
    with receiving(of_server) as server:
        wire = Wire(server)
        to = sender(loopback=False, resolve=Dns([PUBLIC]), connect=wire, tls=lambda: of_client)

        assert post(to, "https://hooks.example.com/in") == 204

        [received] = server.received
        assert wire.addresses == [PUBLIC]
        assert received.headers["host"] == "hooks.example.com"


def test_address_silent_leaves_time_for_next(certified) -> None:
    of_server, of_client = certified("hooks.example.com")
    with receiving(of_server) as server:
        wire = Wire(server, silent=("2606:2800:21f:cb07::1",))
        to = sender(
            loopback=False,
            resolve=Dns(["2606:2800:21f:cb07::1", PUBLIC]),
            connect=wire,
            tls=lambda: of_client,
        )

        assert post(to, "https://hooks.example.com/in") == 204
        assert wire.addresses == ["2606:2800:21f:cb07::1", PUBLIC]


@pytest.mark.parametrize("name", ["other.example.com", "93.184.215.14"])
def test_certificate_of_other_name_is_refused(certified, name) -> None:
    of_server, of_client = certified(name)
    with receiving(of_server) as server:
        to = sender(
            loopback=False, resolve=Dns([PUBLIC]), connect=Wire(server), tls=lambda: of_client
        )

        with pytest.raises(NotDeliveredError, match=r"^tls$"):
            post(to, "https://hooks.example.com/in")

        assert server.received == []


def test_certificate_untrusted_is_refused(certified) -> None:
    of_server, _ = certified("hooks.example.com")
    with receiving(of_server) as server:
        to = sender(loopback=False, resolve=Dns([PUBLIC]), connect=Wire(server))

        with pytest.raises(NotDeliveredError, match=r"^tls$"):
            post(to, "https://hooks.example.com/in")
