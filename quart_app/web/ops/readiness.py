"""Readiness: what this worker can do, looked at in the background, so that a probe costs nothing and never
waits.

A server whose database answers may still deliver nothing, so the canary sings. And one whose database is away
still serves what it has in memory: it is *degraded*. Only what this very worker cannot do makes it
unavailable, or every worker would go at once: so a log that a newer one has written does, and a damaged one
does not.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Literal, NamedTuple

import msgspec
import structlog

from quart_app.actions.services import Services
from quart_app.domain.events import DamagedEvent, UnknownEvent
from quart_app.errors import DatabaseBehind, NotFound, Unavailable
from quart_app.live.rooms.hub import Hub
from quart_app.store.database.schema import require_current
from quart_app.web.ops.canary import Canary

LOOK_SECONDS_MAX = 2.0
"""How long the database may take to answer a look, and a song to be written and to arrive."""

FIRST_LOOK_SECONDS_MAX = 1.5
"""How long a probe waits for the first look, in a worker that has just begun."""

log = structlog.stdlib.get_logger(__name__)


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """What ``/readyz`` answers: one word, and the state of each part behind it."""

    status: Literal["ok", "degraded", "unavailable"]
    checks: dict[str, str]


class Check(NamedTuple):
    """The state of one part; ``fatal`` where this worker cannot serve because of it."""

    state: str
    fatal: bool = False


class Readiness:
    """Looks every ``apart`` seconds, and tells what it saw last."""

    def __init__(self, services: Services, hub: Hub, canary: Canary, *, apart: float) -> None:
        self._services = services
        self._hub = hub
        self._canary = canary
        self._apart = apart
        self._database = Check("unknown")
        self._delivery = Check("unknown")
        self._looked = asyncio.Event()
        self._ending = asyncio.Event()

    def end(self) -> None:
        """Let ``run`` return once it has looked: a look that is cut short leaves a connection behind."""
        self._ending.set()

    async def run(self) -> None:
        """Look until ``end``."""
        while not self._ending.is_set():
            try:
                self._database = await self._look_at_database()
                self._delivery = await self._look_at_delivery()
                await self._reread_what_was_unreadable()
            except Exception:
                log.exception("readiness_unknown")
                self._delivery = Check("unknown")
            self._looked.set()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._apart):
                    await self._ending.wait()

    async def health(self) -> Health:
        """What was seen last, with what is known at once. Takes FIRST_LOOK_SECONDS_MAX at the most."""
        if not self._looked.is_set():
            await asyncio.wait({asyncio.ensure_future(self._looked.wait())}, timeout=FIRST_LOOK_SECONDS_MAX)
        checks = {
            "database": self._database,
            "bus": Check(self._services.bus.state),
            "delivery": Check("draining", fatal=True) if self._hub.draining else self._delivery,
        }
        unreadable = self._services.ledger.unreadable.values()
        if unreadable:
            damaged = all(each is DamagedEvent for each in unreadable)
            checks["log"] = Check("damaged") if damaged else Check("newer", fatal=True)
        states = {name: check.state for name, check in checks.items()}
        if any(check.fatal for check in checks.values()):
            return Health(status="unavailable", checks=states)
        return Health(status="ok" if set(states.values()) == {"ok"} else "degraded", checks=states)

    async def _look_at_database(self) -> Check:
        try:
            async with asyncio.timeout(LOOK_SECONDS_MAX):
                await require_current(self._services.database)
        except DatabaseBehind:
            return Check("behind", fatal=True)
        except (TimeoutError, Unavailable):
            return Check("unreachable")
        return Check("ok")

    async def _look_at_delivery(self) -> Check:
        if self._database.state != "ok":
            return Check("unknown")
        try:
            async with asyncio.timeout(2 * LOOK_SECONDS_MAX):
                return Check("ok") if await self._canary.delivers() else Check("lost", fatal=True)
        except (TimeoutError, Unavailable):
            return Check("unknown")  # nothing can be written, so nothing can be late

    async def _reread_what_was_unreadable(self) -> None:
        """A log that this program could not read may have been replaced by one that it can."""
        for tournament_id in tuple(self._services.ledger.unreadable):
            try:
                await self._services.ledger.load(tournament_id)
            except UnknownEvent:
                continue
            except Unavailable:
                return
            except NotFound:
                self._services.ledger.unreadable.pop(tournament_id, None)
