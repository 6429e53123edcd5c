"""What the staff's pages show beside the spectators' views: work to do, the pad, and what was refused."""

from __future__ import annotations

from dataclasses import dataclass, replace

from quart_app.domain.bracket.match import Match, MatchStatus, Result
from quart_app.domain.events import Envelope, MatchCompleted, MatchStarted, ScoreUpdated
from quart_app.domain.state.tournament import Tournament
from quart_app.show.views.cards import MatchView, match_view, sentence
from quart_app.store.staff import StaffRow

DEEDS = {MatchStarted: "Started", ScoreUpdated: "Last score", MatchCompleted: "Confirmed"}


@dataclass(frozen=True, slots=True)
class Touch:
    """The last change of a match: what it was, whose, when (RFC 3339), and whether it was the viewer's."""

    deed: str
    by: str
    at: str
    mine: bool


@dataclass(frozen=True, slots=True)
class Pad:
    """A match on the scoring pad.

    ``verdict`` is what the score would say if it were confirmed now, empty where it cannot be. ``score`` and
    ``version`` are what the next post builds on. ``feeds`` are the matches that wait for this one.
    """

    match: MatchView
    version: int
    score: tuple[int, int]
    level: bool
    verdict: str
    notes: str
    feeds: tuple[MatchView, ...]
    touch: Touch | None

    @property
    def rival(self) -> str | None:
        """Who else is scoring the match, None while nobody is seen to."""
        seen = self.match.status == MatchStatus.LIVE and self.touch is not None and not self.touch.mine
        return self.touch.by if self.touch is not None and seen else None


def pad(tournament: Tournament, match: Match, touch: Touch | None) -> Pad:
    """The pad of a match as it stands."""
    live = match.status is MatchStatus.LIVE
    score = match.score or (0, 0)
    fed = (tournament.matches[match_id] for match_id in tournament.feeds.get(match.match_id, ()))
    return Pad(
        match=match_view(tournament, match),
        version=match.version,
        score=score,
        level=live and score[0] == score[1],
        verdict=_verdict(tournament, match, score) if live else "",
        notes=(match.result.notes or "") if match.result is not None else "",
        feeds=tuple(match_view(tournament, each) for each in fed if each.played),
        touch=touch,
    )


def touch_of(match: Match, last: Envelope, by: StaffRow | None, viewer: StaffRow) -> Touch | None:
    """The last change of a match, from the log's entry of it and its actor.

    None where that was no deed on the match itself but, say, a result that brought a participant here.
    """
    event = last.event
    if not isinstance(event, MatchStarted | ScoreUpdated | MatchCompleted):
        return None
    if event.match_id != match.match_id:
        return None
    name = by.name if by is not None else "a source outside"
    return Touch(DEEDS[type(event)], name, last.at, mine=by is not None and by.id == viewer.id)


def _verdict(tournament: Tournament, match: Match, score: tuple[int, int]) -> str:
    if score[0] == score[1]:
        return ""
    first, second = (slot.participant_id for slot in match.slots)
    winner_id, loser_id = (first, second) if score[0] > score[1] else (second, first)
    return sentence(tournament, replace(match, live=False, result=Result(winner_id, loser_id)))
