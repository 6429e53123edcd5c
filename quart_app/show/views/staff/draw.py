"""View model of what an organiser can change in a draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from quart_app.domain.decisions.draw import bye_matches, can_be_redrawn
from quart_app.domain.events import Entrant
from quart_app.domain.state.tournament import Tournament
from quart_app.show.names import isolated

DIGITS_MAX = 4
"""The longest number of a line or a seed."""


@dataclass(frozen=True, slots=True)
class DrawWork:
    """Who can change places, as (id, name), and with which byes, as (match id, words); none once a match has
    begun. ``late`` says where a late entry goes, empty where nobody can join."""

    people: tuple[tuple[int, str], ...] = ()
    byes: tuple[tuple[int, str], ...] = ()
    late: str = ""


@dataclass(frozen=True, slots=True)
class OrderRow:
    """A line of a draft's list: the field of its number, its name (None for a bye), and the number as text:
    its seed, or in a given draw its line from 1."""

    field: str
    name: str | None
    place: str


def order_field(entrant: Entrant, line: int) -> str:
    """The field of a line's number: a person keeps theirs whatever becomes of the list meanwhile."""
    return f"place-{entrant.id}" if entrant.id is not None else f"bye-{line}"


def order_rows(draft: Tournament, entered: Mapping[str, str]) -> tuple[OrderRow, ...]:
    """The list in the order of the draw, with the numbers as they were entered."""
    given = draft.seeding == "given"
    numbers = [line + 1 if given else each.seed for line, each in enumerate(draft.entrants)]
    rows = [
        OrderRow(field, each.name, entered.get(field, str(number or "")))
        for line, (each, number) in enumerate(zip(draft.entrants, numbers, strict=True))
        for field in (order_field(each, line),)
    ]
    return tuple(sorted(rows, key=_place))


def _place(row: OrderRow) -> tuple[bool, int]:
    """Those with a number first; what is no number stands behind."""
    number = row.place.strip()
    known = number.isdecimal() and len(number) <= DIGITS_MAX
    return not known, int(number) if known else 0


def draw_work(tournament: Tournament) -> DrawWork:
    """What can be changed by now."""
    if not tournament.stages:
        return DrawWork()
    open_draw, byes = can_be_redrawn(tournament), bye_matches(tournament)
    layout = tournament.stages[0].format.layout
    late = ""
    if layout == "rounds" and not tournament.stages[0].over:
        late = "Add to the next round"
    elif layout == "bracket" and byes:
        late = "Give them the place of a bye"
    elif layout == "groups" and open_draw:
        late = "Add to the smallest group"
    if not open_draw:
        return DrawWork(late=late)
    people = tuple((who.id, who.name) for who in tournament.participants.values())
    return DrawWork(people, tuple((each, _bye(tournament, each)) for each in byes), late)


def _bye(tournament: Tournament, match_id: int) -> str:
    slots = tournament.matches[match_id].plan.slots
    who = next(slot.participant for slot in slots if slot.participant is not None)
    return f"The bye of {isolated(tournament.participants[who].name)}"
