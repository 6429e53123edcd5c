"""What becomes of those who take part, and of the matches that counted for them."""

from __future__ import annotations

from msgspec.structs import replace as altered

from quart_app.domain import events
from quart_app.domain.bracket.match import Match
from quart_app.domain.state.roster import Participant
from quart_app.domain.state.tournament import Tournament


def renamed(
    state: Tournament, event: events.ParticipantRenamed | events.ParticipantReplaced, seq: int
) -> Tournament:
    """Somebody is called otherwise, or somebody else plays in their place."""
    return altered(state, roster=state.roster.renamed(event.participant_id, event.name))


def withdrawn(state: Tournament, event: events.ParticipantWithdrawn, seq: int) -> Tournament:
    """Somebody plays no more."""
    how = "disqualified" if event.disqualified else "withdrawn"
    state = counted_out(altered(state, roster=state.roster.without(event.participant_id, how)), seq)
    if event.policy != "void_all":
        return state
    annulled = {
        match.match_id: altered(
            match,
            version=seq,
            annulled=True,
            live=False,
        )
        for match in group_matches(state, event.participant_id)
    }
    return _counted(state.with_matches(annulled, seq), event.participant_id, seq, out=True)


def reinstated(state: Tournament, event: events.ParticipantReinstated, seq: int) -> Tournament:
    """Somebody plays on, and what they have played in groups counts again."""
    state = counted_out(altered(state, roster=state.roster.reinstated(event.participant_id)), seq)
    state = _counted(state, event.participant_id, seq, out=False)
    excluded = {who for stage in state.stages for group in stage.groups for who in group.excluded}
    counting = {
        match.match_id: altered(
            match, version=seq, annulled=False, live=match.result is None and match.score is not None
        )
        for match in group_matches(state, event.participant_id)
        if match.annulled and not any(slot.participant_id in excluded for slot in match.slots)
    }
    return state.with_matches(counting, seq)


def counted_out(state: Tournament, seq: int) -> Tournament:
    """The state whose stages know where fewer than two are left to be paired."""
    stages = []
    for stage in state.stages:
        for group in stage.groups if stage.format.layout == "rounds" else ():
            deserted = sum(who not in state.roster.out for who in group.members) < 2
            if deserted != group.deserted:
                stage = stage.with_group(altered(group, deserted=deserted))
        stages.append(stage)
    return state.with_stages(tuple(stages), seq)


def _counted(state: Tournament, participant_id: int, seq: int, *, out: bool) -> Tournament:
    """The state in whose groups somebody is ranked, or not."""
    stages = []
    for stage in state.stages:
        for group in stage.groups:
            if participant_id in group.members and stage.format.layout != "rounds":
                excluded = group.excluded | {participant_id} if out else group.excluded - {participant_id}
                if excluded != group.excluded:
                    stage = stage.with_group(altered(group, excluded=excluded))
        stages.append(stage)
    return state.with_stages(tuple(stages), seq)


def group_matches(state: Tournament, participant_id: int) -> list[Match]:
    """Somebody's matches in groups; a Swiss is none."""
    return [
        match
        for match in state.matches_of(participant_id)
        if match.plan.group and state.stage_of(match).format.layout != "rounds"
    ]


def given_away_by(state: Tournament, match: Match) -> tuple[Participant, ...]:
    """Those who are out, and for whom the match was given away: what becomes of it is settled by bringing
    them back, and by nothing else."""
    if not (match.annulled or (match.result is not None and match.result.forfeit)):
        return ()
    return tuple(
        state.participants[slot.participant_id]
        for slot in match.slots
        if slot.participant_id in state.roster.out and slot.participant_id is not None
    )
