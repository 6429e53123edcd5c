"""The wishes: what somebody asks of a tournament. Plain data, not yet allowed and perhaps impossible.

``web/forms`` and the API read requests into these; ``decisions.decide`` answers with events or a refusal.
"""

from __future__ import annotations

from dataclasses import dataclass

SEEDINGS = ("standard", "given")
PUBLIC = "public"
PRIVATE = "private"
VISIBILITIES = (PUBLIC, PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntrantLine:
    """One line of a list of participants. ``name`` is None on a line that is a bye (``given`` draws only)."""

    name: str | None
    seed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTournament:
    """Open a tournament with its list of participants; the draw can still change."""

    name: str
    entrants: tuple[EntrantLine, ...]
    format: str = "single_elimination"
    seeding: str = "standard"
    third_place: bool = False
    visibility: str = PUBLIC


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterParticipants:
    """Replace the list of participants, while there is no bracket yet. ``version`` is the seq of the state
    that the list was made from; None replaces whatever is there."""

    entrants: tuple[EntrantLine, ...]
    version: int | None = None


@dataclass(frozen=True, slots=True)
class GenerateBracket:
    """Fix the draw and build the bracket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeVisibility:
    """Make the tournament ``public`` or ``private``."""

    visibility: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartMatch:
    """Begin a match that is ready. ``scheduled_time`` is RFC 3339, or None."""

    match_id: int
    scheduled_time: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateScore:
    """Set the score of a live match. ``version`` is the match's version as the caller saw it."""

    match_id: int
    participant1_score: int
    participant2_score: int
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmResult:
    """Settle a match.

    The score decides. A level score needs the two tie-break scores (a shoot-out). ``walkover`` settles the
    match without regard to the score: ``winner_id`` goes on, or nobody where it is None. Naming a winner
    before any play is a walkover by itself.
    """

    match_id: int
    winner_id: int | None = None
    walkover: bool = False
    participant1_tiebreak: int | None = None
    participant2_tiebreak: int | None = None
    notes: str | None = None
    version: int | None = None


Command = (
    CreateTournament
    | RegisterParticipants
    | GenerateBracket
    | ChangeVisibility
    | StartMatch
    | UpdateScore
    | ConfirmResult
)
"""Any wish."""
