"""A match's page: the match, its story in words, and where its players go on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from quart_app.domain import events
from quart_app.domain.bracket.match import Match, confirmed_by
from quart_app.domain.events import THIRD_PLACE, Envelope
from quart_app.domain.state.tournament import Tournament
from quart_app.show.names import isolated
from quart_app.show.paths import tournament_path
from quart_app.show.views.cards import MatchView, halves, match_view, result_sentence, side_view
from quart_app.show.views.tournament import HeaderView, header_view

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
    """Everything that a match's page shows. ``place`` says which match it is: "Round of 16 · match 1".
    ``story`` is newest first; ``day`` is the moment it begins with, "" where it has not."""

    title: str
    tournament: str
    tournament_path: str
    place: str
    header: HeaderView
    match: MatchView
    day: str
    story: tuple[StoryLine, ...]
    next_matches: tuple[Onward, ...]


def match_page(tournament: Tournament, match: Match, log: Sequence[Envelope]) -> MatchPage:
    """A match's page; ``log`` is what the tournament's log has about the match."""
    story = tuple(_story(tournament, match, log))
    fed = [tournament.matches[match_id] for match_id in tournament.feeds.get(match.match_id, ())]
    return MatchPage(
        title=" v ".join(isolated(side_view(tournament, match, side).name) for side in (0, 1)),
        tournament=tournament.name,
        tournament_path=tournament_path(tournament.id),
        place=_place(tournament, match),
        header=header_view(tournament),
        match=match_view(tournament, match),
        day=story[0].at if story else "",
        story=story[::-1],
        next_matches=tuple(
            Onward(
                "Winner" if any(slot.winner_of == match.match_id for slot in each.plan.slots) else "Loser",
                match_view(tournament, each),
            )
            for each in reversed(fed)
        ),
    )


def _place(tournament: Tournament, match: Match) -> str:
    """Which match of which round, group and stage it is, as far as there are several."""
    plan, stage = match.plan, tournament.stage_of(match)
    words = [stage.name] if len(tournament.stages) > 1 else []
    if plan.group and len(stage.groups) > 1:
        words.append(f"Group {plan.group}")
    words.append("Third place" if plan.stage == THIRD_PLACE else tournament.round_name(plan.round))
    beside = [
        each.match_id
        for each in tournament.matches.values()
        if (each.plan.stage, each.plan.round, each.plan.group) == (plan.stage, plan.round, plan.group)
    ]
    if len(beside) > 1:
        words.append(f"match {beside.index(match.match_id) + 1}")
    return " · ".join(words)


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
                ended = ended_with(event, *names, halves=halves(tournament, match))
                told = "It counts again: " if event.again else "Corrected: " if correcting else ""
                yield StoryLine(envelope.at, "result", told + ended, event.notes or "")
                correcting = False
            case events.MatchVoided():
                yield StoryLine(envelope.at, "reopened", VOIDED, event.because or "")
            case events.MatchReopened():
                correcting = event.to == "correction"
                yield StoryLine(envelope.at, "reopened", taken_back(tournament, event), event.because or "")


def ended_with(event: events.MatchCompleted, *names: str, halves: bool) -> str:
    """A result in words, with the names as they were then; ``names`` are of the sides, where nobody has won.
    A draw can be told in ``halves``."""
    if event.winner_name is not None and event.loser_name is not None:
        names = isolated(event.winner_name), isolated(event.loser_name)
    return result_sentence(confirmed_by(event), *names, halves=halves)


def taken_back(tournament: Tournament, event: events.MatchReopened) -> str:
    """What was taken back, in words."""
    if event.cause_match_id is not None:
        cause = tournament.matches.get(event.cause_match_id)
        which = cause.plan.label if cause is not None else "another match"
        return f"Taken back, as {which} has another result"
    words = {"live": "The result is taken back; they play on", "correction": "The result is corrected"}
    return words.get(event.to, "Taken back, to be played anew")
