"""What happens in a match."""

from __future__ import annotations

from typing import ClassVar, Literal

from quart_app.domain.events.base import MatchEvent

Games = tuple[tuple[int, int], ...]
"""The scores of a match's games, side 1 first; the last may be under way."""


class MatchStarted(MatchEvent, frozen=True, kw_only=True):
    """A match is being played, at 0–0."""

    type: ClassVar[str] = "match_started"

    participant1_id: int
    participant1_name: str
    participant2_id: int
    participant2_name: str
    scheduled_time: str | None
    bracket_round: int
    bracket_position: int


class ScoreUpdated(MatchEvent, frozen=True, kw_only=True):
    """The score of a live match is now this one. ``updated_by`` is a staff id, None from outside.

    With ``games`` the score follows from them: it counts the games won.
    """

    type: ClassVar[str] = "score_updated"

    participant1_score: int
    participant2_score: int
    updated_at: str
    updated_by: int | None
    games: Games = ()


class MatchCompleted(MatchEvent, frozen=True, kw_only=True):
    """A result is confirmed. On a double walkover, and where it was ``drawn``, there is neither a winner nor
    a loser.

    ``participant1_tiebreak`` and its twin settle a level score (a shoot-out); scores are None where a
    walkover came before play. A ``forfeit`` is the walkover of somebody who had withdrawn. What is told
    ``again`` was confirmed before, and counts once more.
    """

    type: ClassVar[str] = "match_completed"

    winner_id: int | None
    winner_name: str | None
    loser_id: int | None
    loser_name: str | None
    participant1_score: int | None
    participant2_score: int | None
    confirmed_at: str
    confirmed_by: int | None
    walkover: bool = False
    participant1_tiebreak: int | None = None
    participant2_tiebreak: int | None = None
    notes: str | None = None
    drawn: bool = False
    games: Games = ()
    forfeit: bool = False
    again: bool = False


Reopened = Literal["live", "ready", "correction"]


class MatchReopened(MatchEvent, frozen=True, kw_only=True):
    """A confirmed result is taken back, or a start.

    The match is ``live`` again at the score it had, or ``ready`` without one; in a ``correction`` its result
    stands until the one that follows in the same transaction. ``cause_match_id`` is the match whose other
    result has taken this one back: somebody else plays here now. ``because`` is what the organiser says.
    """

    type: ClassVar[str] = "match_reopened"

    to: Reopened
    reopened_at: str
    reopened_by: int | None
    because: str | None = None
    cause_match_id: int | None = None


class MatchVoided(MatchEvent, frozen=True, kw_only=True):
    """A match counts for nothing, played or not, and what it feeds waits for nobody; until it is reopened.

    ``because`` is what the organiser says.
    """

    type: ClassVar[str] = "match_voided"

    voided_at: str
    voided_by: int | None
    because: str | None = None
