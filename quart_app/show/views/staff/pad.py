"""The scoring pad: a match as it stands, what may be done with it, and who changed it last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from msgspec.structs import replace as altered

from quart_app.domain import scoring
from quart_app.domain.bracket.match import Match, MatchStatus, Result
from quart_app.domain.events import (
    Envelope,
    Games,
    MatchCompleted,
    MatchReopened,
    MatchStarted,
    MatchVoided,
    ScoreUpdated,
)
from quart_app.domain.events.base import MatchEvent
from quart_app.domain.parts import HEADER
from quart_app.domain.state.people import given_away_by
from quart_app.domain.state.tournament import Tournament
from quart_app.show.views.cards import MatchView, match_view, sentence
from quart_app.store.staff import StaffRow

DEEDS: Mapping[type[MatchEvent], str] = {
    MatchStarted: "Started",
    ScoreUpdated: "Last score",
    MatchCompleted: "Confirmed",
    MatchReopened: "Taken back",
    MatchVoided: "Voided",
}
"""What the pad calls the deeds on a match."""


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

    ``seq`` is how new it is, which hangs on more than the match's version: a name, whether play is put off.
    ``verdict`` is what the score would say if it were confirmed now, empty where it cannot be: where it is
    ``level`` and needs a tie-break, or ``undecided`` says what is missing; ``out_of_time`` is what it would
    say then as a draw. ``score`` and ``version`` are what the next post builds on. In a match of several
    games ``score`` is that of the game at hand, ``before`` are the games before it, and ``next_game`` says
    that it is over and another one follows. A match for its ``result`` alone is not scored. ``undo`` says
    that the viewer may take back what stands here: an ``organiser`` anything, a scorer what they have
    confirmed themselves (the server knows for how long), and a start before the first point. ``out`` are
    those for whom it was given away, by id, name and how they went: there is nothing to change here until
    they are back. ``feeds`` are the matches that wait for this one.
    """

    match: MatchView
    seq: int
    version: int
    score: tuple[int, int]
    level: bool
    verdict: str
    notes: str
    feeds: tuple[MatchView, ...]
    touch: Touch | None
    undecided: str = ""
    out_of_time: str = ""
    before: Games | None = None
    next_game: bool = False
    result: bool = False
    organiser: bool = False
    undo: bool = False
    out: tuple[tuple[int, str, str], ...] = ()

    @property
    def games_text(self) -> str:
        """The games before the one at hand, as the form sends them: "11-9 8-11"."""
        return " ".join(f"{a}-{b}" for a, b in self.before or ())

    @property
    def rival(self) -> str | None:
        """Who else is scoring the match, None while nobody is seen to; to take a result back is none."""
        if self.match.status != MatchStatus.LIVE or self.touch is None or self.touch.mine:
            return None
        return self.touch.by if self.touch.deed != DEEDS[MatchReopened] else None


def pad(
    tournament: Tournament, match: Match, touch: Touch | None, viewer: StaffRow, *, organiser: bool
) -> Pad:
    """The pad of a match as it stands, for an organiser or a scorer."""
    live = match.status is MatchStatus.LIVE
    score = match.score or (0, 0)
    plan, settings = match.plan, tournament.stage_of(match).settings
    in_games = live and (plan.best_of > 1 or settings.games.to > 0) and (bool(match.games) or score == (0, 0))
    over = scoring.over(plan, score) if in_games or plan.best_of > 1 else True
    level = live and over and score[0] == score[1]
    game = (match.games or ((0, 0),))[-1]
    finished = scoring.finished(settings.games, game, last=len(match.games) == plan.best_of)
    gone = given_away_by(tournament, match)
    confirmed_by = match.result.by if match.result is not None else None
    fed = (tournament.matches[match_id] for match_id in tournament.feeds.get(match.match_id, ()))
    return Pad(
        match=match_view(tournament, match),
        seq=max(match.version, tournament.revision(HEADER)),
        version=match.version,
        score=game if in_games else score,
        level=level and not settings.draws,
        verdict=_verdict(tournament, match, score, drawn=bool(settings.draws)) if live and over else "",
        notes=(match.result.notes or "") if match.result is not None else "",
        feeds=tuple(match_view(tournament, each) for each in fed if each.played),
        touch=touch,
        undecided=_missing(match, score) if live and not over else "",
        out_of_time=_verdict(tournament, match, score, drawn=bool(settings.draws))
        if live and not over and score[0] == score[1] and not plan.all_played
        else "",
        before=match.games[:-1] if in_games else None,
        next_game=in_games and finished and not over,
        result=live and settings.games.result,
        organiser=organiser,
        undo=not gone and (organiser or (not match.scored if live else confirmed_by == viewer.id)),
        out=tuple((who.id, who.name, tournament.roster.out[who.id]) for who in gone),
    )


def _missing(match: Match, score: tuple[int, int]) -> str:
    """What a match of several games still needs to be decided."""
    if match.plan.all_played:
        return f"All {match.plan.best_of} games are played; {sum(score)} are over."
    return f"It takes {scoring.needed(match.plan)} games; it stands {score[0]}–{score[1]}."


def touch_of(match: Match, last: Envelope, by: StaffRow | None, viewer: StaffRow) -> Touch | None:
    """The last change of a match, from the log's entry of it and its actor.

    None where that was no deed on the match itself but, say, a result that brought a participant here.
    """
    event = last.event
    if not isinstance(event, MatchEvent) or type(event) not in DEEDS:
        return None
    if event.match_id != match.match_id or (isinstance(event, MatchCompleted) and event.again):
        return None
    name = by.name if by is not None else "a source outside"
    return Touch(DEEDS[type(event)], name, last.at, mine=by is not None and by.id == viewer.id)


def _verdict(tournament: Tournament, match: Match, score: tuple[int, int], *, drawn: bool) -> str:
    if score[0] == score[1]:
        level = Result(None, None, drawn=True)
        return sentence(tournament, altered(match, live=False, score=score, result=level)) if drawn else ""
    first, second = (slot.participant_id for slot in match.slots)
    winner_id, loser_id = (first, second) if score[0] > score[1] else (second, first)
    return sentence(tournament, altered(match, live=False, result=Result(winner_id, loser_id)))
