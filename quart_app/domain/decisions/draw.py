"""Decisions that change a draw: two change places, it is drawn anew, somebody joins late."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce

import msgspec

from quart_app import errors
from quart_app.domain import commands, events, rules, seeding, staging
from quart_app.domain.bracket.match import Match
from quart_app.domain.decisions.corrections import misplaced
from quart_app.domain.decisions.setup import listed
from quart_app.domain.fold import apply
from quart_app.domain.movement import movement, with_movement
from quart_app.domain.state.stage import Stage
from quart_app.domain.state.tournament import Tournament


def swap(
    tournament: Tournament, command: commands.SwapInDraw, at: str, actor_id: int | None
) -> tuple[events.Event, ...]:
    """Let two change places in the draw, or one and a bye.

    Raises DrawFixed once a match has begun, NotFound, or InvalidInput.
    """
    _refuse_after_start(tournament)
    for who in (command.participant_id, command.other_id):
        if who is not None and who not in tournament.participants:
            raise errors.NotFound(f"This tournament has no participant {who}.")
    if (command.other_id is None) is (command.bye_match_id is None):
        raise errors.InvalidInput({"swap": "Name another participant, or the match of a bye."})
    if command.other_id is not None:
        drawn = _swapped(tournament, command.participant_id, command.other_id, at)
    else:
        lines = _to_bye(tournament, command.participant_id, command.bye_match_id or 0)
        drawn = _drawn_from(tournament, lines, at)
    return with_movement(tournament, drawn, at)


def draw_again(
    tournament: Tournament, command: commands.DrawAgain, at: str, actor_id: int | None
) -> tuple[events.Event, ...]:
    """Draw anew, from this list or the one that there is, without those who are out.

    Raises DrawFixed once a match has begun, Conflict where somebody has changed the tournament meanwhile,
    InvalidInput for a list that cannot be.
    """
    _refuse_after_start(tournament)
    if command.version not in (None, tournament.seq):
        raise errors.Conflict("Somebody else changed this tournament meanwhile. Look at it and draw again.")
    lines = command.entrants if command.entrants is not None else _staying(tournament)
    if command.lots:
        lines = _shuffled(lines, command.lots, every=tournament.seeding == "given")
    rules.check_entrants(lines, tournament.seeding)
    rules.check_stages(tournament.settings, lines)
    told = listed(tournament, lines, at)
    given = tournament.seeding == "given"
    drawn = staging.drawn(
        tournament.id, told.entrants, given, tournament.settings, at, _next_bracket(tournament)
    )
    return _told(tournament, told, drawn, at)


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
    if tournament.stages[0].complete:
        raise errors.RoundConflict("All rounds are over.")
    return (added,)


def bye_matches(tournament: Tournament) -> tuple[int, ...]:
    """The matches in which a bye stands on a line of the draw, against somebody."""
    return tuple(
        match.match_id
        for match in _first_round(tournament)
        if sum(slot.bye for slot in match.plan.slots) == 1
    )


def can_be_redrawn(tournament: Tournament) -> bool:
    """Whether there is a bracket, drawn from a list, and no match of it has begun. Walkovers of those who are
    out do not count."""
    return (
        tournament.bracket_id is not None
        and tournament.stages[0].format.layout != "rounds"
        and not any(
            match.live or (match.result is not None and not match.result.forfeit)
            for match in tournament.matches.values()
        )
    )


def _told(
    tournament: Tournament, change: events.Event, drawn: events.BracketGenerated, at: str
) -> tuple[events.Event, ...]:
    """A change of the list, the bracket that is drawn from it, and what that moves."""
    after = reduce(apply, (change, drawn), tournament)
    return change, drawn, movement(tournament, after, at)


def _refuse_after_start(tournament: Tournament) -> None:
    if tournament.bracket_id is None:
        raise errors.DrawFixed("There is no bracket yet; change the list.")
    if not can_be_redrawn(tournament):
        raise errors.DrawFixed("A match has begun; the draw can no longer change.")


def _next_bracket(tournament: Tournament) -> int:
    return (tournament.bracket_id or 0) + 1


def _first_round(tournament: Tournament) -> list[Match]:
    """The matches that are drawn from lines, top to bottom; none where the first stage is no bracket."""
    stage = tournament.stages[0]
    if not staging.has_lines(stage.settings):
        return []
    return [tournament.matches[each] for each in stage.rounds[0].match_ids]


def _lines(tournament: Tournament) -> list[events.SlotPlan]:
    return [slot for match in _first_round(tournament) for slot in match.plan.slots]


def _drawn_from(tournament: Tournament, lines: Sequence[events.SlotPlan], at: str) -> events.BracketGenerated:
    """The bracket that these lines give."""
    return staging.drawn(tournament.id, (), True, tournament.settings, at, _next_bracket(tournament), lines)


def _swapped(tournament: Tournament, first: int, second: int, at: str) -> events.BracketGenerated:
    """The bracket in which each of the two stands where the other stood."""
    who = {first: second, second: first}
    stages = tournament.stages
    plain = len(stages) == 1 and not stages[0].groups
    return events.BracketGenerated(
        tournament_id=tournament.id,
        bracket_id=_next_bracket(tournament),
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
    lines = _lines(tournament)
    start = 2 * [match.match_id for match in _first_round(tournament)].index(match_id)
    bye = next(each for each in (start, start + 1) if lines[each].bye)
    line = next(each for each, slot in enumerate(lines) if slot.participant == who)
    lines[bye], lines[line] = lines[line], lines[bye]
    if lines[line].bye and lines[line ^ 1].bye:
        raise errors.InvalidInput({"bye_match_id": "Two byes would meet."})
    return lines


def _in_place_of_a_bye(
    tournament: Tournament, added: events.ParticipantAdded, at: str
) -> tuple[events.Event, ...]:
    """The newcomer in a match whose winner has not gone on to play: that of the weakest who have a bye."""
    strength = {who: rank for rank, who in enumerate(seeding.ranked(tournament.entrants, given=False))}
    lines = _lines(tournament)
    byes = {lines[line ^ 1].participant or 0: line for line, slot in enumerate(lines) if slot.bye}
    for who in sorted(byes, key=lambda each: strength.get(each, -1), reverse=True):
        filled = list(lines)
        filled[byes[who]] = events.SlotPlan(participant=added.participant_id)
        drawn = _drawn_from(tournament, filled, at)
        if can_be_redrawn(tournament):
            return _told(tournament, added, drawn, at)
        plans = {plan.match_id: plan for plan in drawn.matches}
        if _shape(drawn.matches) != _shape(match.plan for match in tournament.matches.values()):
            continue  # a losers' bracket has no match for one more
        changed = tuple(plan for each, plan in plans.items() if plan != tournament.matches[each].plan)
        joined = msgspec.structs.replace(added, matches=changed)
        if not misplaced(tournament, apply(tournament, joined)):
            return with_movement(tournament, joined, at)
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
    entrants = {each.id: each for each in tournament.entrants}
    newcomer = events.Entrant(id=added.participant_id, name=added.name, seed=added.seed)
    groups = [[entrants[who] for who in group.members] for group in tournament.stages[0].groups]
    min(groups, key=len).append(newcomer)
    drawn = staging.drawn(
        tournament.id,
        [each for group in groups for each in group],
        True,
        tournament.settings,
        at,
        _next_bracket(tournament),
    )
    return _told(tournament, added, drawn, at)


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
    moving = [line for line in lines if line.name is not None and (every or line.seed is None)]
    order = sorted(range(len(moving)), key=lambda place: lots[place % len(lots)])
    dealt = iter([moving[place] for place in order])
    return tuple(next(dealt) if line in moving else line for line in lines)
