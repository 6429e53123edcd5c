"""A stage: one format's part of a tournament, its rounds with their progress, and its places."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import groupby

from quart_app.domain.bracket.match import Match
from quart_app.domain.events import BracketGenerated
from quart_app.domain.formats import FORMATS, Places


@dataclass(frozen=True, slots=True)
class Round:
    """A round with its progress; byes do not count.

    ``match_ids`` are in the order of their positions. ``played`` says how many of them people see played, by
    the end of it; ``completed`` how many of those are decided; ``done`` that nothing more will happen.
    """

    number: int
    name: str
    short: str
    match_ids: tuple[int, ...]
    played: int = 0
    completed: int = 0
    done: bool = False

    def counted(self, matches: Mapping[int, Match]) -> Round:
        """The round as these matches leave it; itself where its progress is the same."""
        mine = [matches[match_id] for match_id in self.match_ids]
        played = sum(match.played for match in mine)
        completed = sum(match.played and match.decided for match in mine)
        done = all(match.decided for match in mine)
        if (played, completed, done) == (self.played, self.completed, self.done):
            return self
        return replace(self, played=played, completed=completed, done=done)


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage as it stands. ``places`` are those that are certain by now."""

    format: str
    rounds: tuple[Round, ...]
    places: Places = ()

    def moved(
        self, before: Mapping[int, Match], matches: Mapping[int, Match], touched: Iterable[int]
    ) -> Stage:
        """The stage once the ``touched`` matches have changed; what stays the same is the same object."""
        numbers = {
            matches[match_id].plan.round
            for match_id in touched
            if _counts(before[match_id]) != _counts(matches[match_id])
        }
        if not numbers:
            return self
        rounds = tuple(each.counted(matches) if each.number in numbers else each for each in self.rounds)
        places = FORMATS[self.format].places(matches)
        return Stage(self.format, rounds, places if places != self.places else self.places)


def _counts(match: Match) -> tuple[bool, bool, int | None]:
    """What the progress of a round, and the places, go by."""
    return match.played, match.decided, match.winner_id


def opened(format: str, event: BracketGenerated, matches: Mapping[int, Match]) -> Stage:
    """The stage that a drawn bracket opens."""
    ordered = sorted(event.matches, key=lambda plan: (plan.round, plan.position))
    ids = {
        number: tuple(plan.match_id for plan in plans)
        for number, plans in groupby(ordered, key=lambda plan: plan.round)
    }
    shorts = event.short_rounds or event.rounds
    rounds = tuple(
        Round(number, event.rounds[number - 1], shorts[number - 1], match_ids).counted(matches)
        for number, match_ids in ids.items()
    )
    return Stage(format, rounds, FORMATS[format].places(matches))
