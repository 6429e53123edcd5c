"""What tests of the bus share: somebody who listens, and something to say."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection

from quart_app.domain.events import Envelope, ScoreUpdated, encode_event
from quart_app.live.bus.port import Bus, Notice
from quart_app.live.bus.redis import RedisBus


class Recorder:
    """A listener that writes down what it is told, one list for each of its methods."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, int, tuple[Envelope, ...]]] = []
        self.suspects: list[set[int]] = []
        self.notices: list[Notice] = []

    def heard(self, tournament_id: int, head_seq: int, envelopes: tuple[Envelope, ...]) -> None:
        """Write down a hint."""
        self.calls.append((tournament_id, head_seq, envelopes))

    def suspect(self, tournament_ids: Collection[int]) -> None:
        """Write down a doubt."""
        self.suspects.append(set(tournament_ids))

    def noticed(self, notice: Notice) -> None:
        """Write down a notice."""
        self.notices.append(notice)

    def heads(self, tournament_id: int) -> list[int]:
        """The heads heard of one tournament, in order."""
        return [head for each, head, _ in self.calls if each == tournament_id]

    def envelopes(self, tournament_id: int) -> list[Envelope]:
        """The events heard of one tournament, in order."""
        return [each for known, _, envelopes in self.calls if known == tournament_id for each in envelopes]


class Deaf(Recorder):
    """A listener with a bug: it fails at everything it is told, after writing it down."""

    def heard(self, tournament_id: int, head_seq: int, envelopes: tuple[Envelope, ...]) -> None:
        """Write down a hint, and fail."""
        super().heard(tournament_id, head_seq, envelopes)
        raise RuntimeError("a bug in the listener")

    def noticed(self, notice: Notice) -> None:
        """Write down a notice, and fail."""
        super().noticed(notice)
        raise RuntimeError("a bug in the listener")


def envelope(tournament_id: int, seq: int, *, updated_at: str = "2026-11-24T12:00:00.000Z") -> Envelope:
    """A score as the log would hold it at ``seq``."""
    event = ScoreUpdated(
        tournament_id=tournament_id,
        match_id=12,
        participant1_score=seq,
        participant2_score=0,
        updated_at=updated_at,
        updated_by=3,
    )
    return Envelope(
        tournament_id=tournament_id,
        epoch="9f2c41",
        seq=seq,
        event=event,
        data=encode_event(event),
        at="2026-11-24T12:00:00.001Z",
        actor_id=3,
    )


async def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Return once the condition holds; fail after so many seconds."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, "it never came to hold"
        await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def listening(bus: Bus, listener: Recorder) -> AsyncIterator[None]:
    """The bus run for the listener, and heard inside the block."""
    task = asyncio.create_task(bus.run(listener))
    try:
        await until(lambda: bus.connected)
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


class Worker(Recorder):
    """A worker as far as its bus goes: it listens, and remembers what it was told."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.bus = RedisBus(url)


@contextlib.asynccontextmanager
async def workers(url: str, rooms: Collection[int]) -> AsyncIterator[tuple[Worker, Worker]]:
    """Two workers that hear Redis, and have these rooms open."""
    both = (Worker(url), Worker(url))
    async with contextlib.AsyncExitStack() as stack:
        for worker in both:
            stack.push_async_callback(worker.bus.close)
            await stack.enter_async_context(listening(worker.bus, worker))
            await asyncio.gather(*map(worker.bus.subscribe, rooms))
        yield both


async def hear_each_other(both: tuple[Worker, Worker], rooms: Collection[int], seq: int) -> None:
    """Return once what each of two workers announces, once, in every room, has reached the other."""
    for speaker, listener in (both, both[::-1]):
        for room in rooms:
            await speaker.bus.announce([envelope(room, seq)])
        await until(lambda: all(seq in listener.heads(room) for room in rooms))  # noqa: B023 - called at once
        listener.calls.clear()
