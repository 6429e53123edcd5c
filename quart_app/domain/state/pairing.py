"""What the events of stages make of a state: rounds paired one by one, lots, conduct, who joins late."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from msgspec.structs import replace as altered

from quart_app.domain import events
from quart_app.domain.bracket.graph import advance, feeds_of, lay_out
from quart_app.domain.bracket.match import Match
from quart_app.domain.ranking import Unplayed
from quart_app.domain.state.agenda import NOTHING
from quart_app.domain.state.people import counted_out
from quart_app.domain.state.stage import Stage
from quart_app.domain.state.tournament import Tournament


def paired(state: Tournament, event: events.RoundPaired, seq: int) -> Tournament:
    """A round has its matches."""
    matches = lay_out(event.matches, {}, seq)
    stage = state.stages[event.stage - 1]
    number = _round_number(stage, event.round)
    before = next(each for each in stage.rounds if each.number == number)
    now = altered(before, match_ids=tuple(matches)).counted(matches)
    group = stage.groups[0]
    unplayed = [
        Unplayed(round=number, participant_id=who, points=group.ruleset.points.win) for who in event.byes
    ]
    unplayed += [
        Unplayed(round=number, participant_id=who, points=Fraction(0), requested=True) for who in event.absent
    ]
    stage = stage.with_round(now).with_group(
        altered(
            group.moved(matches.values()),
            unplayed=(*group.unplayed, *unplayed),
            rounds_left=group.rounds_left - 1,
            rounds_played=number - stage.rounds[0].number + 1,
        )
    )
    return _placed(state, stage, {**state.matches, **matches}, seq)


def unpaired(state: Tournament, event: events.RoundUnpaired, seq: int) -> Tournament:
    """A round has no matches any more."""
    stage = state.stages[event.stage - 1]
    number = _round_number(stage, event.round)
    before = next(each for each in stage.rounds if each.number == number)
    now = altered(before, match_ids=(), played=0, completed=0, open=0)
    group = stage.groups[0]
    played = number - stage.rounds[0].number
    gone = frozenset(event.match_ids)
    stage = stage.with_round(now).with_group(
        altered(
            group,
            open={each: pairing for each, pairing in group.open.items() if each not in gone},
            unplayed=tuple(each for each in group.unplayed if each.round != number),
            rounds_left=group.rounds_left + 1,
            rounds_played=played or None,
            overtaken=group.overtaken - {number},
        )
    )
    matches = {each: match for each, match in state.matches.items() if each not in gone}
    return _placed(state, stage, matches, seq)


def lots_drawn(state: Tournament, event: events.LotsDrawn, seq: int) -> Tournament:
    """Lots separate those of a group whom nothing else separates, or with none of several groups named, those
    who came to one place in them."""
    stage = state.stages[event.stage - 1]
    order = {who: place for place, who in enumerate(event.order, start=1)}
    if not event.group and len(stage.groups) > 1:
        return _with_stage(state, altered(stage, lots={**stage.lots, **order}), seq)
    group = stage.group(event.group) if event.group else stage.groups[0]
    return _with_stage(state, stage.with_group(altered(group, lots={**group.lots, **order})), seq)


def conduct_recorded(state: Tournament, event: events.ConductRecorded, seq: int) -> Tournament:
    """A participant has so many points of conduct."""
    stage = state.stages[event.stage - 1]
    group = next(each for each in stage.groups if event.participant_id in each.members)
    conduct = {**group.conduct, event.participant_id: event.points}
    return _with_stage(state, stage.with_group(altered(group, conduct=conduct)), seq)


def participant_added(state: Tournament, event: events.ParticipantAdded, seq: int) -> Tournament:
    """Somebody has joined: in the place of a bye, or the stage that is paired round by round."""
    entrant = events.Entrant(id=event.participant_id, name=event.name, seed=event.seed)
    state = altered(state, roster=state.roster.joined(entrant))
    if event.matches:
        planned = {
            plan.match_id: altered(state.matches[plan.match_id], plan=plan, version=seq)
            for plan in event.matches
        }
        feeds = feeds_of(match.plan for match in {**state.matches, **planned}.values())
        state = altered(state, feeds=feeds)
        moved = advance(state.matches, feeds, state.ranks, planned.values(), seq, planned)
        return state.with_matches(moved, seq)
    if not state.stages or state.stages[0].format.layout != "rounds":
        return state
    stage = state.stages[0]
    group = stage.groups[0]
    missed = tuple(
        Unplayed(round=each.number, participant_id=event.participant_id, points=Fraction(0), requested=True)
        for each in stage.rounds
        if each.match_ids
    )
    seeds = group.seeds if event.seed is None else {**group.seeds, event.participant_id: event.seed}
    joined = altered(
        group,
        members=(*group.members, event.participant_id),
        unplayed=(*group.unplayed, *missed),
        seeds=seeds,
    )
    return counted_out(_with_stage(state, stage.with_group(joined), seq), seq)


def _round_number(stage: Stage, of_stage: int) -> int:
    """A round's number in the tournament, from its number in the stage."""
    return stage.rounds[of_stage - 1].number


def _with_stage(state: Tournament, stage: Stage, seq: int) -> Tournament:
    stages = tuple(stage if each.number == stage.number else each for each in state.stages)
    return state.with_stages(stages, seq)


def _placed(state: Tournament, stage: Stage, matches: Mapping[int, Match], seq: int) -> Tournament:
    """The state with another set of matches, in play order."""
    ordered = dict(
        sorted(matches.items(), key=lambda each: (each[1].plan.stage_number, each[1].plan.round, each[0]))
    )
    placed = altered(state, matches=ordered, agenda=NOTHING.moved({}, ordered))
    return _with_stage(placed, stage, seq)
