"""What goes out to addresses that callers choose, over real sockets."""

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from standardwebhooks.webhooks import WebhookVerificationError

from jobs.webhooks.adapters.sender import WebhookSender
from jobs.webhooks.errors import NotDeliveredError
from jobs.webhooks.signature import new_secret, signed
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
    """Gives its answers in turn, the last one for ever."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, int]] = []

    def __call__(self, host: str, port: int) -> list[str]:
        answer = self.answers[min(len(self.asked), len(self.answers) - 1)]
        self.asked.append((host, port))
        return answer


class Wire:
    """Connects to a server of this machine, and notes where it was to connect to."""

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


def sender(**about: Any) -> WebhookSender:
    return WebhookSender(**{"loopback": True} | about)


# ── What is sent ────────────────────────────────────────────────────────────────


def test_a_receiver_gets_the_body_and_can_tell_who_sent_it(server) -> None:
    old, new = new_secret(), new_secret()
    now = int(dt.datetime.now(dt.UTC).timestamp())
    proof = signed([new, old], id="msg_1", seconds=now, body='{"type":"job.completed"}')

    status = post(sender(), f"{server.url}/hooks?for=me", **proof)

    [received] = server.received
    assert status == 204
    assert received.path == "/hooks?for=me"
    assert received.headers["host"] == f"127.0.0.1:{server.server_port}"
    assert received.headers["user-agent"] == "Sortie-Webhooks/1"
    assert received.verified(new) == received.verified(old) == {"type": "job.completed"}
    with pytest.raises(WebhookVerificationError):
        received.verified(new_secret())


@pytest.mark.parametrize("code", [200, 202, 404, 410, 500, 503])
def test_any_answer_is_its_status(server, code) -> None:
    server.then(receiver.status(code))

    assert post(sender(), server.url) == code


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_leads_nowhere(server, code) -> None:
    with receiving() as elsewhere:
        server.then(receiver.status(code, Location=elsewhere.url))

        assert post(sender(), server.url) == code
        assert elsewhere.received == []


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (receiver.hang, "timeout"),
        (receiver.drip, "timeout"),
        (receiver.put_off, "timeout"),
        (receiver.boast, "protocol"),
        (receiver.drop, "connection"),
        (receiver.babble, "protocol"),
    ],
)
def test_a_receiver_that_does_not_answer_is_given_up(server, behaviour, kind) -> None:
    server.then(behaviour)

    with pytest.raises(NotDeliveredError, match=f"^{kind}$"):
        post(sender(patience=0.5), server.url)


def test_of_an_answer_no_more_than_its_head_is_read(server) -> None:
    server.then(receiver.flood)

    assert post(sender(), server.url) == 200


def test_a_receiver_that_drips_its_part_of_the_handshake_is_given_up() -> None:
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as door:

        def drip() -> None:
            reached, _ = door.accept()
            with reached, suppress(OSError):
                while not over.wait(0.02):
                    reached.send(b"\x16\x03\x03\x3f\xff"[:1])

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            with pytest.raises(NotDeliveredError, match=r"^(timeout|tls)$"):
                post(sender(patience=0.5), f"https://127.0.0.1:{door.getsockname()[1]}/")
        finally:
            over.set()
            thread.join()


def test_where_nobody_listens_there_is_no_connection(server) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

        with pytest.raises(NotDeliveredError, match=r"^connection$"):
            post(sender(), f"http://127.0.0.1:{port}")


def test_a_name_that_nobody_knows_is_not_resolved() -> None:
    with pytest.raises(NotDeliveredError, match=r"^dns$"):
        post(sender(), "https://nobody.invalid/")


# ── Where it goes ───────────────────────────────────────────────────────────────


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
def test_a_name_that_has_any_address_of_ours_is_refused_before_anything_connects(
    server, addresses
) -> None:
    wire = Wire(server)

    with pytest.raises(NotDeliveredError, match=r"^address_refused$"):
        post(
            sender(loopback=False, resolve=Dns(addresses), connect=wire),
            "https://hooks.example.com",
        )

    assert wire.addresses == []


@pytest.mark.parametrize("next_answer", NOBODY)
def test_a_name_that_leads_elsewhere_a_moment_later_leads_nowhere(server, next_answer) -> None:
    dns, wire = Dns([PUBLIC], [next_answer]), Wire(server)
    rebound = sender(loopback=False, resolve=dns, connect=wire)

    with pytest.raises(NotDeliveredError, match=r"^(tls|connection|protocol)$"):
        post(rebound, "https://rebind.example.com")  # the server speaks no TLS
    first = [*wire.addresses]
    with pytest.raises(NotDeliveredError, match=r"^address_refused$"):
        post(rebound, "https://rebind.example.com")

    assert first == wire.addresses == [PUBLIC]
    assert dns.asked == [("rebind.example.com", 443)] * 2


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
def test_what_is_no_public_https_address_is_refused(server, url) -> None:
    wire = Wire(server)

    with pytest.raises(NotDeliveredError, match=r"^address_refused$"):
        post(sender(loopback=False, connect=wire), url)

    assert wire.addresses == []


@pytest.mark.parametrize(
    "host",
    [
        "%31%32%37.0.0.1", "127.0.0.1%00.hooks.example.com", "xn--n3h.invalid",
        "hooks.example.com\\.invalid", "x" * 64 + ".example.com", "..", "-",
        "localhost.", "[fe80::1%25eth0]",  # whatever the machine makes of them
    ],
)  # fmt: skip
def test_what_is_no_name_of_a_host_leads_nowhere(server, host) -> None:
    wire = Wire(server)

    with pytest.raises(NotDeliveredError, match=r"^(dns|address_refused)$"):
        post(sender(loopback=False, connect=wire), f"https://{host}/")

    assert wire.addresses == []


@pytest.mark.parametrize("port", [22, 25, 443, 6379, 65535])
def test_any_port_may_be_named_as_what_listens_there_must_speak_tls(server, port) -> None:
    wire = Wire(server)
    to = sender(loopback=False, resolve=Dns([PUBLIC]), connect=wire)

    with pytest.raises(NotDeliveredError, match=r"^(tls|connection|protocol)$"):
        post(to, f"https://hooks.example.com:{port}/")

    assert wire.addresses == [PUBLIC]
    assert server.received == []


def test_the_machines_own_proxy_is_not_asked(server, monkeypatch) -> None:
    with receiving() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)

        assert post(sender(), server.url) == 204
        assert proxy.received == []


def test_the_loopback_does_not_open_the_private_network(server) -> None:
    wire = Wire(server)

    with pytest.raises(NotDeliveredError, match=r"^address_refused$"):
        post(sender(resolve=Dns(["10.1.2.3"]), connect=wire), "http://intranet.example.com")

    assert wire.addresses == []


# ── TLS ─────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def certified(tmp_path_factory) -> Callable[[str], tuple[ssl.SSLContext, ssl.SSLContext]]:
    """Contexts of a server with a certificate for this name, and of a client that trusts it."""

    def make(name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
        file: Path = tmp_path_factory.mktemp("tls") / "certificate.pem"
        file.write_bytes(certificate(name))
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(file)
        return server, ssl.create_default_context(cafile=file)

    return make


def certificate(name: str) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now, day = dt.datetime.now(dt.UTC), dt.timedelta(days=1)
    try:
        names: x509.GeneralName = x509.IPAddress(ip_address(name))
    except ValueError:
        names = x509.DNSName(name)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(x509.SubjectAlternativeName([names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ) + made.public_bytes(serialization.Encoding.PEM)


def test_it_connects_to_the_checked_address_and_asks_there_for_the_name(certified) -> None:
    of_server, of_client = certified("hooks.example.com")
    with receiving(of_server) as server:
        wire = Wire(server)
        to = sender(loopback=False, resolve=Dns([PUBLIC]), connect=wire, tls=lambda: of_client)

        assert post(to, "https://hooks.example.com/in") == 204

        [received] = server.received
        assert wire.addresses == [PUBLIC]
        assert received.headers["host"] == "hooks.example.com"


def test_an_address_that_does_not_answer_leaves_time_for_the_next(certified) -> None:
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
def test_a_certificate_of_another_name_is_refused(certified, name) -> None:
    of_server, of_client = certified(name)
    with receiving(of_server) as server:
        to = sender(
            loopback=False, resolve=Dns([PUBLIC]), connect=Wire(server), tls=lambda: of_client
        )

        with pytest.raises(NotDeliveredError, match=r"^tls$"):
            post(to, "https://hooks.example.com/in")

        assert server.received == []


def test_a_certificate_that_nobody_trusts_is_refused(certified) -> None:
    of_server, _ = certified("hooks.example.com")
    with receiving(of_server) as server:
        to = sender(loopback=False, resolve=Dns([PUBLIC]), connect=Wire(server))

        with pytest.raises(NotDeliveredError, match=r"^tls$"):
            post(to, "https://hooks.example.com/in")
