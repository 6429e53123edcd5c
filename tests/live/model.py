"""What the cursor model is made of: a wire in memory, clients that read it, projections that tell what
they show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from quart_app.actions.services import utc_now
from quart_app.auth.tokens import FEED, Grant
from quart_app.domain.events import EVENT_TYPES, BracketUpdated, Envelope, Event
from quart_app.domain.parts import Part
from quart_app.domain.state.tournament import Tournament
from quart_app.live.rooms.audience import Audience
from quart_app.live.rooms.cohort import Cohort
from quart_app.live.streams.join import Join
from quart_app.live.streams.position import Position
from quart_app.live.streams.subscriber import Subscriber
from quart_app.live.streams.views import Filter, View, view_of
from quart_app.live.wires.port import NO_DESCRIPTOR, Block, OneByOne
from quart_app.settings import Settings
from tests.server import Frame

TOURNAMENT_ID = 7
CONFLATED = "score_updated"
SETTINGS = Settings.for_tests(replay_events_max=12, lag_seconds_max=30.0, heartbeat_seconds=15.0)
GRANT = Grant(
    subject="spectator",
    audience=FEED,
    tournament_id=TOURNAMENT_ID,
    role="spectator",
    jti="of-the-model",
    expires_at=utc_now() + timedelta(hours=1),
    staff_id=None,
)


class ModelFleet(OneByOne):
    """A fleet that lets the clock be read often."""

    at_once = 2


MODEL_FLEET = ModelFleet()


class ModelWire:
    """A wire in memory. ``stalled``, it takes one block more and is full, until ``drain``."""

    fleet = MODEL_FLEET
    descriptor = NO_DESCRIPTOR

    def __init__(self, stalled: bool = False) -> None:
        self.full = False
        self.stalled = stalled
        self.ended = False
        self.arrived = b""
        self.written = 0  # bytes that it was ever given
        self._unsent = b""
        self._on_drain: Callable[[], None] = lambda: None
        self._on_closed: Callable[[], None] = lambda: None

    def attach(self, on_drain: Callable[[], None], on_closed: Callable[[], None]) -> None:
        """Remember who is to be told."""
        self._on_drain, self._on_closed = on_drain, on_closed

    def write(self, block: Block) -> None:
        """Let a block arrive, or hold it while stalled."""
        assert not self.full, "written to a full wire"
        assert not self.ended, "written to an ended wire"
        self.written += len(block.raw)
        if self.stalled:
            self._unsent = block.raw
            self.full = True
        else:
            self.arrived += block.raw

    def close(self) -> None:
        """End in good order."""
        assert not self.full, "closed before everything was out"
        self._end()

    def abort(self) -> None:
        """End now; what is unsent is lost."""
        self._end()

    def trickle(self, size: int) -> None:
        """Let some of what is unsent arrive. The wire is full all the same."""
        self.arrived += self._unsent[:size]
        self._unsent = self._unsent[size:]

    def drain(self) -> None:
        """Let everything arrive, now and from now on."""
        self.stalled = False
        if self.full and not self.ended:
            self.arrived += self._unsent
            self._unsent = b""
            self.full = False
            self._on_drain()

    def _end(self) -> None:
        if not self.ended:
            self.ended = True
            self._on_closed()


@dataclass
class Client:
    """Somebody who watches, is cut off, and comes back.

    ``seen`` is what it got since ``base``, as seqs; ``held`` the parts that it got, with their revisions.
    """

    view: View
    conflate: bool
    beats: bool = False
    position: Position | None = None
    base: int = 0
    seen: list[int] = field(default_factory=list)
    held: dict[Part, int] = field(default_factory=dict)
    lagged: bool = False
    wire: ModelWire = field(default_factory=ModelWire)
    subscriber: Subscriber | None = None
    read: int = 0

    def join(self) -> Join:
        """What it asks for when it connects."""
        return Join(
            tournament_id=TOURNAMENT_ID,
            view=self.view,
            grant=GRANT,
            asked=self.position,
            conflate=self.conflate,
            beats=self.beats,
        )

    def blocks(self) -> list[Frame]:
        """What has arrived whole since the last look."""
        whole, _, _ = self.wire.arrived[self.read :].rpartition(b"\n\n")
        if not whole:
            return []
        self.read += len(whole) + 2
        return [Frame.parse(raw) for raw in whole.split(b"\n\n")]

    def start(self, position: Position) -> None:
        """Hold the state at a position, and nothing else."""
        self.base, self.seen, self.held = position.seq, [], {}


def render_parts(tournament: Tournament, parts: frozenset[Part]) -> str:
    """What stands for fragments here: a line for each part, with its revision."""
    return "\n".join(f"{part.kind} {part.key} {tournament.revision(part)}" for part in sorted(parts))


@dataclass(frozen=True, eq=False)
class ModelProjection:
    """A projection of the model's own."""

    name: str
    whole: Callable[[str, Tournament], bytes]
    changes: Callable[[Tournament, frozenset[Part]], str] | None = None


JSON = ModelProjection("json", lambda epoch, state: b'{"position":"%s-%d"}' % (epoch.encode(), state.seq))
FRAGMENTS = ModelProjection("page", lambda epoch, state: b"everything", render_parts)


async def renew(grant: Any, visibility: str) -> tuple[str, Any]:
    """No grant of the model's ends."""
    raise AssertionError("nobody asked for a fresh token")


def matches_of(event: Event) -> set[int]:
    """The matches that an event tells of, said anew so that the product's own saying is checked."""
    if isinstance(event, BracketUpdated):
        return set(event.updated_nodes)
    return {event.match_id} if hasattr(event, "match_id") else set()


filters = st.builds(
    Filter,
    matches=st.frozensets(st.integers(1, 7), max_size=2),
    participants=st.frozensets(st.integers(1, 8), max_size=2),
    types=st.frozensets(st.sampled_from(sorted(EVENT_TYPES)), max_size=3),
)
views = st.just(view_of(JSON, Filter())) | st.builds(
    view_of, st.sampled_from((JSON, FRAGMENTS)), st.just(Filter()) | filters
)


def overtaker(log: Sequence[Envelope], seq: int) -> int | None:
    """The newest score of the same match, where the event is an older one."""
    event = log[seq - 1].event
    newer = [
        other.seq
        for other in log[seq:]
        if event.type == other.event.type == CONFLATED and matches_of(other.event) == matches_of(event)
    ]
    return newer[-1] if newer else None


def passes(chosen: Filter, event: Event, state: Tournament) -> bool:
    """Whether a filter lets an event through that led to a state, said anew as well."""
    about = matches_of(event)
    playing = {slot.participant_id for number in about for slot in state.matches[number].slots}
    return (
        (not chosen.types or event.type in chosen.types)
        and (not chosen.matches or bool(chosen.matches & about))
        and (not chosen.participants or bool(chosen.participants & playing))
    )


def check_resync(told: dict[str, Any]) -> None:
    """A client is put at the head only for a reason that is true."""
    asked, head = (Position.parse(told[name]) for name in ("asked", "head"))
    if told["reason"] == "too_far_behind":
        assert head.seq - asked.seq > SETTINGS.replay_events_max
    else:
        assert (told["reason"], asked.epoch == head.epoch) == ("unknown_epoch", False)


def check_place(client: Client, audience: Audience) -> None:
    """Who stands in a cohort has a place there, and is counted what its own wire was given."""
    subscriber = client.subscriber
    assert subscriber is not None
    assert (subscriber.cohort is None) == (subscriber in audience.loose)
    assert subscriber.counted[1] == client.wire.written
    if isinstance(subscriber.cohort, Cohort):
        assert subscriber.cohort.members[subscriber.place] is subscriber
        assert not client.wire.full


def may_be_dropped(client: Client, log: Sequence[Envelope], seq: int) -> bool:
    """Whether conflation explains that a client was not told this event."""
    return client.conflate and client.lagged and overtaker(log, seq) is not None
