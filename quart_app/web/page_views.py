"""View models of whole pages other than the tournament's: the lists, and a match with its story."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from quart_app.domain import events
from quart_app.domain.bracket import Match
from quart_app.domain.events import Envelope
from quart_app.domain.tournament import Tournament, TournamentStatus
from quart_app.store.tournaments import TournamentRow
from quart_app.web.bidi import isolated
from quart_app.web.views import STATUS_NAMES, MatchView, match_view, sentence, side_view, tournament_path


@dataclass(frozen=True, slots=True)
class StoryLine:
    """Something that happened in a match, and when (RFC 3339). ``note`` is what the scorer added."""

    at: str
    kind: Literal["started", "score", "result"]
    text: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class NextMatch:
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
    next_matches: tuple[NextMatch, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """A tournament in a list. ``progress`` says where it stands, empty where the list does not say."""

    path: str
    name: str
    status: str
    status_name: str
    private: bool
    at: str
    progress: str


@dataclass(frozen=True, slots=True)
class IndexPage:
    """The lists of tournaments. ``older_than`` leads on to the older finished ones, None at the end."""

    live: tuple[Listed, ...]
    coming: tuple[Listed, ...]
    finished: tuple[Listed, ...]
    older_than: int | None
    further: bool


def match_page(tournament: Tournament, match: Match, log: Sequence[Envelope]) -> MatchPage:
    """A match's page; ``log`` is the tournament's log, or all of it that is about the match."""
    fed = [tournament.matches[match_id] for match_id in tournament.feeds.get(match.match_id, ())]
    return MatchPage(
        title=" v ".join(isolated(side_view(tournament, match, side).name) for side in (0, 1)),
        tournament=tournament.name,
        tournament_path=tournament_path(tournament.id),
        round=tournament.round_names[match.plan.round - 1],
        match=match_view(tournament, match),
        story=tuple(reversed(tuple(_story(tournament, match, log)))),
        next_matches=tuple(
            NextMatch(
                "Winner" if any(slot.winner_of == match.match_id for slot in each.plan.slots) else "Loser",
                match_view(tournament, each),
            )
            for each in reversed(fed)
        ),
    )


def _story(tournament: Tournament, match: Match, log: Sequence[Envelope]) -> Iterator[StoryLine]:
    first, second = (isolated(side_view(tournament, match, side).name) for side in (0, 1))
    for envelope in log:
        event = envelope.event
        if getattr(event, "match_id", None) != match.match_id:
            continue
        match event:
            case events.MatchStarted():
                yield StoryLine(envelope.at, "started", "The match has started")
            case events.ScoreUpdated():
                score = f"{first} {event.participant1_score}–{event.participant2_score} {second}"
                yield StoryLine(envelope.at, "score", score)
            case events.MatchCompleted():
                yield StoryLine(envelope.at, "result", sentence(tournament, match), event.notes or "")


def listed(row: TournamentRow, progress: str = "") -> Listed:
    """A tournament in a list, from its row."""
    status = TournamentStatus(row.status)
    return Listed(
        path=tournament_path(row.id),
        name=row.name,
        status=row.status,
        status_name=STATUS_NAMES[status],
        private=row.visibility == "private",
        at=row.updated_at if status is TournamentStatus.COMPLETED else row.created_at,
        progress=progress,
    )


def progress(tournament: Tournament) -> str:
    """How far a tournament is: "Quarter-finals, 2 of 4 played", or who takes part."""
    if tournament.status is TournamentStatus.ACTIVE:
        for each in tournament.rounds:
            if each.completed < each.played:
                return f"{each.name}, {each.completed} of {each.played} played"
    return f"{len(tournament.participants)} participants"
