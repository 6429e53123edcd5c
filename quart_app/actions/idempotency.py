"""A request with an Idempotency-Key is carried out once; when it is sent again, its answer is repeated."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

from quart_app.actions.services import Services
from quart_app.errors import AppError, Unavailable
from quart_app.store.idempotency import Answer, delete_claim, insert_claim, update_claim


async def answer_once(
    services: Services, scope: str, key: str, fingerprint: str, work: Callable[[], Awaitable[Answer]]
) -> tuple[Answer, bool]:
    """What ``work`` answers, or what it answered when the key was first used; and whether it is a repeat.

    ``scope`` keeps callers apart, ``fingerprint`` tells requests apart. When ``work`` refuses (an AppError),
    nothing was done: the key is free again, and the error goes on. Where nobody knows whether anything was
    done, the key stays taken for a minute. Raises IdempotencyKeyReused when the key was used for another
    request, IdempotencyConflict while its first use is still running, or its outcome is open.
    """
    async with services.database.writing() as connection:
        kept = await insert_claim(
            connection, scope=scope, key=key, fingerprint=fingerprint, now=services.clock()
        )
    if kept is not None:
        return kept, True
    try:
        answer = await work()
    except AppError as error:
        if not (isinstance(error, Unavailable) and error.outcome_open):
            # Should the database be away, the claim ends by itself; the caller's error is the one to tell.
            with suppress(Unavailable):
                async with services.database.writing() as connection:
                    await delete_claim(connection, scope=scope, key=key)
        raise
    with suppress(Unavailable):
        async with services.database.writing() as connection:
            await update_claim(connection, scope=scope, key=key, answer=answer)
    return answer, False
