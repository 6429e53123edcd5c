"""Wishes about a match: start it, score it, settle it, and take that back."""

from __future__ import annotations

from dataclasses import dataclass

from quart_app.domain.events import Games

REFUSE = "refuse"
CASCADE = "cascade"
POLICIES = (REFUSE, CASCADE)


@dataclass(frozen=True, slots=True, kw_only=True)
class StartMatch:
    """Begin a match that is ready. ``scheduled_time`` is RFC 3339, or None."""

    match_id: int
    scheduled_time: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateScore:
    """Set the score of a live match. ``version`` is the match's version as the caller saw it.

    ``games`` are the scores of all its games so far; then the score follows from them and may be left out.
    """

    match_id: int
    participant1_score: int | None = None
    participant2_score: int | None = None
    version: int | None = None
    games: Games = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmResult:
    """Settle a match.

    The score decides. A level score is a draw where there are draws, else it needs the two tie-break scores
    (a shoot-out). ``score`` settles it at that one; with ``drawn`` it has to be level. ``walkover`` settles
    the match without regard to the score: ``winner_id`` goes on, or nobody where it is None. Naming a winner
    before any play is a walkover by itself.
    """

    match_id: int
    winner_id: int | None = None
    walkover: bool = False
    participant1_tiebreak: int | None = None
    participant2_tiebreak: int | None = None
    notes: str | None = None
    version: int | None = None
    drawn: bool = False
    score: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenMatch:
    """Take a confirmed result back, or a start.

    ``to`` is "live", at the score it had, or "ready", without one; None is what suits it. Where matches that
    hang on it have begun, ``policy`` "refuse" says no, and "cascade" takes those back too. ``version`` is
    that of the consequences as the caller saw them, ``seen`` that of the match alone. With ``own`` it is the
    wish of somebody who may only take back what they have just done themselves.
    """

    match_id: int
    to: str | None = None
    reason: str = ""
    policy: str = REFUSE
    version: int | None = None
    seen: int | None = None
    own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectResult:
    """Replace a confirmed result by this one. ``games`` give its score, else ``result.score``; without either
    the score stays. ``policy`` and ``version`` are those of ``ReopenMatch``."""

    result: ConfirmResult
    games: Games = ()
    reason: str = ""
    policy: str = REFUSE
    version: int | None = None
    seen: int | None = None

    @property
    def match_id(self) -> int:
        """The match."""
        return self.result.match_id


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidMatch:
    """Let a match count for nothing, played or not; what it feeds waits for nobody. ``policy`` and
    ``version`` are those of ``ReopenMatch``."""

    match_id: int
    reason: str = ""
    policy: str = REFUSE
    version: int | None = None
    seen: int | None = None


ChangeOfMind = ReopenMatch | CorrectResult | VoidMatch
"""A wish that takes back what was said of a match, or that it is played at all."""
