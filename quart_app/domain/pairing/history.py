"""What a pairing goes by: the contenders, each with all rounds so far."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Result = Literal["won", "drawn", "lost", "forfeit_won", "forfeit_lost", "bye", "absent"]
"""How a round went for one of them. A bye is that of an odd number."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """A round of one contender. Without a match there is no opponent and no side; ``first`` is side 1, the
    white pieces."""

    result: Result
    opponent_id: int | None = None
    first: bool = True


@dataclass(frozen=True, slots=True)
class Contender:
    """Somebody in a Swiss. ``number`` is the pairing number, 1 for the strongest; ``rounds`` has an entry for
    each round that was paired. Who is not ``present`` is not paired."""

    participant_id: int
    name: str
    number: int
    rounds: tuple[Meeting, ...] = ()
    present: bool = True


@dataclass(frozen=True, slots=True)
class Worth:
    """What results bring, in tenths of a point."""

    win: int = 10
    draw: int = 5
    loss: int = 0

    def of(self, result: Result) -> int:
        """What a round brought. A bye counts as a win, an absence and a forfeit nothing."""
        match result:
            case "won" | "forfeit_won" | "bye":
                return self.win
            case "drawn":
                return self.draw
            case "lost":
                return self.loss
        return 0


def worth(win: Fraction, draw: Fraction, loss: Fraction) -> Worth:
    """The points of a rule set in tenths."""
    return Worth(int(win * 10), int(draw * 10), int(loss * 10))
