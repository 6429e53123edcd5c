"""A request with an Idempotency-Key is carried out once; when it is sent again, its answer is repeated.

The key and the answer stand in the very transaction of what was done: either all is there or nothing,
whatever dies when. Of two requests at once the second waits for the first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from quart_app.actions.services import Services
from quart_app.actions.writing.recorded import Recorded
from quart_app.store.database.engine import Connection
from quart_app.store.idempotency import KeptAnswer, insert_claim, select_answer, update_claim


@dataclass(frozen=True, slots=True)
class Once:
    """The key of a request. ``scope`` keeps callers apart, ``fingerprint`` tells requests apart; ``answer``
    makes the answer that is kept."""

    scope: str
    key: str
    fingerprint: str
    answer: Callable[[Recorded], KeptAnswer]


class Repeated(Exception):
    """The request has been carried out before, and was answered with ``answer``."""

    def __init__(self, answer: KeptAnswer) -> None:
        super().__init__("carried out before")
        self.answer = answer


async def claim(connection: Connection, once: Once, now: datetime) -> None:
    """Take the key for this transaction.

    Raises Repeated where it has been carried out, IdempotencyKeyReused where the key belongs to another
    request, IdempotencyConflict where an older version of this program has begun it and not ended.
    """
    kept = await insert_claim(
        connection, scope=once.scope, key=once.key, fingerprint=once.fingerprint, now=now
    )
    if kept is not None:
        raise Repeated(kept)


async def recall(services: Services, once: Once | None) -> None:
    """Look whether a request has been carried out, before anything is worked out that its own deed may have
    made impossible. Raises Repeated where it has, and IdempotencyKeyReused as ``claim``."""
    if once is None:
        return
    async with services.database.reading() as connection:
        kept = await select_answer(connection, scope=once.scope, key=once.key, fingerprint=once.fingerprint)
    if kept is not None:
        raise Repeated(kept)


async def fulfil(connection: Connection, once: Once, recorded: Recorded) -> None:
    """Keep the answer to what was done in this transaction."""
    await update_claim(connection, scope=once.scope, key=once.key, answer=once.answer(recorded))
