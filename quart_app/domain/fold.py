"""The fold: a tournament is what its log says, event after event.

As the log counts 1, 2, 3 … without a gap, the number of events applied *is* the seq. What an event changed is
read off the states before and after it: they share what stayed the same, so a part has changed if it is
another object. From that come the revisions, and from them the age of a fragment, the key of a cached page
and what a frame renders. A new event needs a line in ``FOLD`` and no other case anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from operator import is_not
from typing import Any

from msgspec.structs import replace as altered

from quart_app.domain import events
from quart_app.domain.bracket import graph
from quart_app.domain.bracket.match import Match, confirmed_by
from quart_app.domain.events import StageSettings
from quart_app.domain.formats import FORMATS
from quart_app.domain.parts import AGENDA, BRACKET, HEADER, Part, group_part, match_part, round_part
from quart_app.domain.state import pairing as rounds
from quart_app.domain.state import people
from quart_app.domain.state.agenda import NOTHING
from quart_app.domain.state.stage import Stage, opened
from quart_app.domain.state.tournament import Hold, Tournament, TournamentStatus

Step = tuple[Tournament, frozenset[Part]]
"""A state, and the parts in which it differs from the one before."""

REMEMBERED = 8
_latest: tuple[tuple[Tournament, events.Event, Step], ...] = ()


def apply(tournament: Tournament, event: events.Event) -> Tournament:
    """The tournament after one more event. Raises ValueError for an event of another tournament."""
    return step(tournament, event)[0]


def step(tournament: Tournament, event: events.Event) -> Step:
    """The same, and the parts that the event has changed.

    The last few steps are remembered by the very objects that they were made of: what a decision has to
    foresee is not worked out again when it is written down, and when it is taken in.
    """
    global _latest
    for before, told, made in _latest:
        if before is tournament and told is event:
            return made
    made = _step(tournament, event)
    _latest = (*_latest[1 - REMEMBERED :], (tournament, event, made))
    return made


def _step(tournament: Tournament, event: events.Event) -> Step:
    if event.tournament_id != tournament.id:
        raise ValueError(f"an event of tournament {event.tournament_id} applied to {tournament.id}")
    seq = tournament.seq + 1
    after = FOLD[type(event)](tournament, event, seq)
    parts = changed(tournament, after)
    revisions = {**tournament.revisions, **dict.fromkeys(parts, seq)} if parts else tournament.revisions
    revised = seq if parts else tournament.revised
    return altered(after, seq=seq, revised=revised, revisions=revisions), parts


def fold(tournament_id: int, log: Iterable[events.Event]) -> Tournament:
    """The tournament that a whole log, from its first event on, tells of."""
    return reduce(apply, log, Tournament(tournament_id))


def changed(before: Tournament, after: Tournament) -> frozenset[Part]:
    """The parts in which two states differ."""
    parts = []
    if _header(before) != _header(after):
        parts.append(HEADER)
    if any(map(is_not, _outline(before), _outline(after))) or len(before.matches) != len(after.matches):
        parts.append(BRACKET)
    if before.agenda is not after.agenda:
        parts.append(AGENDA)
    if before.hold is not after.hold:  # what is being played stops, or goes on
        parts += (AGENDA, *map(match_part, after.agenda.live))
    if before.matches is not after.matches:
        parts += map(match_part, graph.differing(before.matches, after.matches))
    if before.stages is not after.stages:
        known = {id(each) for stage in before.stages for each in (*stage.rounds, *stage.groups)}
        lots = {id(stage.lots) for stage in before.stages}
        for stage in after.stages:
            if id(stage.lots) not in lots:  # they are seen in no group, but compare those of all
                known -= {id(group) for group in stage.groups}
            parts += (round_part(each.number) for each in stage.rounds if id(each) not in known)
            groups = enumerate(stage.groups)
            parts += (group_part(stage.number, index) for index, each in groups if id(each) not in known)
    return frozenset(parts)


def _header(state: Tournament) -> tuple[object, ...]:
    podium = state.places if state.progress is TournamentStatus.COMPLETED else ()
    standing = state.hold, state.archived, state.deleted
    return state.name, state.format, state.visibility, state.roster, state.progress, podium, standing


def _outline(state: Tournament) -> tuple[object, ...]:
    return state.roster, state.bracket_id, state.feeds


def _created(state: Tournament, event: events.TournamentCreated, seq: int) -> Tournament:
    stages = event.stages or (StageSettings(format=event.format, third_place=event.third_place),)
    for each in stages:
        if each.format not in FORMATS:
            raise events.UnknownEvent(f"a tournament of the format {each.format!r}")
    return altered(
        state,
        name=event.name,
        format=event.format,
        seeding=event.seeding,
        settings=stages,
        visibility=event.visibility,
        created_at=event.created_at,
    )


def _registered(state: Tournament, event: events.ParticipantsRegistered, seq: int) -> Tournament:
    return altered(state, roster=state.roster.registered(event.entrants))


def _generated(state: Tournament, event: events.BracketGenerated, seq: int) -> Tournament:
    matches = graph.lay_out(event.matches, {}, seq)
    plans = event.stages or (events.StagePlan(stage=1, first_round=1, last_round=len(event.rounds)),)
    shorts = event.short_rounds or event.rounds
    stages = tuple(
        opened(
            plan.stage,
            settings,
            [
                (number, event.rounds[number - 1], shorts[number - 1])
                for number in range(plan.first_round, plan.last_round + 1)
            ],
            plan.groups,
            {each.id: each.seed for each in state.participants.values() if each.seed is not None},
            {each: match for each, match in matches.items() if match.plan.stage_number == plan.stage},
        )
        for plan, settings in zip(plans, state.settings, strict=True)
    )
    stages = tuple(
        _with_what_stays(stage, was) if was.groups else stage
        for stage, was in zip(stages, state.stages or stages, strict=True)
    )
    return altered(
        state,
        bracket_id=event.bracket_id,
        stages=stages,
        matches=matches,
        feeds=graph.feeds_of(event.matches),
        ranked=graph.ranked_of(event.matches),
        ranks={},
        agenda=NOTHING.moved({}, matches),
    )


def _with_what_stays(stage: Stage, was: Stage) -> Stage:
    """A stage drawn anew: what somebody has done stays with them, and the lots as long as everybody is in the
    group in which they were drawn."""
    conduct = {who: points for group in was.groups for who, points in group.conduct.items()}
    lots = {who: place for group in was.groups for who, place in group.lots.items()}
    if [{*group.members} for group in stage.groups] != [{*group.members} for group in was.groups]:
        lots = {}
    else:
        stage = altered(stage, lots=was.lots)
    for group in stage.groups if conduct or lots else ():
        kept = {
            what: {who: value for who, value in told.items() if who in group.members}
            for what, told in (("conduct", conduct), ("lots", lots))
        }
        stage = stage.with_group(altered(group, **kept))
    return stage


def _visibility_changed(state: Tournament, event: events.VisibilityChanged, seq: int) -> Tournament:
    return altered(state, visibility=event.visibility)


def _started(state: Tournament, event: events.MatchStarted, seq: int) -> Tournament:
    match = state.matches[event.match_id]
    started = altered(match, version=seq, live=True, score=(0, 0), scheduled_time=event.scheduled_time)
    return _moved(state, started, seq)


def _scored(state: Tournament, event: events.ScoreUpdated, seq: int) -> Tournament:
    score = (event.participant1_score, event.participant2_score)
    scored = altered(state.matches[event.match_id], version=seq, score=score, games=event.games)
    return _moved(state, scored, seq)


def _completed(state: Tournament, event: events.MatchCompleted, seq: int) -> Tournament:
    match, (score, games, result) = state.matches[event.match_id], confirmed_by(event)
    completed = altered(match, version=seq, live=False, score=score, games=games, result=result)
    return _moved(state, completed, seq)


def _reopened(state: Tournament, event: events.MatchReopened, seq: int) -> Tournament:
    match = state.matches[event.match_id]
    given = event.cause_match_id is not None or (match.result is not None and match.result.forfeit)
    retracted = None if given else match.confirmed or match.retracted  # what is played then corrects nothing
    if event.to == "correction":  # nothing moves before the right result is known
        told = altered(match, version=seq, retracted=retracted)
        return altered(state, matches={**state.matches, match.match_id: told})
    live = event.to == "live"
    reopened = altered(
        match,
        version=seq,
        live=live and not match.annulled,  # it is played on when somebody else is back, too
        score=(match.score or (0, 0)) if live else None,
        games=match.games if live else (),
        result=None,
        retracted=retracted,
        voided=False,
    )
    return _moved(state, reopened, seq)


def _voided(state: Tournament, event: events.MatchVoided, seq: int) -> Tournament:
    match = state.matches[event.match_id]
    voided = altered(
        match,
        version=seq,
        voided=True,
        live=False,
        score=None,
        games=(),
        result=None,
        retracted=match.confirmed or match.retracted,
    )
    return _moved(state, voided, seq)


def _postponed(state: Tournament, event: events.TournamentPostponed, seq: int) -> Tournament:
    hold = Hold(TournamentStatus.POSTPONED, event.postponed_at, event.because or "", event.until)
    return altered(state, hold=hold)


def _cancelled(state: Tournament, event: events.TournamentCancelled, seq: int) -> Tournament:
    return altered(state, hold=Hold(TournamentStatus.CANCELLED, event.cancelled_at, event.because or ""))


def _resumed(state: Tournament, event: events.TournamentResumed, seq: int) -> Tournament:
    return altered(state, hold=None)


def _archived(state: Tournament, event: events.TournamentArchived, seq: int) -> Tournament:
    return altered(state, archived=event.archived)


def _deleted(state: Tournament, event: events.TournamentDeleted, seq: int) -> Tournament:
    return altered(state, deleted=True, visibility="private")


def _repeated(state: Tournament, event: events.BracketUpdated, seq: int) -> Tournament:
    return state  # it tells what the events before it have moved already


def _moved(state: Tournament, match: Match, seq: int) -> Tournament:
    return state.with_matches(graph.advance(state.matches, state.feeds, state.ranks, (match,), seq), seq)


FOLD: Mapping[type[events.Event], Callable[[Tournament, Any, int], Tournament]] = {
    events.TournamentCreated: _created,
    events.ParticipantsRegistered: _registered,
    events.BracketGenerated: _generated,
    events.VisibilityChanged: _visibility_changed,
    events.MatchStarted: _started,
    events.ScoreUpdated: _scored,
    events.MatchCompleted: _completed,
    events.MatchReopened: _reopened,
    events.ParticipantRenamed: people.renamed,
    events.ParticipantReplaced: people.renamed,
    events.ParticipantWithdrawn: people.withdrawn,
    events.ParticipantReinstated: people.reinstated,
    events.BracketUpdated: _repeated,
    events.RoundPaired: rounds.paired,
    events.RoundUnpaired: rounds.unpaired,
    events.LotsDrawn: rounds.lots_drawn,
    events.ConductRecorded: rounds.conduct_recorded,
    events.ParticipantAdded: rounds.participant_added,
    events.MatchVoided: _voided,
    events.TournamentPostponed: _postponed,
    events.TournamentCancelled: _cancelled,
    events.TournamentResumed: _resumed,
    events.TournamentArchived: _archived,
    events.TournamentDeleted: _deleted,
}
"""What each event makes of a state, given its seq."""
