"""How each kind of value is read from the environment.

A reader raises ValueError with what is wrong with a text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from quart_app.database_url import parse_postgres_url
from quart_app.redis_url import parse_redis_url

KEY_BYTES_MIN = 32


@dataclass(frozen=True, slots=True)
class SecretKey:
    """A signing key with the id that tokens carry in their ``kid`` header."""

    kid: str
    secret: str = field(repr=False)


def integer(least: int) -> Callable[[str], int]:
    """Reads a whole number, at least ``least``."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise ValueError(f"{text!r} is not a whole number") from None
        if value < least:
            raise ValueError(f"it must be {least} or more")
        return value

    return read


def seconds(text: str) -> float:
    """A duration above 0."""
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a number of seconds") from None
    if not 0 < value < float("inf"):
        raise ValueError("it must be more than 0 seconds")
    return value


def one_of(*choices: str) -> Callable[[str], str]:
    """Reads one of these words."""

    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"{text!r} is not one of {', '.join(choices)}")
        return text

    return read


def keys(text: str) -> tuple[SecretKey, ...]:
    """Signing keys, the newest first."""
    keys = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        kid, colon, secret = part.partition(":")
        if not colon or not kid:
            raise ValueError("write each key as NAME:SECRET, the newest first, separated by commas")
        if len(secret.encode()) < KEY_BYTES_MIN:
            raise ValueError(f"the secret of key {kid!r} has fewer than {KEY_BYTES_MIN} bytes")
        keys.append(SecretKey(kid, secret))
    if len({key.kid for key in keys}) < len(keys):
        raise ValueError("two keys share a name")
    return tuple(keys)


def database_url(text: str) -> str:
    """A database's URL that can be understood, with the driver that is used for it."""
    scheme, separator, rest = text.partition("://")
    drivers = {
        "postgres": "postgresql+asyncpg",
        "postgresql": "postgresql+asyncpg",
        "postgresql+asyncpg": "postgresql+asyncpg",
        "sqlite": "sqlite+aiosqlite",
        "sqlite+aiosqlite": "sqlite+aiosqlite",
    }
    if not separator or scheme not in drivers:
        raise ValueError("it must begin with postgresql:// or sqlite:///")
    if not scheme.startswith("sqlite"):
        parse_postgres_url(text).load_certificates()
    return f"{drivers[scheme]}://{rest}"


def redis_url(text: str) -> str:
    """A URL of Redis that can be understood."""
    parse_redis_url(text).load_certificates()
    return text


OWN_SEGMENTS = frozenset(
    {"anew", "api", "healthz", "metrics", "readyz", "sse", "staff", "static", "tournaments"}
)
"""What our own paths begin with: a base path that does, too, could not be told from them."""

_BASE_PATH = re.compile(r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)+")  # nothing that a browser would escape


def base_path(text: str) -> str:
    """A path below which everything is served, without a slash at its end; "" for ``/``."""
    path = text.rstrip("/")
    if not path:
        return ""
    if _BASE_PATH.fullmatch(path) is None:
        raise ValueError(f"{text!r} is not a path such as /cup: letters, digits, - . _ ~ between slashes")
    first = path.split("/")[1]
    if first in OWN_SEGMENTS:
        raise ValueError(f"our own paths begin with /{first}, too; take another name")
    return path


def origins(text: str) -> tuple[str, ...]:
    """Origins, separated by commas."""
    origins = tuple(part.strip().rstrip("/") for part in text.split(",") if part.strip())
    for origin in origins:
        parts = urlsplit(origin)
        if origin != "*" and (parts.scheme not in ("http", "https") or not parts.netloc or parts.path):
            raise ValueError(f"{origin!r} is not an origin such as https://example.org")
    return origins
