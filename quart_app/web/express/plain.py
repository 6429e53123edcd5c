"""The head of one plain request, read from bytes: what everybody sends who opens a stream.

Only what can be read in one way is read here, and h11 reads it the same: a GET over HTTP/1.1 of a path, its
headers of visible ASCII, one Host, and nothing that asks for more than an answer. Anything else is for h11.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import cast
from urllib.parse import unquote

from hypercorn.typing import HTTPScope

BYTES_MAX = 8192
"""What is longer is left to h11."""

_HEAD = re.compile(
    rb"GET (/[!-~]*+) HTTP/1\.1\r\n"  # RFC 9112, section 3
    rb"((?:[-!#$%&'*+.^_`|~0-9A-Za-z]++:[ -~]*+\r\n)++)\r\n"  # section 5, without what is obsolete
)

_NEVER = frozenset({b"content-length", b"transfer-encoding", b"expect", b"upgrade"})
"""A body, or words before the answer."""


@dataclass(frozen=True, slots=True)
class PlainRequest:
    """A GET: its path without what hides letters, and its headers, in their order, their names in lower
    case."""

    path: str
    query_string: bytes
    headers: list[tuple[bytes, bytes]]

    def scope(self, client: tuple[str, int]) -> HTTPScope:
        """What Hypercorn would say of the request, as far as anybody asks who opens a stream."""
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": self.path,
            "query_string": self.query_string,
            "headers": self.headers,
            "client": client,
        }
        return cast(HTTPScope, scope)


def read(data: bytes) -> PlainRequest | None:
    """The request whose head is these bytes, no fewer and no more; None where they are anything else."""
    head = _HEAD.fullmatch(data) if len(data) <= BYTES_MAX else None
    if head is None:
        return None
    headers, hosts = [], 0
    for line in head[2].splitlines():
        name, _, value = line.partition(b":")
        name, value = name.lower(), value.strip(b" ")
        if name in _NEVER or (name == b"connection" and value.lower() != b"keep-alive"):
            return None
        hosts += name == b"host"
        headers.append((name, value))
    path, _, query_string = head[1].partition(b"?")
    return PlainRequest(unquote(path.decode("ascii")), query_string, headers) if hosts == 1 else None
