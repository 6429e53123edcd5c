"""View models of the staff's lists: the matches by what there is to do with them, the draw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from quart_app.domain.fold import apply
from quart_app.domain.seeding import draw_lines
from quart_app.domain.staging import drawing
from quart_app.domain.state.ranks import level_across
from quart_app.domain.state.stage import Stage
from quart_app.domain.state.tournament import Tournament
from quart_app.show.views.cards import MatchView, match_view

PRESET_TITLES: Mapping[str, str] = {
    "free": "Any score",
    "table_tennis": "Table tennis: games to 11 by 2",
    "badminton": "Badminton: games to 21 by 2, 30 at most",
    "volleyball": "Volleyball: sets to 25 by 2, the last to 15",
    "tennis": "Tennis: sets to 6 by 2, or 7–6",
    "chess": "Chess: the result alone",
}
"""What people read for the presets of game rules."""


@dataclass(frozen=True, slots=True)
class MatchLists:
    """A tournament's matches by what there is to do with them, in play order; byes are left out."""

    live: tuple[MatchView, ...]
    ready: tuple[MatchView, ...]
    locked: tuple[MatchView, ...]
    decided: tuple[MatchView, ...]


@dataclass(frozen=True, slots=True)
class DrawLine:
    """One side of a first-round pair. ``name`` is None for a bye."""

    name: str | None
    seed: int | None


def match_lists(tournament: Tournament) -> MatchLists:
    """The matches of a tournament that has its bracket."""
    lists: dict[str, list[MatchView]] = {"live": [], "ready": [], "locked": [], "decided": []}
    for match in tournament.matches.values():
        if match.played:
            lists["decided" if match.decided else match.status.value].append(match_view(tournament, match))
    return MatchLists(**{name: tuple(views) for name, views in lists.items()})


def first_round(tournament: Tournament) -> tuple[tuple[DrawLine, DrawLine], ...]:
    """The pairs of the first round as the draw will have them, top to bottom; none where there are no
    lines."""
    if not drawing.has_lines(tournament.settings[0]):
        return ()
    entrants = tournament.entrants
    by_id = {entrant.id: DrawLine(entrant.name, entrant.seed) for entrant in entrants if entrant.id}
    drawn = draw_lines(entrants, tournament.seeding)
    lines = [by_id[line] if line else DrawLine(None, None) for line in drawn]
    return tuple(zip(lines[::2], lines[1::2], strict=True))


def drawn_as(draft: Tournament) -> Tournament:
    """The draft as it would be if it was drawn now."""
    given = draft.seeding == "given"
    return apply(draft, drawing.drawn(draft.id, draft.entrants, given, draft.settings, draft.created_at))


def group_lists(drawn: Tournament) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The groups of the first stage, each with its members; none where there is but one, or none."""
    groups = drawn.stages[0].groups
    if len(groups) < 2:
        return ()
    return tuple(
        (group.name, tuple(drawn.participants[who].name for who in group.members)) for group in groups
    )


def outline(tournament: Tournament) -> str:
    """What is played, in a sentence: "4 groups of 4, 24 matches; then quarter-finals; 32 matches in all"."""
    told = [_outlined(tournament, stage) for stage in tournament.stages]
    total = sum(match.played or match.void for match in tournament.matches.values())
    total += sum(_unpaired(stage) for stage in tournament.stages)
    if len(told) > 1:
        return f"{'; then '.join(told)}; {_number(total, 'match')} in all."
    return f"{told[0][0].upper()}{told[0][1:]}."


def _outlined(tournament: Tournament, stage: Stage) -> str:
    played = sum(
        match.played for match in tournament.matches.values() if match.plan.stage_number == stage.number
    )
    sizes = sorted({len(group.members) for group in stage.groups}, reverse=True)
    if stage.format.layout == "rounds":
        matches = _number(sizes[0] // 2, "match")
        return f"{_number(len(stage.rounds), 'round')} of {matches}, {_unpaired(stage)} in all"
    if len(stage.groups) > 1:
        return f"{len(stage.groups)} groups of {' and '.join(map(str, sizes))}, {_number(played, 'match')}"
    if stage.groups:
        return f"{_number(len(stage.rounds), 'round')}, {_number(played, 'match')}"
    first = next(each for each in stage.rounds if each.played)
    name = first.name[0].lower() + first.name[1:]
    return f"{stage.format.title.lower()} from the {name}, {_number(played, 'match')}"


def _number(count: int, what: str) -> str:
    """So many rounds or matches, in words that fit one too."""
    return f"{count} {what}" if count == 1 else f"{count} {what}{'es' if what.endswith('ch') else 's'}"


def _unpaired(stage: Stage) -> int:
    """The matches of rounds that are not paired yet."""
    return sum(
        len(stage.groups[0].members) // 2 for each in stage.rounds if not each.match_ids and stage.groups
    )


@dataclass(frozen=True, slots=True)
class StageWork:
    """What an organiser can do with a stage: pair the round of this name, take the last one back, draw lots
    among those who are level, in a group or across them, record conduct."""

    number: int
    title: str
    pair: str
    unpair: str
    level: tuple[tuple[str, tuple[int, ...], str], ...]
    conduct: tuple[tuple[int, str, int], ...]


def stage_work(tournament: Tournament) -> tuple[StageWork, ...]:
    """The work on stages with tables; none on others."""
    return tuple(_work_of(tournament, stage) for stage in tournament.stages if stage.groups)


def _work_of(tournament: Tournament, stage: Stage) -> StageWork:
    paired = [each for each in stage.rounds if each.match_ids]
    swiss = stage.format.layout == "rounds"
    begun = paired and any(
        tournament.matches[match_id].begun or tournament.matches[match_id].voided
        for match_id in paired[-1].match_ids
    )
    following = stage.next_round if swiss else None
    return StageWork(
        number=stage.number,
        title=stage.name,
        pair=following.name if following is not None else "",
        unpair=paired[-1].name if swiss and paired and not begun else "",
        level=tuple(
            (name, ids, ", ".join(tournament.participants[who].name for who in ids))
            for name, ids in _level(tournament, stage)
        ),
        conduct=tuple(
            (who, tournament.participants[who].name, group.conduct.get(who, 0))
            for group in stage.groups
            if "conduct" in group.ruleset.criteria
            for who in group.members
        ),
    )


def _level(tournament: Tournament, stage: Stage) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Those who share a place, group by group and place by place; then, of no one group, those whom nothing
    separates where the best of a place go on."""
    for group in stage.groups:
        shared: dict[int, list[int]] = {}
        for row in group.table if group.complete else ():
            shared.setdefault(row.place, []).append(row.participant_id)
        yield from ((group.name, tuple(ids)) for ids in shared.values() if len(ids) > 1)
    waited_for = chain.from_iterable(tournament.ranked.values())
    yield from (("", tuple(ids)) for ids in level_across(stage, waited_for, tournament.ranks))
