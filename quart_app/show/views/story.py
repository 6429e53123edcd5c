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
    ids = [slot.participant_id for slot in match.slots]
    names = [isolated(side_view(tournament, match, side).name) for side in (0, 1)]
    correcting = False
    for envelope in log:
        event = envelope.event
        match event:
            case events.MatchStarted():
                ids = [event.participant1_id, event.participant2_id]
                names = [isolated(event.participant1_name), isolated(event.participant2_name)]
                yield StoryLine(envelope.at, "started", "The match has started")
            case events.ScoreUpdated():
                score = f"{names[0]} {event.participant1_score}–{event.participant2_score} {names[1]}"
                yield StoryLine(envelope.at, "score", score)
            case events.MatchCompleted():
                ended = result_sentence(
                    (names[0], names[1]), confirmed_by(event), second_won=event.winner_id == ids[1]
                )
                text = f"Corrected: {ended}" if correcting else ended
                yield StoryLine(envelope.at, "result", text, event.notes or "")
                correcting = False
            case events.MatchReopened():
                correcting = event.to == "correction"
                if not correcting:
                    yield StoryLine(
                        envelope.at, "reopened", _taken_back(tournament, event), event.because or ""
                    )
                elif event.because:
                    yield StoryLine(envelope.at, "reopened", "The result was wrong", event.because)


def _taken_back(tournament: Tournament, event: events.MatchReopened) -> str:
    if event.cause_match_id is not None:
        cause = tournament.matches[event.cause_match_id].plan.label
        return f"Taken back, as the result of {cause} was another one"
    return "The result was taken back; they play on" if event.to == "live" else "Taken back, to be played"
