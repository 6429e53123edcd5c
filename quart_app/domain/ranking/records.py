"""How each participant has fared, counted once for a whole table: the matches from their side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from quart_app.domain.ranking.outcomes import Facts, Outcome

ZERO = Fraction(0)

Worth = Callable[[Outcome, int], Fraction]
"""What an outcome is worth to a side."""


@dataclass(frozen=True, slots=True)
class Played:
    """A decided match from one side. ``won`` and ``lost`` are both False on a draw."""

    round: int
    opponent: int
    points: Fraction
    scored: int
    conceded: int
    won: bool
    lost: bool
    walkover: bool
    game_points: tuple[int, int]


@dataclass
class Record:
    """All that one participant has done: their matches, and their rounds without one."""

    matches: list[Played] = field(default_factory=list)
    byes: list[tuple[int, Fraction, bool]] = field(default_factory=list)

    @cached_property
    def points(self) -> Fraction:
        """Of matches and byes together."""
        counted = [each.points for each in self.matches] + [points for _, points, _ in self.byes]
        # a table has few different values: to count them is quicker than to add up fractions
        return sum((value * times for value, times in Counter(counted).items()), ZERO)

    def against(self, opponents: Iterable[int]) -> list[Played]:
        """The matches against these."""
        wanted = frozenset(opponents)
        return [each for each in self.matches if each.opponent in wanted]


Records = Mapping[int, Record]
"""The records by participant."""


def records_of(facts: Facts, worth: Worth) -> Records:
    """The records of all entrants."""
    records = {who: Record() for who in facts.entrants}
    for outcome in sorted(facts.outcomes, key=lambda each: (each.round, each.match_id)):
        score = outcome.score or (0, 0)
        totals = tuple(sum(game[side] for game in outcome.games) for side in (0, 1))
        for side in (0, 1):
            who, opponent = outcome.sides[side], outcome.sides[1 - side]
            if who not in records:
                continue
            won = outcome.winner_id == who
            records[who].matches.append(
                Played(
                    outcome.round,
                    opponent,
                    worth(outcome, side),
                    score[side],
                    score[1 - side],
                    won,
                    not won and not outcome.drawn,
                    outcome.walkover,
                    (totals[side], totals[1 - side]),
                )
            )
    for bye in facts.unplayed:
        if bye.participant_id in records:
            records[bye.participant_id].byes.append((bye.round, bye.points, bye.requested))
    return records
