"""Every error that Grandstand tells a caller about.

Each class has a stable ``code``, the HTTP ``status`` it answers with, and a short ``title``; each instance a
``detail``: one sentence that tells a person what is wrong and what to do. ``web/answers/problems.py`` is the
one place that turns them into a page, a fragment or ``application/problem+json`` (RFC 9457).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class AppError(Exception):
    """The base of every error with an answer for the caller.

    ``detail`` is safe to show: it never holds a secret, SQL or a path. ``extra`` are further members of the
    problem document, such as the two scores of a conflict.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"

    cause: str | None = None
    """What is wrong in words for the operator, who alone is shown it: it may name a host or a user."""

    def __init__(self, detail: str, **extra: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra: Mapping[str, object] = extra


class InvalidInput(AppError):
    """Some field does not fit. ``problems`` maps each field's name to one sentence about it."""

    code = "input.invalid"
    status = 422
    title = "Please check what you entered"

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()), problems=dict(problems))
        self.problems: Mapping[str, str] = dict(problems)


class MalformedRequest(AppError):
    """The request cannot be read at all: broken JSON, an impossible id or header."""

    code = "request.malformed"
    status = 400
    title = "The request could not be read"


class Unauthenticated(AppError):
    """No valid proof of who is asking."""

    code = "auth.invalid_token"
    status = 401
    title = "Please sign in"


class Forbidden(AppError):
    """We know who is asking, and they may not."""

    code = "auth.forbidden"
    status = 403
    title = "Not allowed"


class NotFound(AppError):
    """There is no such thing, or none that the caller may know of."""

    code = "not_found"
    status = 404
    title = "Not found"


class Conflict(AppError):
    """The wish does not fit the present state; reload and decide again."""

    code = "conflict"
    status = 409
    title = "That does not fit the present state"


class MatchLocked(Conflict):
    """A participant of the match is not known yet."""

    code = "match.locked"


class MatchNotReady(Conflict):
    """The match cannot be started: it is live, decided or void already."""

    code = "match.not_ready"


class MatchNotLive(Conflict):
    """The match is not being played."""

    code = "match.not_live"


class MatchAlreadyCompleted(Conflict):
    """The match has a confirmed result."""

    code = "match.already_completed"


class MatchDrawn(Conflict):
    """The match needs a winner, and its score is level."""

    code = "match.drawn"


class MatchUndecided(Conflict):
    """Not enough of the match's games are played to decide it."""

    code = "match.undecided"


class MatchUnconfirmed(Conflict):
    """The match has no confirmed result that could be taken back."""

    code = "match.unconfirmed"


class ResultsAffected(Conflict):
    """Matches that have begun hang on this result. ``extra`` lists them as ``affected``, with their
    ``version``."""

    code = "match.results_affected"


class PlayersAffected(Conflict):
    """It would change who plays in a match that has begun. ``extra`` lists those as ``affected``."""

    code = "match.players_affected"


class UndoRefused(Conflict):
    """Only who has just confirmed a result may take it back, for a minute; later an organiser."""

    code = "match.undo_refused"


class ParticipantConflict(Conflict):
    """The wish does not fit where this participant stands: playing, or out."""

    code = "participant.state"


class RoundConflict(Conflict):
    """The stage cannot be paired, or unpaired, as it stands."""

    code = "stage.round"


class PairingUnavailable(Conflict):
    """Rounds cannot be paired on this machine."""

    code = "stage.pairing_unavailable"


class WinnerDisagrees(Conflict):
    """The named winner is not the one that the score decides."""

    code = "match.winner_disagrees"


class VersionConflict(Conflict):
    """The match was changed since the caller last saw it. ``extra`` holds both scores."""

    code = "match.version_conflict"


class BracketExists(Conflict):
    """The bracket has been generated, and this wish is for before that."""

    code = "bracket.exists"


class DrawFixed(Conflict):
    """A match has begun, or there is no bracket to draw anew."""

    code = "bracket.draw_fixed"


class TournamentHeld(Conflict):
    """The tournament is postponed, cancelled or over."""

    code = "tournament.held"


class LostRace(Conflict):
    """The log has moved on since it was read. Actions retry this on fresh state."""

    code = "log.lost_race"


class IdempotencyConflict(Conflict):
    """The first request with this Idempotency-Key is still running."""

    code = "idempotency.conflict"


class IdempotencyKeyReused(IdempotencyConflict):
    """The Idempotency-Key was used before for a different request."""

    code = "idempotency.key_reused"
    status = 422
    title = "This key belongs to another request"


class TooManyRequests(AppError):
    """Over a limit. ``retry_after_seconds`` says when to come back."""

    code = "limit.exceeded"
    status = 429
    title = "Too many requests"

    def __init__(self, detail: str, retry_after_seconds: int = 1) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(AppError):
    """The service cannot answer now: draining, full, or its database is away."""

    code = "service.unavailable"
    status = 503
    title = "Not available right now"

    outcome_open = False
    """Whether it was committing, so that nobody knows if anything was done."""

    def __init__(self, detail: str, retry_after_seconds: int = 2) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class DatabaseBehind(AppError):
    """The database's schema is not the one this version needs."""

    code = "database.behind"
    status = 503
    title = "The database needs a migration"


class BadSettings(AppError):
    """One or more settings are missing or wrong; ``detail`` lists every one of them with its fix."""

    code = "settings.bad"
    title = "The settings need attention"
