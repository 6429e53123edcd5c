"""Events to bytes and back, across versions, and the envelope that gives one its place in a log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from quart_app.domain.events.base import Event
from quart_app.domain.events.draw import THIRD_PLACE, BracketGenerated, BracketUpdated
from quart_app.domain.events.lifecycle import (
    TournamentArchived,
    TournamentCancelled,
    TournamentDeleted,
    TournamentPostponed,
    TournamentResumed,
)
from quart_app.domain.events.people import (
    ParticipantReinstated,
    ParticipantRenamed,
    ParticipantReplaced,
    ParticipantWithdrawn,
)
from quart_app.domain.events.play import (
    MatchCompleted,
    MatchReopened,
    MatchStarted,
    MatchVoided,
    ScoreUpdated,
)
from quart_app.domain.events.setup import ParticipantsRegistered, TournamentCreated, VisibilityChanged
from quart_app.domain.events.stages import (
    ConductRecorded,
    LotsDrawn,
    ParticipantAdded,
    RoundPaired,
    RoundUnpaired,
)
from quart_app.domain.words import THIRD_PLACE_LABEL, match_label, short_round_name
from quart_app.errors import Unavailable

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
        RoundPaired,
        RoundUnpaired,
        LotsDrawn,
        ConductRecorded,
        ParticipantAdded,
        MatchReopened,
        ParticipantRenamed,
        ParticipantReplaced,
        ParticipantWithdrawn,
        ParticipantReinstated,
        MatchVoided,
        TournamentPostponed,
        TournamentCancelled,
        TournamentResumed,
        TournamentArchived,
        TournamentDeleted,
    )
}
"""Each event's class by the name it has in the log and on the wire."""

_Data = dict[str, Any]

_encoder = msgspec.json.Encoder()
_decoders: Mapping[str, msgspec.json.Decoder[Event]] = {
    name: msgspec.json.Decoder(kind) for name, kind in EVENT_TYPES.items()
}


class UnknownEvent(Unavailable):
    """The log holds an event that this version cannot read: it was written by a newer one. ``cause`` says
    which, for the operator's log."""

    code = "service.log_newer"
    told = "This tournament is run by a newer version that is being installed. Try again shortly."

    def __init__(self, cause: str) -> None:
        super().__init__(self.told)
        self.cause = cause

    def __str__(self) -> str:
        return self.cause or self.detail


class DamagedEvent(UnknownEvent):
    """The log holds what no version has written: no other worker can help, it has to be mended."""

    code = "service.log_damaged"
    told = "The log of this tournament is damaged. Whoever runs this site has to mend it."


def _words_into_the_plan(data: _Data) -> _Data:
    """Version 1 knew one format, and left short names of rounds and matches to whoever showed them."""
    shorts = [short_round_name(name) for name in data["rounds"]]
    for plan in data["matches"]:
        third = plan["stage"] == THIRD_PLACE
        label = THIRD_PLACE_LABEL if third else match_label(shorts[plan["round"] - 1], plan["position"])
        plan["label"] = label
    return data | {"short_rounds": shorts}


UPCASTERS: Mapping[tuple[str, int], Callable[[_Data], _Data]] = {
    (BracketGenerated.type, 1): _words_into_the_plan,
}
"""What makes an event's data of one version that of the next."""


def encode_event(event: Event) -> bytes:
    """The event's ``data`` as JSON bytes, UTF-8, without a line break."""
    return _encoder.encode(event)


def decode_event(type_name: str, version: int, data: bytes | str) -> Event:
    """The event that ``encode_event`` wrote, whatever version it was written under.

    Raises UnknownEvent for a type, version or field that this code does not know, and DamagedEvent for what
    cannot be read otherwise: a log that is misread quietly is worse than one that is not read.
    """
    decoder = _decoders.get(type_name)
    if decoder is None or version > EVENT_TYPES[type_name].version:
        raise UnknownEvent(f"event {type_name!r} version {version} is newer than this program")
    try:
        if version == EVENT_TYPES[type_name].version:
            return decoder.decode(data)
        older = msgspec.json.decode(data, type=_Data)
        for each in range(version, EVENT_TYPES[type_name].version):
            older = UPCASTERS[type_name, each](older)
        return msgspec.convert(older, EVENT_TYPES[type_name])
    except Exception as error:  # an upcaster may stumble over anything
        # a newer version may add a field without raising the event's version
        kind = UnknownEvent if "unknown field" in str(error) else DamagedEvent
        raise kind(f"event {type_name!r} cannot be read: {error}") from error


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
