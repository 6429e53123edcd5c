"""Who may use a connection: so many at once, in the order in which they came, and nobody waits for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from quart_app.store.database.outages import FULL, NoPlace, reason_of, unavailable
from quart_app.store.database.postgresql import CONNECT_FAILURES

ASIDE_SECONDS = 1.0
"""How long a place is left empty for which the server had no connection left."""

_FAILURES = (*CONNECT_FAILURES, sa.exc.SQLAlchemyError)


class Places:
    """Places for ``count`` callers at once; the others wait in a queue.

    A server that is full is no reason to refuse anybody: the place is laid aside for a moment, and who had it
    waits for another, on which a connection is given back.
    """

    def __init__(self, count: int) -> None:
        self._free = asyncio.Semaphore(count)

    @asynccontextmanager
    async def begin(self, engine: AsyncEngine, wait_seconds: float) -> AsyncIterator[AsyncConnection]:
        """A connection of the engine, which has as many as there are places, in a transaction.

        Raises Unavailable when none is given back within that time, or the database cannot be reached.
        """
        patience = asyncio.get_running_loop().time() + wait_seconds
        async with AsyncExitStack() as stack:
            yield await self._connect(engine, stack, patience)

    async def _connect(self, engine: AsyncEngine, stack: AsyncExitStack, patience: float) -> AsyncConnection:
        refused: Exception | None = None
        while True:
            async with AsyncExitStack() as place:
                try:
                    async with asyncio.timeout_at(patience):
                        await self._free.acquire()
                except TimeoutError:
                    raise unavailable(refused or NoPlace()) from refused
                place.callback(self._free.release)
                try:
                    connection = await place.enter_async_context(_begin(engine))
                except _FAILURES as error:
                    if reason_of(error) != FULL:
                        raise unavailable(error) from error
                    refused = error
                    place.pop_all()
                    asyncio.get_running_loop().call_later(ASIDE_SECONDS, self._free.release)
                else:
                    stack.push_async_exit(place.pop_all())
                    return connection


@asynccontextmanager
async def _begin(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection of the engine in a transaction; one that had died meanwhile is replaced unseen."""
    async with AsyncExitStack() as stack:
        connection = await stack.enter_async_context(engine.connect())
        try:
            await stack.enter_async_context(connection.begin())
        except sa.exc.DBAPIError:
            if not connection.invalidated:
                raise
            await stack.aclose()
            # all that are as old are given up by now, so this is a new one
            connection = await stack.enter_async_context(engine.connect())
            await stack.enter_async_context(connection.begin())
        yield connection
