"""What a table counts: matches that are decided, rounds without one, and matches still to come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Outcome:
    """A decided match. ``sides`` are participants' ids; ``score`` is goals, or games won, None without play.

    Without a winner it was ``drawn``, or a double walkover, which both have lost.
    """

    match_id: int
    round: int
    sides: tuple[int, int]
    score: tuple[int, int] | None = None
    games: tuple[tuple[int, int], ...] = ()
    winner_id: int | None = None
    drawn: bool = False
    walkover: bool = False


@dataclass(frozen=True, slots=True)
class Unplayed:
    """A round in which a participant had no match, with the points that this brought. ``requested`` tells an
    absence from the bye of an odd number."""

    round: int
    participant_id: int
    points: Fraction
    requested: bool = False


@dataclass(frozen=True, slots=True)
class Pairing:
    """A match that is not decided yet."""

    match_id: int
    round: int
    sides: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that a table counts.

    ``lots`` are places in a draw of lots, 1 first. ``conduct`` are points of conduct, the higher the better.
    ``ranking`` is from outside (a seed, a world ranking), the lower the better. ``rounds`` are the rounds
    that have been paired, where they are paired one by one.
    """

    entrants: tuple[int, ...]
    outcomes: tuple[Outcome, ...] = ()
    unplayed: tuple[Unplayed, ...] = ()
    lots: Mapping[int, int] = field(default_factory=dict)
    conduct: Mapping[int, int] = field(default_factory=dict)
    ranking: Mapping[int, int] = field(default_factory=dict)
    rounds: int | None = None
