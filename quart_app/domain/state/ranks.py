"""Who has come to which place for certain, for the slots of later stages that wait for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from typing import NamedTuple

from quart_app.domain.bracket.graph import Ranks
from quart_app.domain.bracket.match import NOBODY, Slot
from quart_app.domain.events import RankOf
from quart_app.domain.formats.crossing import advancing, matched
from quart_app.domain.ranking import ranked_across
from quart_app.domain.state.group import Bounds, Group
from quart_app.domain.state.stage import Stage


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
        came = best_of_place(stages[number - 1], place)
        if came is not None:
            found |= assigned(stages[number - 1], sorted(sources, key=lambda each: each.best), came)
    return found


class BestPlaced(NamedTuple):
    """Who of several groups has come to one place: the best first, who is level together; and their
    groups."""

    ranked: Sequence[Sequence[int]]
    groups: Mapping[int, str]


def best_of_place(stage: Stage, place: int) -> BestPlaced | None:
    """Those who came to this place in their groups; None as long as somebody's is not certain.

    They are compared by the criteria of the rule set over all matches of their own groups; lots are those
    drawn among them.
    """
    came = [(group, group.final.get(place)) for group in stage.groups if _ranks_to(group, place)]
    groups = {who: group.name for group, who in came if who is not None}
    return _compared(stage, groups) if len(groups) == len(came) else None


def best_so_far(stage: Stage, place: int) -> BestPlaced:
    """The same of those who stand there now."""
    stand = ((group, group.table[place - 1]) for group in stage.groups if _ranks_to(group, place))
    return _compared(stage, {row.participant_id: group.name for group, row in stand})


def _ranks_to(group: Group, place: int) -> bool:
    """Whether a group has so many members whose matches count."""
    return place <= len(group.members) - len(group.excluded)


def _compared(stage: Stage, groups: Mapping[int, str]) -> BestPlaced:
    facts = (replace(group.facts, lots=stage.lots) for group in stage.groups)
    return BestPlaced(ranked_across(facts, stage.groups[0].ruleset, tuple(groups)), groups)


def waited_for(stage: Stage, sources: Iterable[RankOf]) -> dict[int, list[RankOf]]:
    """The slots that wait for the best of a place in several groups of a stage, by the place."""
    found: dict[int, list[RankOf]] = {}
    for source in sources:
        if source.stage == stage.number and not source.group:
            found.setdefault(source.place, []).append(source)
    return found


def assigned(stage: Stage, sources: Sequence[RankOf], came: BestPlaced) -> dict[RankOf, Slot]:
    """Which of the best takes which slot; nothing as long as nothing separates the last who goes on from the
    next.

    A table of the crossing goes by their groups alone. Without one it goes by their order, once they are
    separated, and where slots are kept for some groups so that all are taken. Slots for which nobody is left
    stay free.
    """
    going: list[int] = []
    for level in came.ranked:
        if len(going) < len(sources) < len(going) + len(level):
            return {}
        going += level if len(going) < len(sources) else ()
    names = {came.groups[who]: who for who in going}
    crossing = stage.settings.crossing
    if crossing is not None and (row := crossing.table.get("".join(sorted(names)))) is not None:
        return {source: Slot(names[name]) for source, name in zip(sources, row, strict=True)}
    if any(len(level) > 1 and level[0] in going for level in came.ranked):
        return {}
    taken = _dealt(sources, list(names))
    return {
        source: Slot(names[name]) if name is not None else NOBODY
        for source, name in zip(sources, taken, strict=True)
    }


def level_across(stage: Stage, sources: Iterable[RankOf], ranks: Ranks) -> Iterator[Sequence[int]]:
    """Those of several groups among whom lots are to be drawn before the slots that wait for the best of
    them can be filled."""
    for place, waiting in waited_for(stage, sources).items():
        came = best_of_place(stage, place) if not ranks.keys() & {*waiting} else None
        above = 0
        for level in came.ranked if came is not None else ():
            if len(level) > 1 and above < len(waiting):
                yield level
            above += len(level)


def _dealt(sources: Sequence[RankOf], names: Sequence[str]) -> list[str | None]:
    """A group for each slot, the first slots having the first choice, so that all groups find one."""
    left, taken = list(names), list[str | None]()
    for index, source in enumerate(sources):
        chosen = next(
            (
                name
                for name in left
                if (not source.among or name in source.among)
                and _fit(sources[index + 1 :], [each for each in left if each != name])
            ),
            None,
        )
        taken.append(chosen)
        left = [each for each in left if each != chosen]
    return taken


def _fit(sources: Sequence[RankOf], names: Sequence[str]) -> bool:
    """Whether each of these groups can have a slot of its own."""

    def kept(name: str, index: int) -> bool:
        return not sources[index].among or name in sources[index].among

    return matched(names, range(len(sources)), kept) is not None


def told(stages: Sequence[Stage], ranks: Ranks) -> tuple[Stage, ...]:
    """The stages, each group of which tells who is through to the next one, and who is out."""
    found = []
    for stage in stages:
        known = {slot.participant_id for rank, slot in ranks.items() if rank.stage == stage.number}
        rest = _rest(stage) if stage.number < len(stages) and stage.settings.best_of_rest else {}
        for group in stage.groups if stage.number < len(stages) else ():
            fates = {
                who: fate
                for who in group.members
                if (fate := _fate(stage, group, who, known, rest)) is not None
            }
            if fates != group.fates:
                stage = stage.with_group(group.fated(fates))
        found.append(stage)
    return tuple(found)


def _rest(stage: Stage) -> dict[str, Bounds]:
    """The least and the most points with which somebody can come to the place after those who go on, group
    by group."""
    place = stage.settings.advance
    return {group.name: group.rungs[place] for group in stage.groups if place < len(group.rungs)}


def _fate(
    stage: Stage, group: Group, who: int, known: Set[int | None], rest: Mapping[str, Bounds]
) -> str | None:
    best, worst = group.prospects[who]
    advance, best_of_rest = stage.settings.advance, stage.settings.best_of_rest
    if who in known or worst <= advance:
        return "through"
    if best > advance + bool(best_of_rest):
        return "out"
    if who in group.reach and not group.to_pair:
        least, most = group.reach[who]
        others = [bounds for name, bounds in rest.items() if name != group.name]
        if rest and worst <= advance + 1 and sum(other[1] >= least for other in others) < best_of_rest:
            return "through"
        if rest and best > advance and sum(other[0] > most for other in others) >= best_of_rest:
            return "out"
    all_known = len(known) == advancing(stage.settings)
    return "out" if all_known and best > advance else None
