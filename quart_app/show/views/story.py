"""View models of whole pages other than the tournament's: the lists, and a match with its story."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from quart_app.domain import events
from quart_app.domain.bracket.match import Match, confirmed_by
from quart_app.domain.events import Envelope
from quart_app.domain.state.tournament import Tournament
from quart_app.show.names import isolated
from quart_app.show.paths import tournament_path
from quart_app.show.views.cards import MatchView, match_view, result_sentence, side_view

VOIDED = "The match counts for nothing"


@dataclass(frozen=True, slots=True)
class StoryLine:
    """Something that happened in a match, and when (RFC 3339). ``note`` is what the scorer added."""

    at: str
    kind: Literal["started", "score", "result", "reopened"]
    text: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Onward:
    """A match that this one feeds, and who of it goes there."""

    who: Literal["Winner", "Loser"]
    match: MatchView


@dataclass(frozen=True, slots=True)
class MatchPage:
    """Everything that a match's page shows. ``story`` is newest first."""

    title: str
    tournament: str
    tournament_path: str
    round: str
    match: MatchView
    story: tuple[StoryLine, ...]
    next_matches: tuple[Onward, ...]


def match_page(tournament: Tournament, match: Match, log: Sequence[Envelope]) -> MatchPage:
    """A match's page; ``log`` is what the tournament's log has about the match."""
    fed = [tournament.matches[match_id] for match_id in tournament.feeds.get(match.match_id, ())]
    return MatchPage(
        title=" v ".join(isolated(side_view(tournament, match, side).name) for side in (0, 1)),
        tournament=tournament.name,
        tournament_path=tournament_path(tournament.id),
        round=tournament.round_name(match.plan.round),
        match=match_view(tournament, match),
        story=tuple(reversed(tuple(_story(tournament, match, log)))),
        next_matches=tuple(
            Onward(
                "Winner" if any(slot.winner_of == match.match_id for slot in each.plan.slots) else "Loser",
                match_view(tournament, each),
            )
            for each in reversed(fed)
        ),
    )


def _story(tournament: Tournament, match: Match, log: Sequence[Envelope]) -> Iterator[StoryLine]:
    """The events of the match, each with the names of those who played it then."""
    names = [isolated(side_view(tournament, match, side).name) for side in (0, 1)]
    correcting = False
    for envelope in log:
        event = envelope.event
        match event:
            case events.MatchStarted():
                names = [isolated(event.participant1_name), isolated(event.participant2_name)]
                yield StoryLine(envelope.at, "started", "The match has started")
            case events.ScoreUpdated():
                score = f"{names[0]} {event.participant1_score}–{event.participant2_score} {names[1]}"
                yield StoryLine(envelope.at, "score", score)
            case events.MatchCompleted():
                ended = ended_with(event, *names)
                told = "It counts again: " if event.again else "Corrected: " if correcting else ""
                yield StoryLine(envelope.at, "result", told + ended, event.notes or "")
                correcting = False
            case events.MatchVoided():
                yield StoryLine(envelope.at, "reopened", VOIDED, event.because or "")
            case events.MatchReopened():
                correcting = event.to == "correction"
                yield StoryLine(envelope.at, "reopened", taken_back(tournament, event), event.because or "")


def ended_with(event: events.MatchCompleted, *names: str) -> str:
    """A result in words, with the names as they were then; ``names`` are of the sides, where nobody has
    won."""
    if event.winner_name is not None and event.loser_name is not None:
        names = isolated(event.winner_name), isolated(event.loser_name)
    return result_sentence(confirmed_by(event), *names)


def taken_back(tournament: Tournament, event: events.MatchReopened) -> str:
    """What was taken back, in words."""
    if event.cause_match_id is not None:
        cause = tournament.matches.get(event.cause_match_id)
        which = cause.plan.label if cause is not None else "another match"
        return f"Taken back, as {which} has another result"
    words = {"live": "The result is taken back; they play on", "correction": "The result is corrected"}
    return words.get(event.to, "Taken back, to be played anew")
