"""The cursor, against a model: any interleaving of appends, cuts, resumes, filters and lags yields the log.

The real Room, Audience, Subscriber, Greetings and Tending serve a few clients over a wire whose capacity the
test decides: it can be stalled, let trickle, drained, and cut in the middle of a frame. The clients parse
what they get as WHATWG HTML, 9.2.6 says, and come back with the last id they have. What each of them must
hold is worked out here from the log alone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from unittest import mock

import msgspec
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from quart_app.domain.commands import ChangeVisibility, Command, CreateTournament, GenerateBracket
from quart_app.domain.decisions import decide
from quart_app.domain.events import EVENT_TYPES, Envelope, encode_event
from quart_app.domain.fold import apply, changed
from quart_app.domain.parts import Part, match_part
from quart_app.domain.state.tournament import Tournament, TournamentStatus
from quart_app.live.crowd.presence import told
from quart_app.live.rooms import audience as audience_module
from quart_app.live.rooms import room as room_module
from quart_app.live.rooms.audience import Audience
from quart_app.live.rooms.room import Room
from quart_app.live.streams.greetings import Greetings
from quart_app.live.streams.join import End
from quart_app.live.streams.position import Position
from quart_app.live.streams.tending import Tending
from quart_app.live.streams.views import View
from quart_app.timeline.timeline import Gap, Timeline
from tests.domain.strategies import NOW, at_random, players
from tests.live.model import (
    FRAGMENTS,
    SETTINGS,
    TOURNAMENT_ID,
    Client,
    ModelWire,
    check_place,
    check_resync,
    matches_of,
    may_be_dropped,
    overtaker,
    passes,
    renew,
    views,
)
from tests.server import Frame


class CursorMachine(RuleBasedStateMachine):
    """Everything that can happen to a room and the clients in it, in any order."""

    def __init__(self) -> None:
        super().__init__()
        # pieces of a few events, so that a catch-up of a dozen takes several; a pass that gives way often
        self._small = (
            mock.patch.object(room_module, "CHUNK_BYTES_MAX", 600),
            mock.patch.object(audience_module, "SLICE_CHECK", 2),
            mock.patch.object(audience_module, "SLICE_SECONDS", -1.0),
        )
        for patch in self._small:
            patch.start()
        self.loop = asyncio.new_event_loop()
        self.failures: list[BaseException | str] = []
        self.loop.set_exception_handler(
            lambda _, context: self.failures.append(context.get("exception") or context["message"])
        )
        self.epoch = "e0"
        self.log: list[Envelope] = []
        self.states = [Tournament(TOURNAMENT_ID)]  # after each event of the log, from the empty one on
        self.clients: list[Client] = []
        self.greetings = Greetings(SETTINGS)
        self.tending = Tending(SETTINGS, renew, lambda: ())
        self.timeline = Timeline(TOURNAMENT_ID, SETTINGS.replay_events_max)
        self.room = Room(self.timeline)
        self.audience = Audience(self.room, lambda audience: None)
        self.seed = 0

    @initialize(seed=st.integers(0, 2**16), size=st.integers(2, 8))
    def open(self, seed: int, size: int) -> None:
        """A tournament with its bracket, and its room."""
        self.seed = seed
        self._carry_out(CreateTournament(name="Cup", entrants=players(size)))
        self._carry_out(GenerateBracket())
        self.timeline.begin(self.epoch, self.log)

    # What happens to the log, and what the room hears of it

    @rule(times=st.integers(1, 6), by_hint=st.booleans())
    def append(self, times: int, by_hint: bool) -> None:
        """Staff do something. The room hears of it, or does not."""
        before = len(self.log)
        for _ in range(times):
            tournament = self.states[-1]
            if tournament.status is TournamentStatus.COMPLETED:
                other = "private" if tournament.visibility == "public" else "public"
                self._carry_out(ChangeVisibility(visibility=other))
            else:
                self._carry_out(at_random(self.seed)(tournament))
        if by_hint:
            self._hear(self.log[before:])

    @rule(data=st.data())
    def hint(self, data: st.DataObject) -> None:
        """The bus repeats any stretch of the log: late, early, again."""
        first = data.draw(st.integers(0, len(self.log) - 1))
        self._hear(self.log[first : data.draw(st.integers(first + 1, len(self.log)))])

    @rule()
    def reread(self) -> None:
        """The log is read to its end, as after a doubt."""
        self._take_in(self.log[self.room.head :])

    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        """The log is cut back to an earlier point, and has a new epoch from then on."""
        kept = data.draw(st.integers(3, len(self.log)))
        self.epoch = f"e{int(self.epoch[1:]) + 1}"
        self.log = [msgspec.structs.replace(envelope, epoch=self.epoch) for envelope in self.log[:kept]]
        del self.states[kept + 1 :]
        self.timeline.begin(self.epoch, self.log)
        self.room.grown(anew=True)
        for client in self._connected():
            assert client.subscriber is not None
            client.subscriber.note(self.greetings.resync(client.subscriber, "unknown_epoch"))

    # What happens to the clients

    @precondition(lambda self: len(self.clients) < 6)
    @rule(view=views, conflate=st.booleans(), beats=st.booleans())
    def arrive(self, view: View, conflate: bool, beats: bool) -> None:
        """Somebody joins afresh, and may want heartbeats as events."""
        client = Client(view, conflate, beats)
        self.clients.append(client)
        self._join(client)

    @precondition(lambda self: self.clients)
    @rule(data=st.data(), stalled=st.booleans())
    def come_back(self, data: st.DataObject, stalled: bool) -> None:
        """Somebody who was cut off resumes, perhaps over a line that does not carry yet."""
        away = [client for client in self.clients if client.wire.ended]
        if away:
            self._join(data.draw(st.sampled_from(away)), stalled=stalled)

    @precondition(lambda self: self.clients)
    @rule(data=st.data(), size=st.integers(0, 2000))
    def cut(self, data: st.DataObject, size: int) -> None:
        """A line breaks, after so many more bytes."""
        client = self._any(data)
        if client.subscriber is not None:
            client.wire.trickle(size)
            client.subscriber.cut(End.CLIENT)

    @precondition(lambda self: self.clients)
    @rule(data=st.data())
    def goodbye(self, data: st.DataObject) -> None:
        """The server drains one of its streams; it ends once the line carries."""
        client = self._any(data)
        if client.subscriber is not None:
            client.subscriber.say_goodbye(End.DRAINING, 200)

    @precondition(lambda self: self.clients)
    @rule(data=st.data())
    def stall(self, data: st.DataObject) -> None:
        """A reader stops reading."""
        self._any(data).wire.stalled = True

    @precondition(lambda self: self.clients)
    @rule(data=st.data(), size=st.integers(0, 2000))
    def trickle(self, data: st.DataObject, size: int) -> None:
        """A slow reader takes a little."""
        self._any(data).wire.trickle(size)

    @precondition(lambda self: self.clients)
    @rule(data=st.data())
    def drain(self, data: st.DataObject) -> None:
        """A reader goes on reading."""
        self._any(data).wire.drain()

    @rule(turns=st.integers(1, 4))
    def fan_out(self, turns: int) -> None:
        """The pass that brings everyone what is new goes on for a while."""
        self.loop.run_until_complete(self._turn(turns))

    @precondition(lambda self: self.clients)
    @rule(seconds=st.sampled_from([0.0, 16.0, 40.0]))
    def tick(self, seconds: float) -> None:
        """The ticker comes by, so much later."""
        for client in self._connected():
            assert client.subscriber is not None
            client.lagged |= client.wire.full
        self._in_loop(lambda: list(self.tending.tend(self.audience, time.monotonic() + seconds)))

    @rule(watching=st.integers(1, 9))
    def whisper(self, watching: int) -> None:
        """Everyone is told how many watch."""
        self._in_loop(lambda: self.audience.whisper(told(TOURNAMENT_ID, watching)))

    # What must hold

    @invariant()
    def nothing_is_lost_repeated_or_made_up(self) -> None:
        """Up to the position that a client has, it holds the log, filtered."""
        assert self.failures == []
        for client in self.clients:
            self._read(client)
            if client.position is None or client.position.epoch != self.epoch:
                continue
            if client.view.projection is FRAGMENTS:
                self._check_parts(client, client.position)
                continue
            shown = self._shown(client, client.base, client.position.seq)
            assert client.seen == [seq for seq in shown if seq in set(client.seen)], "repeated or made up"
            for seq in set(shown) - set(client.seen):
                assert may_be_dropped(client, self.log, seq), f"{seq} is lost at {client.position}"

    @invariant()
    def what_is_shared_is_everyones_own(self) -> None:
        """Who stands in a cohort has a place there, and has been counted what its wire was given."""
        for client in self._connected():
            check_place(client, self.audience)

    def teardown(self) -> None:
        """In the end everybody is back, reads on, and holds everything there is."""
        try:
            if self.log:
                self._settle()
        finally:
            for patch in self._small:
                patch.stop()
            self.loop.close()

    def _settle(self) -> None:
        self.reread()
        for client in self.clients:
            client.wire.drain()
            if client.wire.ended:
                self._read(client)
                self._join(client)
        self.loop.run_until_complete(self._turn(100))
        for client in self.clients:
            assert client.subscriber is not None
            client.subscriber.heartbeat()
        self.nothing_is_lost_repeated_or_made_up()
        for client in self.clients:
            assert client.position == self.room.position, "a client is not told how far it has come"
            if client.view.projection is FRAGMENTS:
                continue
            for seq in self._shown(client, client.base, len(self.log)):
                if seq not in client.seen:
                    assert overtaker(self.log, seq) in client.seen, f"nothing newer came for {seq}"

    # How it is worked out

    def _carry_out(self, command: Command) -> None:
        now = NOW + timedelta(milliseconds=len(self.log))
        for event in decide(self.states[-1], command, now, 1):
            self.states.append(apply(self.states[-1], event))
            envelope = Envelope(
                tournament_id=TOURNAMENT_ID,
                epoch=self.epoch,
                seq=len(self.log) + 1,
                event=event,
                data=encode_event(event),
                at="2026-11-24T12:30:15.250Z",
            )
            self.log.append(envelope)

    def _hear(self, envelopes: Sequence[Envelope]) -> None:
        try:
            self._take_in(envelopes)
        except Gap:
            self.reread()

    def _take_in(self, envelopes: Sequence[Envelope]) -> None:
        def take_in() -> None:
            try:
                self.timeline.extend(envelopes)
            finally:
                self.room.grown()
                self.audience.fan_out()

        self._in_loop(take_in)

    def _in_loop(self, do: Callable[[], object]) -> None:
        async def done() -> None:
            do()

        self.loop.run_until_complete(done())

    @staticmethod
    async def _turn(turns: int) -> None:
        for _ in range(turns):
            await asyncio.sleep(0)

    def _any(self, data: st.DataObject) -> Client:
        return data.draw(st.sampled_from(self.clients))

    def _connected(self) -> list[Client]:
        return [client for client in self.clients if not client.wire.ended]

    def _join(self, client: Client, *, stalled: bool = False) -> None:
        """Let a client in as the hub does."""
        asked = client.position
        if asked is not None and (asked.epoch != self.room.epoch or asked.seq > self.room.head):
            self.reread()
        wire = client.wire = ModelWire(stalled)
        client.read, client.lagged = 0, False
        subscriber, outcome = self.greetings.seat(self.room, client.join(), wire)
        if asked is None:
            expected = "fresh"
        elif asked.epoch != self.epoch:
            expected = "unknown_epoch"
        else:
            far = self.room.head - asked.seq > SETTINGS.replay_events_max
            expected = "too_far_behind" if far else "replayed"
        assert outcome == expected
        client.subscriber = subscriber

        def left() -> None:
            client.subscriber = None
            self.audience.discard(subscriber)

        self.audience.add(subscriber)
        wire.attach(subscriber.pump, left)
        subscriber.pump()

    def _read(self, client: Client) -> None:
        """Let a client take in what has arrived."""
        for block in client.blocks():
            if block.raw == b":":
                continue
            if block.event == "connection_established":
                self._check_receipt(client, block.payload["resume"])
            elif block.event == "resync":
                check_resync(block.payload)
            elif block.event is not None and block.event in EVENT_TYPES:
                assert block.id is not None
                client.seen.append(Position.parse(block.id).seq)
            elif block.event is None and block.data is not None and block.data != "everything":
                for kind, key, revision in map(str.split, block.data.split("\n")):
                    client.held[Part(kind, int(key))] = int(revision)
            if block.id is not None:
                self._move(client, block, Position.parse(block.id))

    def _move(self, client: Client, block: Frame, position: Position) -> None:
        afresh = block.event in ("connection_established", "resync") or block.data == "everything"
        if afresh:
            client.start(position)
        elif client.position is not None and client.position.epoch == position.epoch:
            assert position.seq > client.position.seq, "a position went back, or came twice"
        client.position = position

    def _check_receipt(self, client: Client, receipt: dict[str, Any]) -> None:
        asked = receipt["asked"]
        assert asked == (None if client.position is None else str(client.position))
        if client.position is None or receipt["lost"]:
            assert receipt["replayed"] == 0
        elif client.position.epoch == self.epoch:
            # the room has at most grown since; what it had then was all of these
            assert receipt["replayed"] <= len(self._shown(client, client.position.seq, len(self.log)))

    def _check_parts(self, client: Client, position: Position) -> None:
        """Whoever follows the parts holds each that a shown event changed, no older than that change."""
        newest: dict[Part, int] = {}
        named: set[Part] = set()
        for seq in self._shown(client, client.base, position.seq):
            newest |= dict.fromkeys(changed(self.states[seq - 1], self.states[seq]), seq)
            if client.view.filter:
                named |= {match_part(number) for number in matches_of(self.log[seq - 1].event)}
        assert client.held.keys() == newest.keys() | named, "a part is lost, or one was not asked for"
        for part, revision in client.held.items():
            assert newest.get(part, 0) <= revision <= self.states[position.seq].revision(part)

    def _shown(self, client: Client, after: int, to: int) -> list[int]:
        """What a client's filter lets through of a stretch of the log, by what was so at the time."""
        chosen = client.view.filter
        seqs = range(after + 1, to + 1)
        return [seq for seq in seqs if passes(chosen, self.log[seq - 1].event, self.states[seq])]


CursorMachine.TestCase.settings = hypothesis_settings(max_examples=150, stateful_step_count=40)
TestCursor = CursorMachine.TestCase
