"""What somebody's own machine gets for nothing: a secret key and a staff login, kept in ``var/``.

Only in development. They are random, readable by their owner alone, and never committed.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import replace
from pathlib import Path

import msgspec

from quart_app.readers import SecretKey
from quart_app.settings import Settings

FILE = Path("var/development.json")
STAFF_NAME = "organiser"


class GeneratedLogin(msgspec.Struct, frozen=True):
    """The generated key and login."""

    secret: str
    staff_name: str
    staff_password: str


def credentials(file: Path = FILE) -> GeneratedLogin:
    """The credentials kept in ``file``, made now if there are none."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=GeneratedLogin)
    except (FileNotFoundError, msgspec.DecodeError):
        pass
    made = GeneratedLogin(secrets.token_hex(32), STAFF_NAME, secrets.token_urlsafe(9))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(msgspec.json.encode(made))
    return made


def with_generated_key(settings: Settings) -> Settings:
    """The settings, with the generated key where development has none."""
    if settings.secret_keys or not settings.development:
        return settings
    return replace(settings, secret_keys=(SecretKey("development", credentials().secret),))
