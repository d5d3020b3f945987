"""Validate webhook URLs against server-side request forgery (SSRF)."""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from jobs.core.webhook import WebhookRefusedError

MAX_URL_LENGTH: Final = 2000
_WORD: Final = re.compile(r"[\x21-\x7e]+")
_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
_NAT64: Final = IPv6Network("64:ff9b::/96")
_PROTOCOLS: Final = (
    IPv4Network("192.0.0.0/24"),  # some of its addresses are global, for NAT and anycast
    IPv4Network("192.88.99.0/24"),
    IPv6Network("2001::/23"),
    IPv6Network("3fff::/20"),
)
"""Networks of protocols and documentation that Python calls global, in part or before 3.14.

https://www.iana.org/assignments/iana-ipv4-special-registry,
https://www.iana.org/assignments/iana-ipv6-special-registry
"""
_PORTS: Final = {"http": 80, "https": 443}


def validate_url(url: str, *, loopback: bool) -> str:
    """Return the URL, or raise `WebhookRefusedError`.

    The addresses of a host name are checked at each delivery.
    With `loopback`, loopback addresses and plain http are allowed.
    """
    host = parts_of(url, loopback=loopback).hostname or ""
    if (address := _literal(host)) and not may_reach(address, loopback=loopback):
        raise WebhookRefusedError("must not name an address that is private or reserved")
    return url


def parts_of(url: str, *, loopback: bool) -> SplitResult:
    """Split a URL, or raise `WebhookRefusedError`."""
    if len(url) > MAX_URL_LENGTH:
        raise WebhookRefusedError(f"must have at most {MAX_URL_LENGTH} characters")
    try:
        parts = urlsplit(url)
        usable = bool(_WORD.fullmatch(url) and parts.hostname and parts.port != 0)
    except ValueError:
        usable = False
    if not usable:
        raise WebhookRefusedError("must be an absolute URL of ASCII characters")
    if parts.scheme != "https" and not (loopback and parts.scheme == "http"):
        raise WebhookRefusedError("must begin with https://")
    if "@" in parts.netloc or parts.fragment:
        raise WebhookRefusedError("must have neither credentials nor a fragment")
    return parts


def port_of(parts: SplitResult) -> int:
    return parts.port or _PORTS[parts.scheme]


def may_reach(address: str, *, loopback: bool) -> bool:
    """Return whether the address is public, or a loopback address where those are allowed."""
    inner = _inner(ip_address(address))
    return _is_public(inner) or (loopback and inner.is_loopback)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    if address.is_multicast or address.is_reserved or any(address in each for each in _PROTOCOLS):
        return False
    return address.is_global


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that an IPv6 address embeds, or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _literal(host: str) -> str | None:
    try:
        return str(ip_address(host))
    except ValueError:
        return None
