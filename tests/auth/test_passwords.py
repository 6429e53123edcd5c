"""Passwords: only the right one fits, and nobody learns which names exist."""

from __future__ import annotations

import statistics
import time

import argon2
import pytest

from quart_app.auth.passwords import (
    hash_password,
    hash_password_aside,
    needs_rehash,
    verify_password,
    verify_password_aside,
)

PASSWORD = "corner flag 9"


@pytest.fixture(name="password_hash", scope="module")
def _password_hash() -> str:
    return hash_password(PASSWORD)


def test_the_right_password_fits(password_hash: str) -> None:
    """What was hashed verifies."""
    assert verify_password(password_hash, PASSWORD)


@pytest.mark.parametrize(
    "password", ["", "corner flag 8", PASSWORD + " ", PASSWORD.upper(), "\ud800", "\0" * 10]
)
def test_no_other_password_fits(password_hash: str, password: str) -> None:
    """Anything else, text that is no Unicode included, is wrong and no error."""
    assert not verify_password(password_hash, password)


def test_a_password_is_what_it_looks_like() -> None:
    """An accent typed as one character or as two, in half or full width, is the same password."""
    assert verify_password(hash_password("caf\u00e9 1234"), "cafe\u0301 \uff11\uff12\uff13\uff14")


def test_the_same_password_twice_shows_nothing() -> None:
    """Each hash has a salt of its own."""
    assert hash_password(PASSWORD) != hash_password(PASSWORD)


def test_the_hash_is_argon2id(password_hash: str) -> None:
    """argon2id, at least as costly as OWASP advises."""
    parameters = argon2.extract_parameters(password_hash)
    assert parameters.type is argon2.Type.ID
    assert parameters.memory_cost >= 19_456
    assert parameters.time_cost >= 2


def test_nobody_has_no_password() -> None:
    """Without a hash no password is right."""
    assert not verify_password(None, PASSWORD)


@pytest.mark.parametrize("broken", ["", "plain", "$argon2id$v=19$m=8,t=1,p=1$x$y"])
def test_a_broken_hash_fits_nothing(broken: str) -> None:
    """A hash that cannot be read lets nobody in."""
    assert not verify_password(broken, PASSWORD)


def test_nobody_takes_as_long_as_somebody(password_hash: str) -> None:
    """Verifying for an unknown name costs the same work, so time does not tell which names exist."""

    def seconds(known: str | None) -> float:
        started = time.thread_time()
        verify_password(known, "wrong")
        return time.thread_time() - started

    pairs = [(seconds(password_hash), seconds(None)) for _ in range(9)]
    somebody, nobody = (statistics.median(column) for column in zip(*pairs, strict=True))
    assert 0.5 < nobody / somebody < 2


def test_a_hash_of_today_stays(password_hash: str) -> None:
    """A fresh hash need not be renewed."""
    assert not needs_rehash(password_hash)


def test_a_weaker_hash_is_renewed() -> None:
    """One of other parameters is to be."""
    assert needs_rehash(argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD))


async def test_the_threads_say_the_same() -> None:
    """Aside from the event loop the answers are the same."""
    password_hash = await hash_password_aside(PASSWORD)
    assert await verify_password_aside(password_hash, PASSWORD)
    assert not await verify_password_aside(password_hash, "wrong")
