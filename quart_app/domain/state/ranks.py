"""Who has come to which place for certain, for the slots of later stages that wait for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from quart_app.domain.bracket.graph import Ranks
from quart_app.domain.bracket.match import NOBODY, Slot
from quart_app.domain.events import RankOf
from quart_app.domain.formats.crossing import advancing
from quart_app.domain.ranking import Row
from quart_app.domain.state.group import Group
from quart_app.domain.state.stage import Stage

Ranked = tuple[str, int]
"""A group, and who of it came to the place in question."""


def known_ranks(stages: Sequence[Stage], waited_for: Iterable[RankOf]) -> dict[RankOf, Slot]:
    """Of the ranks that are waited for, those that are final, with who has reached them."""
    found: dict[RankOf, Slot] = {}
    best: dict[tuple[int, int], list[RankOf]] = {}
    groups = {(stage.number, group.name): group for stage in stages for group in stage.groups}
    for source in waited_for:
        if not source.group:
            best.setdefault((source.stage, source.place), []).append(source)
            continue
        group = groups[source.stage, source.group]
        who = group.final.get(source.place)
        if group.excluded and source.place > len(group.members) - len(group.excluded):
            found[source] = NOBODY  # those behind them count for nothing
        elif who is not None:
            found[source] = Slot(who)
    for (number, place), sources in best.items():
        stage = stages[number - 1]
        best_of = best_of_place(stage.groups, place, len(sources))
        for source, who in assigned(stage, sorted(sources, key=lambda each: each.best), best_of).items():
            found[source] = Slot(who)
    return found


class BestPlaced(NamedTuple):
    """Those who are the best of one place, best first; ``separated`` tells that no two of them are level."""

    ranked: tuple[Ranked, ...] = ()
    separated: bool = True


def best_of_place(groups: Sequence[Group], place: int, wanted: int) -> BestPlaced:
    """The ``wanted`` best of those who came to this place in their groups.

    They are compared by points, difference, scored, wins and conduct, each from their own group; then by
    lots. None at all as long as a group is open, or nothing separates the last who goes on from the next.
    """
    keys: list[tuple[tuple[Fraction, ...], Ranked]] = []
    for group in groups:
        if group.excluded and place > len(group.members) - len(group.excluded):
            continue
        who = group.final.get(place)
        if who is None:
            return BestPlaced()
        row = next(row for row in group.table if row.participant_id == who)
        keys.append((_key(row, group), (group.name, who)))
    keys.sort(key=lambda each: each[0], reverse=True)
    level = [one[0] == other[0] for one, other in pairwise(keys[: wanted + 1])]
    if len(level) == wanted and level[-1]:
        return BestPlaced()
    return BestPlaced(tuple(ranked for _, ranked in keys[:wanted]), not any(level))


def assigned(stage: Stage, sources: Sequence[RankOf], best_of: BestPlaced) -> dict[RankOf, int]:
    """Which of the best takes which slot. A table of the crossing goes by their groups alone; without one it
    goes by their order, once they are separated, and where slots are kept for some groups so that all are
    taken."""
    if len(best_of.ranked) < len(sources):
        return {}
    by_group = dict(best_of.ranked)
    crossing = stage.settings.crossing
    key = "".join(sorted(by_group))
    if crossing is not None and (row := crossing.table.get(key)) is not None:
        return {source: by_group[name] for source, name in zip(sources, row, strict=True)}
    if not best_of.separated:
        return {}
    if not any(source.among for source in sources):
        return {source: best_of.ranked[source.best - 1][1] for source in sources}
    taken = _matched(sources, [name for name, _ in best_of.ranked])
    return {source: by_group[name] for source, name in zip(sources, taken, strict=True)} if taken else {}


def _matched(sources: Sequence[RankOf], names: Sequence[str]) -> list[str]:
    """A group for each slot, the first slots having the first choice; empty where they do not fit."""
    if not sources:
        return []
    for name in names:
        if name in sources[0].among:
            rest = [each for each in names if each != name]
            following = _matched(sources[1:], rest)
            if len(following) == len(sources) - 1:
                return [name, *following]
    return []


def _key(row: Row, group: Group) -> tuple[Fraction, ...]:
    who = row.participant_id
    return (
        row.points,
        Fraction(row.scored - row.conceded),
        Fraction(row.scored),
        Fraction(row.won),
        Fraction(group.conduct.get(who, 0)),
        Fraction(-group.lots.get(who, 0)),
    )


def told(stages: Sequence[Stage], ranks: Ranks) -> tuple[Stage, ...]:
    """The stages, each group of which tells who is through to the next one, and who is out."""
    found = []
    for stage in stages:
        known = {slot.participant_id for rank, slot in ranks.items() if rank.stage == stage.number}
        for group in stage.groups if stage.number < len(stages) else ():
            fates = {
                who: fate for who in group.members if (fate := _fate(stage, group, who, known)) is not None
            }
            if fates != group.fates:
                stage = stage.with_group(group.fated(fates))
        found.append(stage)
    return tuple(found)


def _fate(stage: Stage, group: Group, who: int, known: Set[int | None]) -> str | None:
    best, worst = group.prospects[who]
    if who in known or worst <= stage.settings.advance:
        return "through"
    if best > stage.settings.advance + bool(stage.settings.best_of_rest):
        return "out"
    all_known = len(known) == advancing(stage.settings)
    return "out" if all_known and best > stage.settings.advance else None
