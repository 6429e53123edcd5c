"""What happened in a tournament, in words, and who did it: the log for the staff."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from quart_app.domain import events
from quart_app.domain.bracket.match import NOBODY
from quart_app.domain.events import Envelope
from quart_app.domain.events.base import MatchEvent
from quart_app.domain.state.tournament import Tournament
from quart_app.show.names import isolated
from quart_app.show.paths import for_staff, match_path
from quart_app.show.views.cards import halves
from quart_app.show.views.story import VOIDED, ended_with, taken_back

SOMEBODY_OUTSIDE = "a source outside"
"""Who did what no member of staff did."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that somebody did: when (RFC 3339), who, in which match if in one, in words, and why."""

    seq: int
    at: str
    by: str
    text: str
    why: str = ""
    match: str = ""
    path: str = ""


def history(tournament: Tournament, log: Iterable[Envelope], staff: Mapping[int, str]) -> tuple[Deed, ...]:
    """The deeds that these events tell of, newest first. What only repeats another event is left out."""
    told = sorted(log, key=lambda each: -each.seq)
    right = {each.seq + 1 for each in told if _corrects(each.event)}  # the right result comes next
    return tuple(
        _deed(tournament, envelope, staff, corrected=envelope.seq in right)
        for envelope in told
        if not isinstance(envelope.event, events.BracketUpdated)
    )


def _corrects(event: events.Event) -> bool:
    return isinstance(event, events.MatchReopened) and event.to == "correction"


def _deed(tournament: Tournament, envelope: Envelope, staff: Mapping[int, str], *, corrected: bool) -> Deed:
    event = envelope.event
    match = tournament.matches.get(event.match_id) if isinstance(event, MatchEvent) else None
    by = SOMEBODY_OUTSIDE if envelope.actor_id is None else staff.get(envelope.actor_id, "somebody")
    text, why = _words(tournament, event, "Corrected" if corrected else "Confirmed")
    return Deed(
        seq=envelope.seq,
        at=envelope.at,
        by=by,
        text=text,
        why=why or "",
        match=match.plan.label if match is not None else "",
        path=for_staff(match_path(tournament.id, match.match_id)) if match is not None else "",
    )


def _words(tournament: Tournament, event: events.Event, settled: str) -> tuple[str, str | None]:
    """What an event says, and why it was done; ``settled`` is what was done with a result."""
    match event:
        case events.TournamentCreated():
            return f"Created the tournament “{event.name}”", None
        case events.ParticipantsRegistered():
            return f"Entered {sum(each.name is not None for each in event.entrants)} participants", None
        case events.BracketGenerated():
            return ("Drew the bracket anew" if event.bracket_id > 1 else "Generated the bracket"), None
        case events.VisibilityChanged():
            return ("Opened it to everyone" if event.visibility == "public" else "Made it private"), None
        case events.MatchStarted():
            return f"Started {isolated(event.participant1_name)} v {isolated(event.participant2_name)}", None
        case events.ScoreUpdated():
            return f"Set the score to {event.participant1_score}–{event.participant2_score}", None
        case events.MatchCompleted():
            return _result(tournament, event, settled), event.notes
        case events.MatchReopened():
            return taken_back(tournament, event), event.because
        case events.MatchVoided():
            return VOIDED, event.because
        case events.TournamentPostponed():
            return "Postponed the tournament", event.because
        case events.TournamentCancelled():
            return "Cancelled the tournament", event.because
        case events.TournamentResumed():
            return "Resumed the tournament", None
        case events.TournamentArchived():
            return ("Took it off the lists" if event.archived else "Put it on the lists again"), None
        case events.RoundPaired():
            return f"Published round {event.round}", None
        case events.RoundUnpaired():
            return f"Took round {event.round} back", None
        case events.LotsDrawn():
            order = ", ".join(_name(tournament, who) for who in event.order)
            return f"Drew lots: {order}", None
        case events.ConductRecorded():
            who = _name(tournament, event.participant_id)
            return f"Set the conduct of {who} to {event.points}", None
        case events.ParticipantAdded():
            return f"Let {isolated(event.name)} join", None
        case events.ParticipantRenamed():
            return f"Renamed {isolated(event.previous_name or 'somebody')} to {isolated(event.name)}", None
        case events.ParticipantReplaced():
            place = isolated(event.previous_name or "somebody")
            return f"Let {isolated(event.name)} play in the place of {place}", None
        case events.ParticipantWithdrawn():
            deed = "Disqualified" if event.disqualified else "Withdrew"
            void = ", and voided their matches in groups" if event.policy == "void_all" else ""
            return f"{deed} {_name(tournament, event.participant_id)}{void}", event.because
        case events.ParticipantReinstated():
            return f"Reinstated {_name(tournament, event.participant_id)}", None
    return event.type, None


def _result(tournament: Tournament, event: events.MatchCompleted, settled: str) -> str:
    match = tournament.matches.get(event.match_id)  # another draw, or a round taken back, may have it no more
    slots = match.slots if match is not None else (NOBODY, NOBODY)
    names = (_name(tournament, slot.participant_id) for slot in slots)
    told = ended_with(event, *names, halves=match is not None and halves(tournament, match))
    if event.again:
        return f"It counts again: {told}"
    return f"{told}, as somebody is out" if event.forfeit else f"{settled}: {told}"


def _name(tournament: Tournament, participant_id: int | None) -> str:
    who = tournament.participants.get(participant_id or 0)
    return isolated(who.name) if who is not None else "somebody"
