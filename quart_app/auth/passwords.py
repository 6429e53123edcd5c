"""Passwords: argon2id hashes, worked out in a few threads of their own, so that no event loop waits."""

from __future__ import annotations

import asyncio
import hashlib
import unicodedata
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

# OWASP's Password Storage Cheat Sheet: argon2id, 19 MiB, 2 passes, 1 lane.
_ARGON2 = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, type=Type.ID)
# No known password has this hash: salt and digest are zero. Verifying against it takes as long as any.
_NOBODYS = (
    f"$argon2id$v=19$m={_ARGON2.memory_cost},t={_ARGON2.time_cost},p={_ARGON2.parallelism}"
    f"${'A' * 22}${'A' * 43}"
)
# The pool bounds what a flood of logins can take: its size times memory_cost.
_THREADS = ThreadPoolExecutor(max_workers=4, thread_name_prefix="argon2")


def hash_password(password: str) -> str:
    """The argon2id hash of a password in PHC string format, with a fresh salt. Takes some 20 ms of CPU."""
    return _ARGON2.hash(_octets(password))


def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether the password is the one that was hashed.

    Without a hash (there is no such user) the answer is False, and takes the time of any other answer.
    """
    try:
        _ARGON2.verify(password_hash or _NOBODYS, _octets(password))
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def mark_of(password_hash: str) -> str:
    """What tells one password from the next, and nothing else of it: a digest of its hash, which has a random
    salt."""
    return hashlib.sha256(password_hash.encode()).hexdigest()[:32]


def is_hash(text: str) -> bool:
    """Whether this is written like the hash of a password, whatever the parameters were: or nobody could sign
    in by it."""
    try:
        extract_parameters(text)
    except InvalidHashError:
        return False
    return True


def needs_rehash(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than new ones are; renew it at the next login."""
    return _ARGON2.check_needs_rehash(password_hash)


async def hash_password_aside(password: str) -> str:
    """``hash_password``, in a thread."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, hash_password, password)


async def verify_password_aside(password_hash: str | None, password: str) -> bool:
    """``verify_password``, in a thread."""
    return await asyncio.get_running_loop().run_in_executor(
        _THREADS, verify_password, password_hash, password
    )


def _octets(password: str) -> bytes:
    """One form for what looks the same on every keyboard (NIST SP 800-63B, 5.1.1.2)."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
