"""What the staff's pages show beside the spectators' views: work to do, the pad, and what was refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from quart_app.domain.bracket import Match, MatchStatus, Result
from quart_app.domain.events import Entrant, Envelope, MatchCompleted, MatchStarted, ScoreUpdated
from quart_app.domain.seeding import draw_lines
from quart_app.domain.tournament import Tournament
from quart_app.errors import AppError, InvalidInput, Unauthenticated, VersionConflict
from quart_app.store.staff import StaffRow
from quart_app.web.forms import read_update_score
from quart_app.web.views import MatchView, match_view, sentence

DEEDS = {MatchStarted: "Started", ScoreUpdated: "Last score", MatchCompleted: "Confirmed"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A form that was refused: why, and all that was entered in it."""

    error: AppError
    entered: Mapping[str, str] = field(default_factory=dict)

    @property
    def problems(self) -> Mapping[str, str]:
        """The problem of each field that has one."""
        return self.error.problems if isinstance(self.error, InvalidInput) else {}

    @property
    def first(self) -> str | None:
        """The first field with a problem, which is to have the focus."""
        return next(iter(self.problems), None)

    @property
    def status(self) -> int:
        """The HTTP status of the form that comes back; a wrong password is a wrong entry too."""
        return 422 if isinstance(self.error, Unauthenticated) else self.error.status

    @property
    def overtaken(self) -> bool:
        """Whether somebody else's change came between."""
        return isinstance(self.error, VersionConflict)

    @property
    def score(self) -> tuple[int, int] | None:
        """The score that was asked for, None where the form was not about one."""
        try:
            wish = read_update_score(0, self.entered)
        except InvalidInput:
            return None
        return wish.participant1_score, wish.participant2_score


@dataclass(frozen=True, slots=True)
class MatchLists:
    """A tournament's matches by what there is to do with them, in play order; byes are left out."""

    live: tuple[MatchView, ...]
    ready: tuple[MatchView, ...]
    locked: tuple[MatchView, ...]
    decided: tuple[MatchView, ...]


@dataclass(frozen=True, slots=True)
class DrawLine:
    """One side of a first-round pair. ``name`` is None for a bye."""

    name: str | None
    seed: int | None


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


def match_lists(tournament: Tournament) -> MatchLists:
    """The matches of a tournament that has its bracket."""
    lists: dict[str, list[MatchView]] = {"live": [], "ready": [], "locked": [], "decided": []}
    for match in tournament.matches.values():
        if match.played:
            lists["decided" if match.decided else match.status.value].append(match_view(tournament, match))
    return MatchLists(**{name: tuple(views) for name, views in lists.items()})


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


def first_round(entrants: Sequence[Entrant], seeding: str) -> tuple[tuple[DrawLine, DrawLine], ...]:
    """The pairs of the first round as the draw will have them, top to bottom."""
    by_id = {entrant.id: DrawLine(entrant.name, entrant.seed) for entrant in entrants if entrant.id}
    lines = [by_id[line] if line else DrawLine(None, None) for line in draw_lines(entrants, seeding)]
    return tuple(zip(lines[::2], lines[1::2], strict=True))


def _verdict(tournament: Tournament, match: Match, score: tuple[int, int]) -> str:
    if score[0] == score[1]:
        return ""
    first, second = (slot.participant_id for slot in match.slots)
    winner_id, loser_id = (first, second) if score[0] > score[1] else (second, first)
    return sentence(tournament, replace(match, live=False, result=Result(winner_id, loser_id)))
