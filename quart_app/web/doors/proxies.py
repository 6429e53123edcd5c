"""Proxies in front: whose word about the caller's address and scheme is taken.

Every proxy appends the address that it heard from to ``X-Forwarded-For``, so with N trusted proxies the Nth
entry from the right is the first that none of them could be lied to about. What stands further left is
whatever the caller wrote, and is never believed.
"""

from __future__ import annotations

import ipaddress

from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGISendCallable, HTTPScope, Scope

_SCHEMES = ("http", "https")


class TrustedProxies:
    """ASGI middleware that puts the real caller's address and scheme into the scope, on the word of
    ``count`` proxies. With fewer entries than proxies, or an entry that is no address, the scope stays."""

    def __init__(self, app: ASGIFramework, count: int) -> None:
        self._app = app
        self._count = count

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        await self._app(believed(scope, self._count) if scope["type"] == "http" else scope, receive, send)


def believed(scope: HTTPScope, count: int) -> HTTPScope:
    """The scope of a request on the word of ``count`` proxies."""
    headers = list(scope["headers"])
    address = forwarded(headers, b"x-forwarded-for", count)
    scheme = forwarded(headers, b"x-forwarded-proto", count)
    if scheme is None:
        # Many proxies replace this header where they append to the other.
        scheme = forwarded(headers, b"x-forwarded-proto", 1)
    scope = scope.copy()
    if address is not None and (host := _host(address)) is not None:
        scope["client"] = (host, 0)
    if scheme in _SCHEMES:
        scope["scheme"] = scheme
    return scope


def forwarded(headers: list[tuple[bytes, bytes]], name: bytes, count: int) -> str | None:
    """The entry of a forwarding header that the outermost of ``count`` trusted proxies wrote, if any."""
    lines = (value.decode("latin-1") for key, value in headers if key.lower() == name)
    entries = [entry.strip() for line in lines for entry in line.split(",")]
    return entries[-count] if 0 < count <= len(entries) else None


def _host(entry: str) -> str | None:
    """The address in an entry, whose port, if it has one, goes: ``203.0.113.9:1``, ``[2001:db8::1]:1``."""
    host = entry[1:].partition("]")[0] if entry.startswith("[") else entry
    if host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None
