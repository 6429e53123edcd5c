"""A stage: one format's part of a tournament, its rounds with their progress, its groups, and its places."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from itertools import groupby

import msgspec
from msgspec.structs import replace as altered

from quart_app.domain.bracket.match import Match
from quart_app.domain.events import GroupPlan, StageSettings
from quart_app.domain.formats import FORMATS, Format, Places
from quart_app.domain.ranking import ruleset_of
from quart_app.domain.state.group import Group


class Round(msgspec.Struct, frozen=True):
    """A round with its progress; byes do not count.

    ``match_ids`` are in the order of their positions. ``played`` says how many of them people see played, by
    the end of it; ``completed`` how many of those are decided; ``open`` how many of all are not. ``side`` is
    that of a double elimination.
    """

    number: int
    name: str
    short: str
    match_ids: tuple[int, ...]
    side: str = ""
    played: int = 0
    completed: int = 0
    open: int = 0

    @property
    def done(self) -> bool:
        """Whether it has matches, and nothing more will happen in them."""
        return bool(self.match_ids) and not self.open

    def counted(self, matches: Mapping[int, Match]) -> Round:
        """The round as these matches leave it."""
        progress = [_progress(matches[match_id]) for match_id in self.match_ids]
        played, completed, still_open = (
            (sum(counts) for counts in zip(*progress, strict=True)) if progress else (0, 0, 0)
        )
        return altered(self, played=played, completed=completed, open=still_open)

    def moved(self, before: Iterable[Match], after: Iterable[Match]) -> Round:
        """The round once some of its matches have changed; itself where its progress is the same."""
        played, completed, still_open = self.played, self.completed, self.open
        for matches, sign in ((before, -1), (after, 1)):
            for match in matches:
                counts = _progress(match)
                played += sign * counts[0]
                completed += sign * counts[1]
                still_open += sign * counts[2]
        if (played, completed, still_open) == (self.played, self.completed, self.open):
            return self
        return altered(self, played=played, completed=completed, open=still_open)


def _progress(match: Match) -> tuple[int, int, int]:
    """What a match adds to its round: played, completed, open."""
    played, decided = match.played, match.decided
    return int(played), int(played and decided), int(not decided)


class Stage(msgspec.Struct, frozen=True):
    """A stage as it stands. ``match_ids`` are its matches in play order; ``lots`` were drawn among those who
    came to one place in several groups."""

    number: int
    settings: StageSettings
    rounds: tuple[Round, ...]
    groups: tuple[Group, ...] = ()
    match_ids: tuple[int, ...] = ()
    lots: Mapping[int, int] = msgspec.field(default_factory=dict)

    @property
    def format(self) -> Format:
        """The format."""
        return FORMATS[self.settings.format]

    @property
    def name(self) -> str:
        """What people call the stage."""
        return self.settings.name or self.format.title

    def places(self, matches: Mapping[int, Match]) -> Places:
        """The places that are certain by now: of the matches, or of the table where all play in one."""
        if len(self.groups) == 1:
            return tuple(sorted(self.groups[0].final.items()))
        if self.groups:
            return ()
        return self.format.places({match_id: matches[match_id] for match_id in self.match_ids})

    @property
    def complete(self) -> bool:
        """Whether nothing more will happen in it."""
        paired = [each for each in self.rounds if each.match_ids or not self.deserted]
        return all(each.done for each in paired) and all(group.complete for group in self.groups)

    @property
    def deserted(self) -> bool:
        """Whether it is paired round by round, and fewer than two are left to be paired."""
        return any(group.deserted for group in self.groups)

    @property
    def begun(self) -> bool:
        """Whether a match of it has been played."""
        return any(each.completed for each in self.rounds)

    @property
    def over(self) -> bool:
        """Whether all its rounds are over: one that is complete only as nobody is left goes on once somebody
        joins."""
        return self.complete and all(each.match_ids for each in self.rounds)

    @property
    def next_round(self) -> Round | None:
        """The round to be paired next, where rounds are paired one by one and those before it are over."""
        if self.deserted:
            return None
        paired = [each for each in self.rounds if each.match_ids]
        following = self.rounds[len(paired)] if len(paired) < len(self.rounds) else None
        return following if all(each.done for each in paired) else None

    def group(self, name: str) -> Group:
        """The group of this name. Raises LookupError."""
        return next(group for group in self.groups if group.name == name)

    def moved(self, before: Mapping[int, Match], matches: Iterable[Match]) -> Stage:
        """The stage once these matches have changed; what stays the same is the same object."""
        mine = [
            match
            for match in matches
            if match.plan.stage_number == self.number and _counts(before[match.match_id]) != _counts(match)
        ]
        if not mine:
            return self
        rounds = self.rounds
        by_round: dict[int, list[Match]] = {}
        for match in mine:
            by_round.setdefault(match.plan.round, []).append(match)
        for number, changed in by_round.items():
            index = number - rounds[0].number
            moved = rounds[index].moved([before[match.match_id] for match in changed], changed)
            if moved is not rounds[index]:
                rounds = (*rounds[:index], moved, *rounds[index + 1 :])
        names = {match.plan.group for match in mine}
        groups = self.groups
        if groups:
            groups = tuple(
                group.moved(match for match in mine if match.plan.group == group.name)
                if group.name in names
                else group
                for group in groups
            )
            groups = self.groups if all(map(operator.is_, groups, self.groups)) else groups
        if rounds is self.rounds and groups is self.groups:
            return self
        return altered(self, rounds=rounds, groups=groups)

    def with_group(self, group: Group) -> Stage:
        """The stage with this group in the place of the one of its name."""
        return altered(self, groups=tuple(group if each.name == group.name else each for each in self.groups))

    def with_round(self, paired: Round) -> Stage:
        """The stage with this round in the place of the one of its number."""
        rounds = tuple(paired if each.number == paired.number else each for each in self.rounds)
        match_ids = tuple(match_id for each in rounds for match_id in each.match_ids)
        return altered(self, rounds=rounds, match_ids=match_ids)


def _counts(match: Match) -> tuple[object, ...]:
    """What the progress of a round, a table and the places go by."""
    score = match.score if match.decided else None
    return match.played, match.decided, match.slots, match.result, match.uncounted, score


def opened(
    number: int,
    settings: StageSettings,
    rounds: Iterable[tuple[int, str, str]],
    groups: Iterable[GroupPlan],
    seeds: Mapping[int, int],
    matches: Mapping[int, Match],
) -> Stage:
    """The stage that a draw opens: its rounds as (number, name, short name), its groups, its matches."""
    ordered = sorted(matches.values(), key=lambda match: (match.plan.round, match.plan.position))
    by_round = {each: tuple(found) for each, found in groupby(ordered, key=lambda match: match.plan.round)}
    stage = Stage(
        number,
        settings,
        tuple(
            Round(each, name, short, tuple(match.match_id for match in found), side=_side(found)).counted(
                matches
            )
            for each, name, short in rounds
            for found in (by_round.get(each, ()),)
        ),
        match_ids=tuple(matches),
    )
    if not groups:
        return stage
    return altered(
        stage,
        groups=tuple(
            Group(
                plan.name,
                plan.participants,
                ruleset_of(settings.ruleset, settings.criteria),
                bool(settings.draws),
                seeds=seeds,
                rounds_left=sum(not each.match_ids for each in stage.rounds),
            ).moved(match for match in matches.values() if match.plan.group == plan.name)
            for plan in groups
        ),
    )


def _side(matches: Iterable[Match]) -> str:
    return next((match.plan.side for match in matches), "")
