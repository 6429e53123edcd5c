"""Decisions about somebody who joins late."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from quart_app import errors
from quart_app.domain import commands, events, rules, seeding
from quart_app.domain.decisions.draw.lines import (
    as_drawn,
    can_be_redrawn,
    drawn_from,
    lines_of,
    next_bracket,
    refuse_after_start,
)
from quart_app.domain.fold import apply
from quart_app.domain.movement import misplaced, refuse_misplaced, with_movement
from quart_app.domain.staging import drawing
from quart_app.domain.state.tournament import Tournament


def add_participant(
    tournament: Tournament, command: commands.AddParticipant, at: str, actor_id: int | None
) -> tuple[events.Event, ...]:
    """Somebody joins late: on the list of a draft, where rounds are paired one by one, in the place of a bye,
    or in the smallest group before the first match.

    Raises BracketExists where the draw leaves no room, RoundConflict where all is over, InvalidInput for the
    name.
    """
    newcomer = events.Entrant(id=tournament.roster.last_id + 1, name=command.name, seed=command.seed)
    lines = rules.lines_of(tournament.roster.joined(newcomer).entrants)
    try:
        rules.check_entrants(lines, tournament.seeding)
        if not tournament.stages or tournament.stages[0].format.layout == "groups":
            rules.check_stages(tournament.settings, lines)
    except errors.InvalidInput as problem:
        raise errors.InvalidInput({"name": problem.detail}) from None
    added = events.ParticipantAdded(
        tournament_id=tournament.id,
        participant_id=tournament.roster.last_id + 1,
        name=rules.tidy(command.name),
        seed=command.seed,
        added_at=at,
    )
    if not tournament.stages:
        return (added,)
    layout = tournament.stages[0].format.layout
    if layout == "bracket":
        return _in_place_of_a_bye(tournament, added, at)
    if layout == "groups":
        return _in_a_group(tournament, added, at)
    if tournament.stages[0].over:
        raise errors.RoundConflict("All rounds are over.")
    refuse_misplaced(tournament, added, "Reinstate those who are out instead.")
    return with_movement(tournament, at, added, only_if_moved=True)


def _in_place_of_a_bye(
    tournament: Tournament, added: events.ParticipantAdded, at: str
) -> tuple[events.Event, ...]:
    """The newcomer in a match whose winner has not gone on to play: that of the weakest who have a bye."""
    strength = {who: rank for rank, who in enumerate(seeding.ranked(tournament.entrants, given=False))}
    lines = lines_of(tournament)
    byes = {lines[line ^ 1].participant or 0: line for line, slot in enumerate(lines) if slot.bye}
    for who in sorted(byes, key=lambda each: strength.get(each, -1), reverse=True):
        filled = list(lines)
        filled[byes[who]] = events.SlotPlan(participant=added.participant_id)
        drawn = drawn_from(tournament, filled, at)
        if can_be_redrawn(tournament):
            joined = apply(tournament, added)
            return with_movement(tournament, at, added, *as_drawn(joined, drawn, at), drawn)
        plans = {plan.match_id: plan for plan in drawn.matches}
        if _shape(drawn.matches) != _shape(match.plan for match in tournament.matches.values()):
            continue  # a losers' bracket has no match for one more
        changed = tuple(plan for each, plan in plans.items() if plan != tournament.matches[each].plan)
        filling = msgspec.structs.replace(added, matches=changed)
        if not misplaced(tournament, apply(tournament, filling)):
            return with_movement(tournament, at, filling)
    raise errors.BracketExists(
        "No bye is left whose opponent has not played on."
        + (" Add them to the list, and draw again." if can_be_redrawn(tournament) else "")
    )


def _shape(plans: Iterable[events.MatchPlan]) -> list[tuple[int, int, int]]:
    """Which matches there are, in which rounds."""
    return [(plan.match_id, plan.round, plan.position) for plan in plans]


def _in_a_group(tournament: Tournament, added: events.ParticipantAdded, at: str) -> tuple[events.Event, ...]:
    """The newcomer in the smallest group; everybody else stays where they are."""
    if not can_be_redrawn(tournament):
        raise errors.BracketExists("A match has begun; nobody can join the groups any more.")
    refuse_after_start(tournament)
    entrants = {each.id: each for each in tournament.entrants}
    newcomer = events.Entrant(id=added.participant_id, name=added.name, seed=added.seed)
    groups = [[entrants[who] for who in group.members] for group in tournament.stages[0].groups]
    min(groups, key=len).append(newcomer)
    drawn = drawing.drawn(
        tournament.id,
        [each for group in groups for each in group],
        True,
        tournament.settings,
        at,
        next_bracket(tournament),
    )
    return with_movement(tournament, at, added, *as_drawn(apply(tournament, added), drawn, at), drawn)
