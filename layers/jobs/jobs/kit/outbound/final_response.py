"""HTTP clients that wait for the final answer.

RFC 9110 lets a server send informational answers (1xx) before it, such as 103 Early Hints. Of
these, `http.client` skips 100 alone and takes any other for the answer.
"""

import http.client
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

_MAX_INFORMATIONAL: Final = 100
"""Informational answers before a final one: a server may send 102 every few seconds."""


class FinalResponse(http.client.HTTPResponse):
    """Skips informational answers. A client never asks for 101, so that one is final."""

    def _read_status(self) -> tuple[str, int, str]:
        for _ in range(_MAX_INFORMATIONAL):
            line: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]
            if not HTTPStatus.CONTINUE <= line[1] < HTTPStatus.OK or (
                line[1] == HTTPStatus.SWITCHING_PROTOCOLS
            ):
                return line
            http.client.parse_headers(self.fp)
        raise http.client.HTTPException("too many informational answers")


class _Connection(HTTPConnection):
    response_class = FinalResponse


class _TlsConnection(HTTPSConnection):
    response_class = FinalResponse


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


_POOLS: Final[Mapping[str, type[HTTPConnectionPool]]] = {"http": _Pool, "https": _TlsPool}


def connection_pools(**options: Any) -> urllib3.PoolManager:
    """Return urllib3's connection pools, without retries unless `options` say so."""
    pools = urllib3.PoolManager(**{"retries": False, **options})
    pools.pool_classes_by_scheme = dict(_POOLS)
    return pools
