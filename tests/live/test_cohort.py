"""A cohort: what happens with an event happens once; who cannot keep up stands alone meanwhile."""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import Sequence
from typing import Any

import pytest

from quart_app.live.crowd.presence import told
from quart_app.live.rooms.audience import Audience
from quart_app.live.rooms.room import Room
from quart_app.live.streams.greetings import Greetings
from quart_app.live.streams.join import Join
from quart_app.live.streams.subscriber import Subscriber
from quart_app.live.streams.views import Filter, view_of
from quart_app.live.wires.port import Block, OneByOne, Wire
from quart_app.show.projections import JSON
from quart_app.timeline.timeline import Timeline
from tests.live.model import GRANT, SETTINGS, ModelWire
from tests.live.test_room import log_of

MEMBERS = 150


class CountingFleet(OneByOne):
    """A fleet that remembers how many it wrote to, each time it was asked."""

    def __init__(self) -> None:
        self.writes: list[int] = []

    def write(
        self, wires: Sequence[Wire], descriptors: array[int], start: int, stop: int, block: Block
    ) -> list[int]:
        """Remember, and write."""
        self.writes.append(stop - start)
        return super().write(wires, descriptors, start, stop, block)


class World:
    """A room of one event, with an audience over wires in memory."""

    def __init__(self, *, types: frozenset[str] = frozenset()) -> None:
        self.log = log_of(10)
        self.timeline = Timeline(1, 100)
        self.timeline.begin("e", self.log[:1])
        self.room = Room(self.timeline)
        self.passes = 0
        self.audience = Audience(self.room, self._passed)
        self.fleet = CountingFleet()
        self.greetings = Greetings(SETTINGS)
        self.view = view_of(JSON, Filter(types=types))
        self.everyone = [self.join() for _ in range(MEMBERS)]

    def _passed(self, audience: Audience) -> None:
        self.passes += 1

    def join(self) -> tuple[Subscriber, ModelWire]:
        """Somebody who joins afresh."""
        wire = ModelWire()
        wire.fleet = self.fleet  # type: ignore[assignment]
        join = Join(tournament_id=1, view=self.view, grant=GRANT)
        subscriber, _ = self.greetings.seat(self.room, join, wire)
        self.audience.add(subscriber)
        wire.attach(subscriber.pump, lambda: self.audience.discard(subscriber))
        subscriber.pump()
        return subscriber, wire

    def happen(self, count: int = 1) -> None:
        """So many events more."""
        head = self.room.head
        self.timeline.extend(self.log[head : head + count])
        self.room.grown()
        self.audience.fan_out()

    async def settled(self) -> None:
        """Return once the pass is through."""
        before = self.passes
        while self.passes == before:  # noqa: ASYNC110 - a few turns of the loop
            await asyncio.sleep(0)


@pytest.fixture(name="world")
def _world() -> World:
    """A cohort of MEMBERS."""
    return World()


async def test_all_who_are_level_share_one_step(world: World) -> None:
    """An event is handed to the fleet, not to each; and everyone is counted it."""
    before = {subscriber: subscriber.counted for subscriber, _ in world.everyone}
    world.happen()
    await world.settled()
    assert (world.fleet.writes, len(world.audience.loose)) == ([64, 64, 22], 0)
    for subscriber, wire in world.everyone:
        events, size = subscriber.counted
        assert (subscriber.cursor, events - before[subscriber][0], size) == (2, 1, wire.written)
        assert wire.arrived.endswith(b"\n\n")
    assert world.room.delivered_events == MEMBERS


async def test_who_is_full_stands_alone_and_comes_back(world: World) -> None:
    """Meanwhile the others go on without it; it has its own cursor, and in the end the same bytes."""
    slow, wire = world.everyone[40]
    wire.stalled = True
    world.happen()
    await world.settled()
    assert list(world.audience.loose) == [slow]
    world.happen(2)
    await world.settled()
    assert (slow.cursor, world.everyone[0][0].cursor) == (2, 4)
    wire.drain()
    assert (slow.cursor, list(world.audience.loose)) == (4, [])
    _, other = world.everyone[0]
    assert wire.arrived.partition(b"id: e-2\n")[2] == other.arrived.partition(b"id: e-2\n")[2]


async def test_who_comes_in_the_middle_of_a_pass_joins_those_who_have_it(world: World) -> None:
    """And who leaves then leaves on the right side: nobody gets anything twice, and nobody nothing."""
    passing = world.audience._bring()
    world.timeline.extend(world.log[1:2])
    world.room.grown()
    next(passing)  # the first 64 have it
    late, late_wire = world.join()
    cohort = late.cohort
    assert (late.cursor, cohort is world.everyone[0][0].cohort) == (2, True)
    for place in (0, 30, 63, 64, 100, MEMBERS - 1):
        world.audience.discard(world.everyone[place][0])
    list(passing)
    gone = {0, 30, 63, 64, 100, MEMBERS - 1}
    for place, (subscriber, wire) in enumerate(world.everyone):
        had = place in {0, 30, 63} or place not in gone
        assert wire.arrived.count(b"id: e-2\n") == had
        assert subscriber.counted[1] == wire.written
    assert late_wire.arrived.count(b"id: e-2\n") == 1  # that of its welcome


async def test_a_heartbeat_and_a_total_are_told_to_all_at_once(world: World) -> None:
    """Neither moves anybody; a heartbeat comes only after silence."""
    world.audience.break_silence(time.monotonic() - 10.0)
    world.audience.whisper(told(1, MEMBERS))
    await world.settled()
    world.audience.break_silence(time.monotonic() + 10.0)
    await world.settled()
    assert world.fleet.writes == [64, 64, 22] * 2
    for subscriber, wire in world.everyone:
        assert wire.arrived.endswith(b'"watching":150}}\n\n:\n\n')
        assert (subscriber.cursor, subscriber.counted) == (1, (0, wire.written))


@pytest.mark.parametrize("what", [b'"watching":150', b":\n\n"])
async def test_who_goes_and_comes_back_in_a_pass_that_moves_nobody_is_told_once(
    world: World, what: bytes
) -> None:
    """Over ASGI each is full with every write: such a pass had no end, as all came back behind it."""
    before = [wire.arrived.count(what) for _, wire in world.everyone]
    for _, wire in world.everyone:
        wire.stalled = True
    if what == b":\n\n":
        world.audience.break_silence(time.monotonic() + 10.0)
    else:
        world.audience.whisper(told(1, MEMBERS))
    for _ in zip(range(10), world.audience._bring(), strict=False):
        for _, wire in world.everyone:
            wire.drain()
            wire.stalled = True
    assert [wire.arrived.count(what) for _, wire in world.everyone] == [each + 1 for each in before]
    assert world.audience.loose == {}


async def test_who_comes_back_in_a_pass_gets_what_it_has_not_had(world: World) -> None:
    """A total, too, that was told while it was full with something older."""
    slow, wire = world.everyone[-1]
    wire.stalled = True
    world.happen()
    await world.settled()
    world.audience.whisper(told(1, 4711))
    passing = world.audience._bring()
    next(passing)
    wire.drain()
    list(passing)
    assert (slow.cohort is not None, wire.arrived.count(b'"watching":4711')) == (True, 1)


async def test_a_pass_ends_though_all_leave_in_it_and_somebody_comes(world: World) -> None:
    """One who was full comes back to a cohort that the others have left, and is brought what follows."""
    for _, wire in world.everyone[:64]:
        wire.stalled = True
    passing = world.audience._bring()
    world.timeline.extend(world.log[1:2])
    world.room.grown()
    next(passing)
    for subscriber, _ in world.everyone[64:]:
        world.audience.discard(subscriber)
    back, wire = world.everyone[0]
    wire.drain()
    assert len(list(zip(range(10), passing, strict=False))) < 10
    world.happen()
    await world.settled()
    assert (back.cursor, back.cohort is not None) == (3, True)


async def test_what_is_not_shown_moves_the_whole_cohort_without_a_word() -> None:
    """The next heartbeat tells all of them how far they have come."""
    world = World(types=frozenset({"match_started"}))
    world.happen(3)
    await world.settled()
    assert (world.fleet.writes, world.everyone[7][0].cursor) == ([], 4)
    world.audience.break_silence(time.monotonic() + 10.0)
    await world.settled()
    assert {wire.arrived[-9:] for _, wire in world.everyone} == {b"id: e-4\n\n"}


async def test_a_fault_in_writing_cuts_those_who_were_written_to_and_nobody_else(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can tell what they got. The pass goes on, and so does the next."""
    write = world.fleet.write

    def fail_once(*batch: Any) -> list[int]:
        monkeypatch.undo()
        raise ValueError("a bug")

    monkeypatch.setattr(world.fleet, "write", fail_once)
    world.happen()
    await world.settled()
    assert world.fleet.write == write
    world.happen()
    await world.settled()
    ended = [wire.ended for _, wire in world.everyone]
    assert (ended, len(world.audience.subscribers)) == ([True] * 64 + [False] * 86, 86)
    assert {subscriber.cursor for subscriber in world.audience.subscribers} == {3}


async def test_an_empty_cohort_of_a_view_that_nobody_asks_for_is_not_kept(world: World) -> None:
    """Else each filter that anybody ever asked for would stay."""
    for subscriber, _ in world.everyone:
        world.audience.discard(subscriber)
    assert (world.audience._cohorts, world.audience.loose, world.audience.subscribers) == ({}, {}, {})
