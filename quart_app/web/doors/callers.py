"""Who is calling, as far as the network can tell, and what of an address counts as one caller."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address

from quart import request

NETWORK_BITS = 64
"""The part of an IPv6 address that names a network: whoever has one of its addresses has them all (RFC
6177)."""


def client_address() -> str:
    """The caller's IP address, by the word of the trusted proxies only; "" where there is none (a socket
    file)."""
    client = request.scope.get("client")
    return client[0] if client else ""


@lru_cache(maxsize=4096)  # every limit asks anew, and many come from one address
def caller_of(address: str) -> str:
    """What every limit that goes by address counts: an IPv4 address, or the /64 of an IPv6 one.

    An IPv4 address written as an IPv6 one (``::ffff:192.0.2.1``) is itself. What is no address counts as it
    is.
    """
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or IPv6Network((parsed, NETWORK_BITS), strict=False))
