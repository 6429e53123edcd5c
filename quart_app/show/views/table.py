"""View models of a group's table, and of how all have played against all."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

from quart_app.domain.parts import group_part
from quart_app.domain.ranking import CRITERIA, Outcome, Row
from quart_app.domain.state.group import Group
from quart_app.domain.state.ranks import best_so_far, waited_for
from quart_app.domain.state.stage import Stage
from quart_app.domain.state.tournament import Tournament
from quart_app.show.names import MINUS, number, ordinal, why

CROSS_TABLE_MAX = 20
"""Up to so many members a table shows who has played whom."""


@dataclass(frozen=True, slots=True)
class RowView:
    """A line of a table: the ``row`` with its words. ``outcome`` is "through" or "out" as soon as that is
    certain, and "withdrawn" or "disqualified" of who plays no more."""

    row: Row
    shared: bool
    name: str
    points: str
    tiebreaks: tuple[str, ...]
    why: str
    outcome: str
    against: tuple[str, ...]

    @property
    def difference(self) -> str:
        """Scored less conceded, with its sign."""
        return difference(self.row)


@dataclass(frozen=True, slots=True)
class TableView:
    """A group's table. ``through`` is how many of it go on. ``scores`` tells that
    matches are played for more than the result. ``tiebreaks`` are the titles of the columns that
    stand after the points, ``explains`` says by what rules it is made. ``overtaken`` are the names of the
    rounds that were paired before a result of an earlier one was changed; ``unplayed`` of those that nobody
    is left to play."""

    stage: int
    index: int
    seq: int
    title: str
    explains: str
    draws: bool
    scores: bool
    through: int
    tiebreaks: tuple[str, ...]
    rows: tuple[RowView, ...]
    cross: bool
    overtaken: str = ""
    unplayed: str = ""

    @property
    def key(self) -> str:
        """What names the table on the page."""
        return f"{self.stage}-{self.index}"


@dataclass(frozen=True, slots=True)
class BestRow:
    """Somebody on a place that is compared across groups: the ``row`` of their ``group`` with its words."""

    place: int
    shared: bool
    group: str
    row: Row
    name: str
    points: str
    difference: str
    outcome: str


@dataclass(frozen=True, slots=True)
class BestView:
    """Those who stand on one place in several groups, best first: the first ``through`` of them go on."""

    stage: int
    seq: int
    title: str
    draws: bool
    through: int
    rows: tuple[BestRow, ...]


def best_view(tournament: Tournament, stage: Stage) -> BestView | None:
    """The best of the place after those who go on; None where nobody goes on from one."""
    for place, waiting in waited_for(stage, chain.from_iterable(tournament.ranked.values())).items():
        ranked = best_so_far(stage, place)
        rows: list[BestRow] = []
        for level in ranked.ranked:
            at = len(rows) + 1
            for who in level:
                group = stage.group(ranked.groups[who])
                row = next(each for each in group.table if each.participant_id == who)
                rows.append(
                    BestRow(
                        place=at,
                        shared=len(level) > 1,
                        group=group.name,
                        row=row,
                        name=tournament.participants[who].name,
                        points=number(row.points),
                        difference=difference(row),
                        outcome=_outcome(tournament, group, who),
                    )
                )
        groups = (group_part(stage.number, index) for index in range(len(stage.groups)))
        return BestView(
            stage=stage.number,
            seq=tournament.revision(*groups),
            title=f"Best {ordinal(place)}s",
            draws=stage.groups[0].draws,
            through=len(waiting),
            rows=tuple(rows),
        )
    return None


def difference(row: Row) -> str:
    """Scored less conceded, with its sign."""
    return f"{row.scored - row.conceded:+d}".replace("-", MINUS).replace("+0", "0")


def _outcome(tournament: Tournament, group: Group, who: int) -> str:
    return tournament.roster.out.get(who) or group.fates.get(who, "")


def table_view(tournament: Tournament, stage: Stage, index: int) -> TableView:
    """The table of a group."""
    group = stage.groups[index]
    table = group.table
    cross = len(group.members) <= CROSS_TABLE_MAX and stage.format.layout == "groups"
    met = _met(group) if cross else {}
    shown = _shown(table)
    places = [row.place for row in table]
    return TableView(
        stage=stage.number,
        index=index,
        seq=tournament.revision(group_part(stage.number, index)),
        title=f"Group {group.name}" if len(stage.groups) > 1 else "Standings",
        explains=group.ruleset.title,
        draws=group.draws,
        scores=not stage.settings.games.result,
        through=stage.settings.advance if stage.number < len(tournament.stages) else 0,
        tiebreaks=tuple(CRITERIA[name].title for name in shown),
        rows=tuple(
            RowView(
                row=row,
                shared=places.count(row.place) > 1,
                name=tournament.participants[row.participant_id].name,
                points=number(row.points),
                tiebreaks=tuple(number(dict(row.tiebreaks).get(name)) for name in shown),
                why=why(tournament, row) if row.why is not None and row.why.criterion != "points" else "",
                outcome=_outcome(tournament, group, row.participant_id),
                against=tuple(
                    ""
                    if other.participant_id == row.participant_id
                    else ", ".join(met.get((row.participant_id, other.participant_id), ()))
                    for other in table
                )
                if cross
                else (),
            )
            for row in table
        ),
        cross=cross,
        overtaken=", ".join(each.name for each in stage.rounds if each.number in group.overtaken),
        unplayed=", ".join(each.name for each in stage.rounds if group.deserted and not each.match_ids),
    )


def _shown(table: tuple[Row, ...]) -> tuple[str, ...]:
    """The tie-breaks that have a column: those with a value that is not seen in the other columns."""
    if not table:
        return ()
    seen = {"difference", "scored", "wins", "points"}
    return tuple(name for name, _ in table[0].tiebreaks if name not in seen)[:4]


def _met(group: Group) -> dict[tuple[int, int], list[str]]:
    """How each has fared against each, from their side."""
    met: dict[tuple[int, int], list[str]] = {}
    for outcome in sorted(group.outcomes.values(), key=lambda each: (each.round, each.match_id)):
        for side in (0, 1):
            pair = (outcome.sides[side], outcome.sides[1 - side])
            met.setdefault(pair, []).append(_result(outcome, side))
    return met


def _result(outcome: Outcome, side: int) -> str:
    if outcome.walkover or outcome.score is None:
        return "w" if outcome.winner_id == outcome.sides[side] else "l"
    return f"{outcome.score[side]}–{outcome.score[1 - side]}"
