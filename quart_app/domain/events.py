"""The facts: what a tournament's log holds, and what its feed sends.

An event's ``data`` is its struct, field for field, so that what a feed sends *is* the log, read forward.
The four that follow play (``match_started``, ``score_updated``, ``match_completed``, ``bracket_updated``)
keep exactly these keys for ever; a field with a default is sent only when it differs from it, so that the
common event carries exactly the keys of the contract. Times are RFC 3339, UTC, with ``Z``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A fact of a tournament: past tense, small, never changed once logged."""

    type: ClassVar[str]
    version: ClassVar[int] = 1

    tournament_id: int


class Entrant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One line of the draw: a participant, or a bye at that line (then ``id`` and ``name`` are None)."""

    id: int | None
    name: str | None
    seed: int | None = None


class SlotPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a slot's participant comes from: exactly one of the fields, or ``bye``."""

    participant: int | None = None
    winner_of: int | None = None
    loser_of: int | None = None
    bye: bool = False


class MatchPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One match of a feeder graph. ``match_id`` is unique in its tournament and runs in play order."""

    match_id: int
    stage: str
    round: int
    position: int
    slots: tuple[SlotPlan, SlotPlan]
    best_of: int = 1


class NextMatch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A match that a result moved somebody into, as ``bracket_updated`` lists it."""

    match_id: int
    round: int
    position: int
    participant1_id: int | None
    participant2_id: int | None


class TournamentCreated(Event, frozen=True, kw_only=True):
    """A tournament was opened. ``seeding`` is ``standard`` or ``given``."""

    type: ClassVar[str] = "tournament_created"

    name: str
    format: str
    seeding: str
    third_place: bool
    visibility: str
    created_at: str


class ParticipantsRegistered(Event, frozen=True, kw_only=True):
    """The whole list of entrants, replacing any earlier one; allowed until the bracket is generated."""

    type: ClassVar[str] = "participants_registered"

    entrants: tuple[Entrant, ...]
    registered_at: str


class BracketGenerated(Event, frozen=True, kw_only=True):
    """The feeder graph as built: a later version of the generator must not change an old bracket."""

    type: ClassVar[str] = "bracket_generated"

    bracket_id: int
    rounds: tuple[str, ...]
    matches: tuple[MatchPlan, ...]
    generated_at: str


class VisibilityChanged(Event, frozen=True, kw_only=True):
    """The tournament was made ``public`` or ``private``."""

    type: ClassVar[str] = "visibility_changed"

    visibility: str
    changed_at: str


class MatchStarted(Event, frozen=True, kw_only=True):
    """A match is being played, at 0–0."""

    type: ClassVar[str] = "match_started"

    match_id: int
    participant1_id: int
    participant1_name: str
    participant2_id: int
    participant2_name: str
    scheduled_time: str | None
    bracket_round: int
    bracket_position: int


class ScoreUpdated(Event, frozen=True, kw_only=True):
    """The score of a live match is now this one. ``updated_by`` is a staff id, None from outside."""

    type: ClassVar[str] = "score_updated"

    match_id: int
    participant1_score: int
    participant2_score: int
    updated_at: str
    updated_by: int | None


class MatchCompleted(Event, frozen=True, kw_only=True):
    """A result is confirmed. On a double walkover there is neither a winner nor a loser.

    ``participant1_tiebreak`` and its twin settle a level score (a shoot-out); scores are None where a
    walkover came before play.
    """

    type: ClassVar[str] = "match_completed"

    match_id: int
    winner_id: int | None
    winner_name: str | None
    loser_id: int | None
    loser_name: str | None
    participant1_score: int | None
    participant2_score: int | None
    confirmed_at: str
    confirmed_by: int | None
    walkover: bool = False
    participant1_tiebreak: int | None = None
    participant2_tiebreak: int | None = None
    notes: str | None = None


class BracketUpdated(Event, frozen=True, kw_only=True):
    """What a result moved: the matches whose slots changed, and where the players go next."""

    type: ClassVar[str] = "bracket_updated"

    bracket_id: int
    updated_nodes: tuple[int, ...]
    next_matches: tuple[NextMatch, ...]
    bracket_status: str
    updated_at: str


EVENT_TYPES: Mapping[str, type[Event]] = {
    kind.type: kind
    for kind in (
        TournamentCreated,
        ParticipantsRegistered,
        BracketGenerated,
        VisibilityChanged,
        MatchStarted,
        ScoreUpdated,
        MatchCompleted,
        BracketUpdated,
    )
}
"""Each event's class by the name it has in the log and on the wire."""

_encoder = msgspec.json.Encoder()
_decoders: Mapping[str, msgspec.json.Decoder[Event]] = {
    name: msgspec.json.Decoder(kind) for name, kind in EVENT_TYPES.items()
}


class UnknownEvent(Exception):
    """The log holds an event that this version cannot read: it was written by a newer one."""


def encode_event(event: Event) -> bytes:
    """The event's ``data`` as JSON bytes, UTF-8, without a line break."""
    return _encoder.encode(event)


def decode_event(type_name: str, version: int, data: bytes | str) -> Event:
    """The event that ``encode_event`` wrote, whatever version it was written under.

    Raises UnknownEvent for a type or version that this code does not know, and for unknown or missing
    fields: a log that is misread quietly is worse than one that is not read.
    """
    decoder = _decoders.get(type_name)
    if decoder is None or version > EVENT_TYPES[type_name].version:
        raise UnknownEvent(f"event {type_name!r} version {version} is newer than this program")
    try:
        return decoder.decode(data)
    except msgspec.DecodeError as error:
        raise UnknownEvent(f"event {type_name!r} cannot be read: {error}") from error


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """An event with its place in the log. ``data`` is the event encoded once, shared by everyone.

    ``epoch`` names the log's incarnation, ``seq`` counts 1, 2, 3 … in it without a gap; ``at`` is when it
    was logged (RFC 3339) and ``actor_id`` the staff member who caused it, None for a source outside.
    """

    tournament_id: int
    epoch: str
    seq: int
    event: Event
    data: bytes
    at: str
    actor_id: int | None = None

    @property
    def id(self) -> str:
        """The event's id on the wire, ``<epoch>-<seq>``."""
        return f"{self.epoch}-{self.seq}"


def rfc3339(moment: datetime) -> str:
    """An aware datetime as RFC 3339 in UTC with milliseconds and ``Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
