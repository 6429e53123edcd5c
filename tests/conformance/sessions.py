"""What a client that is not ours has got: its session with a feed, whatever program runs it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from quart_app.domain.events import EVENT_TYPES, Envelope

TYPES = ("message", *EVENT_TYPES, "connection_established", "resync", "token", "goodbye")
"""What a client listens for; presence comes when it likes, and nothing here depends on it."""


@dataclass(frozen=True)
class Feed:
    """Where a client is sent. ``position`` is the last event id that it has, None to join afresh.

    ``page`` is the tournament's page as it was at that position, for a client that looks at pages.
    """

    url: str
    tournament_id: int
    token: str | None
    position: str | None = None
    page: str | None = None

    @property
    def path(self) -> str:
        """The feed's path."""
        return f"/sse/tournaments/{self.tournament_id}/"

    @property
    def query(self) -> str:
        """The token and the position, for clients that cannot set a header."""
        pairs = {"token": self.token, "lastEventId": self.position}
        given = "&".join(f"{name}={value}" for name, value in pairs.items() if value is not None)
        return f"?{given}" if given else ""


@dataclass(frozen=True)
class Event:
    """An event as a client handed it over."""

    id: str
    type: str
    data: str

    @classmethod
    def of(cls, envelope: Envelope) -> Event:
        """What the JSON feed makes of one event of the log."""
        data = f'{{"type":"{envelope.event.type}","data":{envelope.data.decode()}}}'
        return cls(envelope.id, envelope.event.type, data)


@dataclass
class Session:
    """What a client has told so far. ``refusals`` are statuses, None where the client hides them."""

    events: list[Event] = field(default_factory=list)
    opened: int = 0
    comments: int = 0
    tries: int = 0
    refusals: list[int | None] = field(default_factory=list)
    retry_after: str | None = None
    closed: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    failure: BaseException | None = None

    def note(self, record: dict[str, Any]) -> None:
        """Take in one record of a client's."""
        match record["kind"]:
            case "open":
                self.opened += 1
            case "event":
                event = Event(record.get("id") or "", record.get("type") or "message", record["data"])
                if event.type in EVENT_TYPES or event.type == "message":
                    self.events.append(event)
            case "comment":
                self.comments += 1
            case "retrying":
                self.tries += 1
            case "refused":
                self.refusals.append(record.get("status"))
                self.retry_after = record.get("retry_after")
        self.closed = record.get("closed", self.closed)
        self.changed.set()

    async def until(self, holds: Callable[[], bool], seconds: float = 15.0) -> None:
        """Wait until something holds; fails, with what the client has told, when it does not in time."""
        try:
            async with asyncio.timeout(seconds):
                while not holds():
                    if self.failure is not None:
                        raise self.failure
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            ids = [event.id for event in self.events]
            summary = f"opened {self.opened}, refused {self.refusals}, closed {self.closed}, ids {ids[-5:]}"
            raise AssertionError(f"it never came to hold; {summary}") from None

    async def until_open(self, times: int = 1) -> None:
        """Wait until the client has its stream, for the so-many-th time."""
        await self.until(lambda: self.opened >= times)

    async def until_holds(self, expected: list[Event]) -> None:
        """Wait until the client has the last event; it must have exactly these then."""
        await self.until(lambda: bool(self.events) and self.events[-1] == expected[-1], 30.0)
        assert self.events == expected

    async def until_refused(self) -> None:
        """Wait until the client knows that it was refused, or at least that it gets nowhere."""
        await self.until(lambda: bool(self.refusals) or self.tries > 0)

    async def until_stopped(self) -> None:
        """Wait until the client has given up."""
        await self.until(lambda: self.closed)


@asynccontextmanager
async def carried(carry: Coroutine[Any, Any, None], session: Session) -> AsyncIterator[None]:
    """A client's own work, beside the test; its failure is the session's."""

    async def work() -> None:
        try:
            await carry
        except Exception as error:
            session.failure = error
            session.changed.set()

    task = asyncio.create_task(work())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
