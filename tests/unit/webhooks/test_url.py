"""Addresses and URLs that webhooks may use."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.core.webhook import WebhookRefusedError
from jobs.core.webhook_url import may_reach, parts_of, port_of, validate_url

PRIVATE = [
    "0.0.0.1", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254",
    "169.254.170.2", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.9", "192.0.0.10",
    "192.0.2.1", "192.88.99.1", "192.168.1.1",
    "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1",
    "255.255.255.255",
    "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
    "64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "2001::1", "2001:1::1",
    "2001:20::1", "2001:db8::1", "3fff::1", "3fff:fff:ffff::1", "64:ff9b::192.0.0.10",
    "2002:7f00:1::", "2002:a00:1::1", "2002:a9fe:a9fe::", "fc00::1", "fd00:ec2::254", "fe80::1",
    "fe80::1%1", "fec0::1", "ff02::1",
]  # fmt: skip
PUBLIC = [
    "1.1.1.1", "93.184.215.14", "172.32.0.1", "100.128.0.1", "192.169.0.1",
    "2606:4700:4700::1111", "2a00:1450:4001:801::200e", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1",
    "2002:101:101::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_address_not_public_is_refused(address) -> None:
    assert not may_reach(address, loopback=False)


@pytest.mark.parametrize("address", PUBLIC)
def test_address_public_is_allowed(address) -> None:
    assert may_reach(address, loopback=False)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"])
def test_address_loopback_is_allowed_only_with_loopback(address) -> None:
    assert may_reach(address, loopback=True)
    assert not may_reach(address, loopback=False)


@given(st.ip_addresses(v=4))
def test_address_wrapped_in_ipv6_is_judged_as_ipv4(address) -> None:
    plain = may_reach(str(address), loopback=False)
    number = int(address)

    for wrapped in (
        f"::ffff:{address}",
        f"64:ff9b::{address}",
        f"2002:{number >> 16:x}:{number & 0xFFFF:x}::1",
    ):
        assert may_reach(wrapped, loopback=False) == plain


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com",
        "https://hooks.example.com:8443/in?token=a%20b",
        "https://93.184.215.14/",
        "https://[2606:4700:4700::1111]/",
    ],
)
def test_url_public_https_is_accepted_unchanged(url) -> None:
    assert validate_url(url, loopback=False) == url


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "absolute"),
        ("hooks.example.com/in", "absolute"),
        ("https://", "absolute"),
        ("https:///in", "absolute"),
        ("https://hooks.example.com:99999/", "absolute"),
        ("https://hooks.example.com:0/", "absolute"),
        ("https://hooks.exämple.com/", "ASCII"),
        ("https://hooks.example.com/a b", "ASCII"),
        ("https://hooks.example.com/\r\nX-Mine: 1", "ASCII"),
        ("https://[::1/", "absolute"),
        ("http://hooks.example.com/", "https://"),
        ("http://127.0.0.1/", "https://"),
        ("ftp://hooks.example.com/", "https://"),
        ("file:///etc/passwd", "absolute"),
        ("https://user@hooks.example.com/", "credentials"),
        ("https://hooks.example.com\\@127.0.0.1/", "credentials"),
        ("https://hooks.example.com/#top", "fragment"),
        ("https://127.0.0.1/", "private"),
        ("https://10.0.0.1/", "private"),
        ("https://169.254.169.254/latest", "private"),
        ("https://[::ffff:169.254.169.254]/", "private"),
        ("https://[fd00:ec2::254]/", "private"),
        ("https://hooks.example.com/" + "x" * 2000, "2000 characters"),
    ],
)
def test_url_invalid_is_refused_with_reason(url, reason) -> None:
    with pytest.raises(WebhookRefusedError, match=f"^must .*{reason}"):
        validate_url(url, loopback=False)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000/in", "http://localhost:8000", "https://[::1]/"]
)
def test_url_loopback_with_loopback_is_accepted(url) -> None:
    assert validate_url(url, loopback=True) == url


@given(st.text())
def test_url_any_text_is_https_or_refused(text) -> None:
    with suppress(WebhookRefusedError):
        assert validate_url(text, loopback=False).startswith("https://")


@pytest.mark.parametrize(
    ("url", "port"),
    [("https://example.com", 443), ("http://127.0.0.1", 80), ("https://example.com:8443", 8443)],
)
def test_url_without_port_has_the_port_of_its_scheme(url, port) -> None:
    assert port_of(parts_of(url, loopback=True)) == port


def test_url_of_the_maximal_length_is_accepted() -> None:
    url = "https://example.com/".ljust(2000, "x")

    assert validate_url(url, loopback=False) == url
