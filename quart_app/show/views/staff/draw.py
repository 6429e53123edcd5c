"""View model of what an organiser can change in a draw."""

from __future__ import annotations

from dataclasses import dataclass

from quart_app.domain.decisions.draw import bye_matches, can_be_redrawn
from quart_app.domain.state.tournament import Tournament
from quart_app.show.names import isolated


@dataclass(frozen=True, slots=True)
class DrawWork:
    """Who can change places, as (id, name), and with which byes, as (match id, words); none once a match has
    begun. ``late`` says where a late entry goes, empty where nobody can join."""

    people: tuple[tuple[int, str], ...] = ()
    byes: tuple[tuple[int, str], ...] = ()
    late: str = ""


def draw_work(tournament: Tournament) -> DrawWork:
    """What can be changed by now."""
    if not tournament.stages:
        return DrawWork()
    open_draw, byes = can_be_redrawn(tournament), bye_matches(tournament)
    layout = tournament.stages[0].format.layout
    late = ""
    if layout == "rounds" and not tournament.stages[0].complete:
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
