"""Stages and their standings as the API answers them."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from msgspec import Meta

from quart_app.domain.ranking import Row
from quart_app.domain.state.group import Group
from quart_app.domain.state.stage import Stage
from quart_app.domain.state.tournament import Tournament
from quart_app.show.names import why
from quart_app.show.shapes import Answer, Count, FormatName, Id, PositionId

Number = int | float


class StandingState(Answer, frozen=True, kw_only=True, rename={"scored": "for", "conceded": "against"}):
    """A line of a table. Who shares a place has nothing that separates them."""

    place: Id
    participant_id: Id
    name: str
    played: Count
    won: Count
    drawn: Count
    lost: Count
    scored: Count
    conceded: Count
    points: Number
    tiebreaks: Annotated[
        dict[str, Number | None], Meta(description="The criteria of the rule set, in their order, by name.")
    ]
    why: Annotated[str | None, Meta(description="What separates it from the line above.")]
    final: Annotated[bool, Meta(description="Whether no match to come can change this place.")]
    outcome: Annotated[
        str | None,
        Meta(
            description="`through` or `out`, as soon as it is certain.",
            extra_json_schema={"enum": ["through", "out", None]},
        ),
    ]


class GroupState(Answer, frozen=True, kw_only=True):
    """A group with its standings, best first."""

    group: str
    name: str
    standings: list[StandingState]


class StageState(Answer, frozen=True, kw_only=True):
    """A stage. Only those with tables have groups."""

    stage: Id
    name: str
    format: FormatName
    status: Annotated[str, Meta(extra_json_schema={"enum": ["pending", "active", "completed"]})]
    groups: list[GroupState]


class Standings(Answer, frozen=True, kw_only=True):
    """The standings of all stages that have them."""

    stages: list[StageState]
    position: PositionId


def stage_state(tournament: Tournament, stage: Stage) -> StageState:
    """A stage with its standings."""
    return StageState(
        stage=stage.number,
        name=stage.name,
        format=stage.format.name,
        status="completed" if stage.complete else "active" if stage.begun else "pending",
        groups=[
            GroupState(
                group=group.name,
                name=f"Group {group.name}" if len(stage.groups) > 1 else stage.name,
                standings=[_line(tournament, group, row) for row in group.table],
            )
            for group in stage.groups
        ],
    )


def _line(tournament: Tournament, group: Group, row: Row) -> StandingState:
    return StandingState(
        place=row.place,
        participant_id=row.participant_id,
        name=tournament.participants[row.participant_id].name,
        played=row.played,
        won=row.won,
        drawn=row.drawn,
        lost=row.lost,
        scored=row.scored,
        conceded=row.conceded,
        points=_number(row.points),
        tiebreaks={name: _number(value) if value is not None else None for name, value in row.tiebreaks},
        why=why(tournament, row) or None,
        final=group.final.get(row.place) == row.participant_id,
        outcome=group.fates.get(row.participant_id),
    )


def _number(value: Fraction) -> Number:
    """A whole number as such, any other to six places."""
    return int(value) if value.denominator == 1 else round(float(value), 6)
