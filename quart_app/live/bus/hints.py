"""How a hint travels between workers: the message of a tournament's channel, and what waits to be sent."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from quart_app.domain.events import Envelope, decode_event

MESSAGE_BYTES_MAX = 65_536
EVENTS_MAX = 100
"""A message that would be larger, or hold more events, only says where the log stands."""


class RelayedEvent(msgspec.Struct, frozen=True):
    """An envelope on its way; ``data`` is the log's own bytes."""

    tournament_id: int
    epoch: str
    seq: int
    type: str
    version: int
    data: msgspec.Raw
    at: str
    actor_id: int | None = None


class Hint(msgspec.Struct, frozen=True):
    """A log has reached ``head``, by these ``events`` or by some that have to be read.

    ``sender`` names the bus that published it: that process has heard it already.
    """

    sender: str
    head: int
    events: tuple[RelayedEvent, ...] = ()

    def envelopes(self, tournament_id: int) -> tuple[Envelope, ...]:
        """The events, as the sender had them.

        Raises UnknownEvent for one that this version cannot read, and msgspec.ValidationError unless they
        are of this tournament, without a gap, and end at the head.
        """
        for seq, each in enumerate(self.events, self.head - len(self.events) + 1):
            if (each.tournament_id, each.seq) != (tournament_id, seq):
                raise msgspec.ValidationError(f"event {each.seq} of {each.tournament_id} is out of place")
        return tuple(
            Envelope(
                tournament_id=each.tournament_id,
                epoch=each.epoch,
                seq=each.seq,
                event=decode_event(each.type, each.version, bytes(each.data)),
                data=bytes(each.data),
                at=each.at,
                actor_id=each.actor_id,
            )
            for each in self.events
        )


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Hint)


def encode_hint(sender: str, head: int, envelopes: Sequence[Envelope]) -> bytes:
    """The message, JSON, with the events inline as far as MESSAGE_BYTES_MAX allows."""
    events = tuple(
        RelayedEvent(
            each.tournament_id,
            each.epoch,
            each.seq,
            each.event.type,
            each.event.version,
            msgspec.Raw(each.data),
            each.at,
            each.actor_id,
        )
        for each in envelopes
    )
    message = _encoder.encode(Hint(sender, head, events))
    return message if len(message) <= MESSAGE_BYTES_MAX else _encoder.encode(Hint(sender, head))


def decode_hint(message: bytes) -> Hint:
    """The hint in a message. Raises msgspec.DecodeError if it is none."""
    return _decoder.decode(message)


class Outbox:
    """What waits to be published: the newest hint of each tournament, and notices as messages.

    However long it waits, it holds no more than EVENTS_MAX events of a tournament. ``tried`` is set once
    publishing it has been tried, whether or not it worked.
    """

    def __init__(self) -> None:
        self.hints: dict[int, tuple[int, tuple[Envelope, ...]]] = {}
        self.notices: dict[bytes, None] = {}
        self.tried = asyncio.Event()

    def __bool__(self) -> bool:
        return bool(self.hints or self.notices)

    def add(self, tournament_id: int, head: int, envelopes: tuple[Envelope, ...]) -> None:
        """Let events join what waits, if they follow on it or overlap with it; else the higher head wins, and
        a gap is reread."""
        waiting_head, waiting = self.hints.get(tournament_id, (0, ()))
        joined = waiting + tuple(each for each in envelopes if each.seq > waiting_head)
        seqs = [each.seq for each in joined]
        if waiting and len(joined) <= EVENTS_MAX and seqs == list(range(seqs[0], head + 1)):
            self.hints[tournament_id] = (head, joined)
        elif head > waiting_head:
            self.hints[tournament_id] = (head, envelopes if len(envelopes) <= EVENTS_MAX else ())

    def put_back(self, failed: Outbox) -> None:
        """Keep the notices of what failed, and where each log stands: the log has the rest."""
        for tournament_id, (head, _) in failed.hints.items():
            self.add(tournament_id, head, ())
        self.notices = failed.notices | self.notices
