"""Decisions that change a draw: two change places, or it is drawn anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from quart_app import errors
from quart_app.domain import commands, events, rules
from quart_app.domain.decisions.draw.lines import (
    as_drawn,
    bye_matches,
    drawn_from,
    first_round,
    lines_of,
    next_bracket,
    refuse_after_start,
)
from quart_app.domain.decisions.setup import listed
from quart_app.domain.movement import with_movement
from quart_app.domain.staging import drawing
from quart_app.domain.state.stage import Stage
from quart_app.domain.state.tournament import Tournament


def swap(
    tournament: Tournament, command: commands.SwapInDraw, at: str, actor_id: int | None
) -> tuple[events.Event, ...]:
    """Let two change places in the draw, or one and a bye.

    Raises DrawFixed once a match has begun, NotFound, or InvalidInput.
    """
    refuse_after_start(tournament, command.version)
    for who in (command.participant_id, command.other_id):
        if who is not None and who not in tournament.participants:
            raise errors.NotFound(f"This tournament has no participant {who}.")
    if (command.other_id is None) is (command.bye_match_id is None):
        raise errors.InvalidInput({"swap": "Name another participant, or the match of a bye."})
    if command.other_id == command.participant_id:
        return ()
    if command.other_id is not None:
        drawn = _swapped(tournament, command.participant_id, command.other_id, at)
    else:
        lines = _to_bye(tournament, command.participant_id, command.bye_match_id or 0)
        drawn = drawn_from(tournament, lines, at)
    return with_movement(tournament, at, *as_drawn(tournament, drawn, at), drawn)


def draw_again(
    tournament: Tournament, command: commands.DrawAgain, at: str, actor_id: int | None
) -> tuple[events.Event, ...]:
    """Draw anew, from this list or the one that there is, without those who are out.

    Raises DrawFixed once a match has begun, Conflict where somebody has changed the tournament meanwhile,
    InvalidInput for a list that cannot be.
    """
    refuse_after_start(tournament, command.version, keeping=False)
    lines = command.entrants if command.entrants is not None else _staying(tournament)
    if command.lots:
        lines = _shuffled(lines, command.lots, every=tournament.seeding == "given")
    rules.check_entrants(lines, tournament.seeding)
    rules.check_stages(tournament.settings, lines)
    told = listed(tournament, lines, at)
    given = tournament.seeding == "given"
    drawn = drawing.drawn(
        tournament.id, told.entrants, given, tournament.settings, at, next_bracket(tournament)
    )
    return with_movement(tournament, at, told, drawn)


def _swapped(tournament: Tournament, first: int, second: int, at: str) -> events.BracketGenerated:
    """The bracket in which each of the two stands where the other stood."""
    who = {first: second, second: first}
    stages = tournament.stages
    plain = len(stages) == 1 and not stages[0].groups
    return events.BracketGenerated(
        tournament_id=tournament.id,
        bracket_id=next_bracket(tournament),
        rounds=tuple(each.name for each in tournament.rounds),
        short_rounds=tuple(each.short for each in tournament.rounds),
        matches=tuple(_with_others(match.plan, who) for match in tournament.matches.values()),
        generated_at=at,
        stages=() if plain else tuple(_planned(stage, who) for stage in stages),
    )


def _with_others(plan: events.MatchPlan, who: Mapping[int, int]) -> events.MatchPlan:
    slots = tuple(
        msgspec.structs.replace(slot, participant=who.get(slot.participant, slot.participant))
        if slot.participant is not None
        else slot
        for slot in plan.slots
    )
    return msgspec.structs.replace(plan, slots=slots)


def _planned(stage: Stage, who: Mapping[int, int]) -> events.StagePlan:
    return events.StagePlan(
        stage=stage.number,
        first_round=stage.rounds[0].number,
        last_round=stage.rounds[-1].number,
        groups=tuple(
            events.GroupPlan(
                name=group.name, participants=tuple(who.get(each, each) for each in group.members)
            )
            for group in stage.groups
        ),
    )


def _to_bye(tournament: Tournament, who: int, match_id: int) -> list[events.SlotPlan]:
    """The lines once somebody has the place of the bye in this match, and the bye theirs."""
    if match_id not in bye_matches(tournament):
        raise errors.InvalidInput({"bye_match_id": f"There is no bye in match {match_id}."})
    lines = lines_of(tournament)
    start = 2 * [match.match_id for match in first_round(tournament)].index(match_id)
    bye = next(each for each in (start, start + 1) if lines[each].bye)
    line = next(each for each, slot in enumerate(lines) if slot.participant == who)
    lines[bye], lines[line] = lines[line], lines[bye]
    if lines[line].bye and lines[line ^ 1].bye:
        raise errors.InvalidInput({"bye_match_id": "Two byes would meet."})
    return lines


def _staying(tournament: Tournament) -> tuple[commands.EntrantLine, ...]:
    """The list without those who are out; where byes are marked on it, there is one in their place."""
    marked = any(each.id is None for each in tournament.entrants)
    return tuple(
        commands.EntrantLine(name=None)
        if each.id in tournament.roster.out
        else commands.EntrantLine(name=each.name, seed=each.seed)
        for each in tournament.entrants
        if marked or each.id not in tournament.roster.out
    )


def _shuffled(
    lines: Sequence[commands.EntrantLine], lots: Sequence[int], *, every: bool
) -> tuple[commands.EntrantLine, ...]:
    """The list in the order of the lots: everybody, or those without a seed. Byes keep their lines."""
    places = [at for at, line in enumerate(lines) if line.name is not None and (every or line.seed is None)]
    order = sorted(range(len(places)), key=lambda place: lots[place % len(lots)])
    shuffled = list(lines)
    for at, place in zip(places, order, strict=True):
        shuffled[at] = lines[places[place]]
    return tuple(shuffled)
