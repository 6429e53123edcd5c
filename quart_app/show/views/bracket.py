"""View models of what is played: stages, the sections of a bracket, groups with their tables."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from quart_app.domain.bracket.match import Match
from quart_app.domain.events import FINAL, LOSERS, MAIN, WINNERS
from quart_app.domain.parts import BRACKET, round_part
from quart_app.domain.state.roster import Participant
from quart_app.domain.state.stage import Round, Stage
from quart_app.domain.state.tournament import Tournament
from quart_app.show.names import isolated
from quart_app.show.views.cards import MatchView, match_view
from quart_app.show.views.table import BestView, TableView, best_view, table_view

SECTIONS = {WINNERS: "Winners", LOSERS: "Losers", FINAL: "Grand final", "": ""}
UPPER_SECTIONS = SECTIONS | {WINNERS: "Upper", LOSERS: "Lower"}
"""How the sides of a double elimination are titled."""


@dataclass(frozen=True, slots=True)
class RoundView:
    """A round's title with its progress."""

    number: int
    seq: int
    name: str
    short: str
    completed: int
    played: int
    done: bool


@dataclass(frozen=True, slots=True)
class ColumnView:
    """A round as a column of a section. ``cells`` are its matches from the top, None where one is left out.

    In a tree each match spans ``span`` rows, and ``flow`` says how its matches lead to the next column: as
    ``pairs``, each ``straight`` on, or "" where that cannot be drawn. ``free`` says who has no match in a
    round that is paired.
    """

    title: RoundView
    cells: tuple[MatchView | None, ...]
    span: int
    flow: str
    free: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SectionView:
    """A side of a bracket, or all of it. ``lines`` is how many rows its tree has, 0 where it is none."""

    key: str
    title: str
    columns: tuple[ColumnView, ...]
    lines: int


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group: its table, and its matches by the names of their rounds."""

    table: TableView
    rounds: tuple[tuple[str, tuple[MatchView, ...]], ...]


@dataclass(frozen=True, slots=True)
class StageView:
    """A stage. ``title`` is empty where it is the only one; ``layout`` is that of its format."""

    number: int
    title: str
    layout: str
    sections: tuple[SectionView, ...] = ()
    groups: tuple[GroupView, ...] = ()
    best: BestView | None = None


@dataclass(frozen=True, slots=True)
class BracketView:
    """The stages with their matches; before the draw none, and ``entrants`` lists who takes part."""

    seq: int
    stages: tuple[StageView, ...]
    entrants: tuple[Participant, ...]


def bracket_view(tournament: Tournament) -> BracketView:
    """All that is played, or the list of participants before the draw."""
    stages = tuple(_stage_view(tournament, stage) for stage in tournament.stages)
    return BracketView(tournament.revision(BRACKET), stages, tuple(tournament.participants.values()))


def round_view(tournament: Tournament, each: Round) -> RoundView:
    """A round's title."""
    return RoundView(
        number=each.number,
        seq=tournament.revision(round_part(each.number)),
        name=each.name,
        short=each.short,
        completed=each.completed,
        played=each.played,
        done=each.done,
    )


def has_titles(stage: Stage) -> bool:
    """Whether the rounds of a stage have titles on the page: groups list their matches without."""
    return stage.format.layout != "groups"


def _stage_view(tournament: Tournament, stage: Stage) -> StageView:
    layout = stage.format.layout
    return StageView(
        number=stage.number,
        title=stage.name if len(tournament.stages) > 1 else "",
        layout=layout,
        sections=() if layout == "groups" else tuple(_sections(tournament, stage)),
        groups=tuple(
            GroupView(
                table_view(tournament, stage, index),
                _by_round(tournament, stage, group.name) if layout == "groups" else (),
            )
            for index, group in enumerate(stage.groups)
        ),
        best=best_view(tournament, stage),
    )


def _by_round(
    tournament: Tournament, stage: Stage, group: str
) -> tuple[tuple[str, tuple[MatchView, ...]], ...]:
    """The matches of a group; a round in which it has none is left out."""
    rounds = []
    for each in stage.rounds:
        matches = (tournament.matches[match_id] for match_id in each.match_ids)
        mine = tuple(match_view(tournament, match) for match in matches if match.plan.group == group)
        rounds += [(each.name, mine)] if mine else []
    return tuple(rounds)


def _sections(tournament: Tournament, stage: Stage) -> list[SectionView]:
    titles = UPPER_SECTIONS if stage.settings.upper else SECTIONS
    sides = list(dict.fromkeys(each.side for each in stage.rounds))
    sides.sort(key=list(SECTIONS).index)
    return [
        _section(tournament, stage, side, titles[side], [each for each in stage.rounds if each.side == side])
        for side in sides
    ]


def _section(tournament: Tournament, stage: Stage, side: str, title: str, rounds: list[Round]) -> SectionView:
    shown = [each for each in rounds if each.match_ids]
    matches = [[tournament.matches[match_id] for match_id in each.match_ids] for each in shown]
    heights = _heights(matches)
    flows = [_flow(one, other) for one, other in pairwise(matches)]
    tree = bool(matches) and stage.format.layout == "bracket" and all(flows)
    columns = []
    for each, mine, height, flow in zip(shown, matches, heights, [*flows, ""][: len(shown)], strict=True):
        cells: list[MatchView | None] = [match_view(tournament, match) for match in mine]
        if tree and len(mine) < height:
            cells = [None] * height
            for match in mine:
                cells[match.plan.position - 1] = match_view(tournament, match)
        columns.append(
            ColumnView(
                round_view(tournament, each),
                tuple(cells),
                heights[0] // height,
                flow if tree else "",
                _free(tournament, stage, each),
            )
        )
    return SectionView(f"{stage.number}-{side or 'all'}", title, tuple(columns), heights[0] if tree else 0)


def _free(tournament: Tournament, stage: Stage, paired: Round) -> tuple[str, ...]:
    """Who has the bye of a round, and who is absent from it: "Bye: Ann", "Absent: Ben"."""
    told = []
    for title, requested in (("Bye", False), ("Absent", True)):
        names = [
            isolated(tournament.participants[each.participant_id].name)
            for group in stage.groups
            for each in group.unplayed
            if each.round == paired.number and each.requested is requested
        ]
        told += [f"{title}: {', '.join(names)}"] if names else []
    return tuple(told)


def _heights(rounds: list[list[Match]]) -> list[int]:
    """How many matches each round of a tree has room for, a power of two, never more than the one before."""
    heights: list[int] = []
    for matches in reversed(rounds):
        last = max((match.plan.position for match in matches if match.plan.stage == MAIN), default=1)
        heights.insert(0, max(1 << (last - 1).bit_length(), heights[0] if heights else 1))
    return heights


def _flow(matches: list[Match], following: list[Match]) -> str:
    """How the winners of one round go on to the next: in pairs, straight on, or not as a tree."""
    places = {match.match_id: match.plan.position for match in matches}
    kinds = set()
    for match in following:
        if match.plan.stage != MAIN:
            continue
        for source in match.plan.slots:
            if source.winner_of in places:
                place = places[source.winner_of]
                straight = match.plan.position == place
                paired = match.plan.position == (place + 1) // 2
                if not (straight or paired):
                    return ""
                kinds.add("pairs" if not straight else "straight" if not paired else "either")
    kinds.discard("either")
    if not kinds:
        return "straight" if len(matches) == len(following) else "pairs"
    return kinds.pop() if len(kinds) == 1 else ""
