"""Shapes of what is taken back over the API, and of what that takes back with it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from quart_app.domain import commands
from quart_app.domain.rules import NOTES_LENGTH_MAX, REASON_LENGTH_MAX
from quart_app.errors import InvalidInput
from quart_app.show.shapes import Answer, Id, PositionId, Score
from quart_app.show.snapshot import MatchState
from quart_app.web.api.shapes.stage_schema import Asked

Reason = Annotated[
    str,
    Meta(
        description="Why, for the log and for everybody.",
        extra_json_schema={"maxLength": REASON_LENGTH_MAX},
    ),
]
Policy = Annotated[
    Literal["refuse", "cascade"],
    Meta(
        description="Where matches that hang on this result have begun: `refuse` answers 409 with the list, "
        "`cascade` takes them back to `ready`."
    ),
]
Preview = Annotated[bool, Meta(description="Answer what it would do, and do nothing.")]
Seen = Annotated[
    int,
    Meta(
        description="The `version` of the preview: another one is refused.", extra_json_schema={"minimum": 1}
    ),
]


class NewReopening(Asked, frozen=True, kw_only=True):
    """A confirmed result to take back, or a start. Without `to` it is `live` at the score it had, or `ready`
    where it was not played; what is live at a score needs `ready`, as that is lost."""

    to: Literal["live", "ready"] | None = None
    reason: Reason = ""
    policy: Policy = "refuse"
    preview: Preview = False
    version: Seen | None = None

    def command(self, match_id: int, *, own: bool) -> commands.ReopenMatch:
        """The wish; ``own`` for somebody who may only take back their own."""
        return commands.ReopenMatch(
            match_id=match_id,
            to=self.to,
            reason=self.reason,
            policy=self.policy,
            version=self.version,
            own=own,
        )


class NewCorrection(Asked, frozen=True, kw_only=True):
    """The result as it should have been: scores or games, or a walkover. Without scores those it has stay."""

    participant1_score: Score | None = None
    participant2_score: Score | None = None
    games: Annotated[
        list[tuple[Score, Score]], Meta(description="The scores of all its games, side 1 first.")
    ] = msgspec.field(default_factory=list)
    winner_id: Id | None = None
    walkover: bool = False
    drawn: bool = False
    participant1_tiebreak: Score | None = None
    participant2_tiebreak: Score | None = None
    notes: Annotated[str, Meta(extra_json_schema={"maxLength": NOTES_LENGTH_MAX})] | None = None
    reason: Reason = ""
    policy: Policy = "refuse"
    preview: Preview = False
    version: Seen | None = None

    def command(self, match_id: int) -> commands.CorrectResult:
        """The wish. Raises InvalidInput where one of two scores is missing."""
        first, second = self.participant1_score, self.participant2_score
        if (first is None) is not (second is None):
            missing = "participant1_score" if first is None else "participant2_score"
            raise InvalidInput({missing: f"{missing} is missing."})
        return commands.CorrectResult(
            result=commands.ConfirmResult(
                match_id=match_id,
                winner_id=self.winner_id,
                walkover=self.walkover,
                participant1_tiebreak=self.participant1_tiebreak,
                participant2_tiebreak=self.participant2_tiebreak,
                notes=self.notes,
                drawn=self.drawn,
                score=None if first is None or second is None else (first, second),
            ),
            games=tuple(self.games),
            reason=self.reason,
            policy=self.policy,
            version=self.version,
        )


class NewVoiding(Asked, frozen=True, kw_only=True):
    """A match that is to count for nothing, played or not."""

    reason: Reason = ""
    policy: Policy = "refuse"
    preview: Preview = False
    version: Seen | None = None

    def command(self, match_id: int) -> commands.VoidMatch:
        """The wish."""
        return commands.VoidMatch(
            match_id=match_id, reason=self.reason, policy=self.policy, version=self.version
        )


class AffectedMatch(Answer, frozen=True, kw_only=True):
    """A match that had begun, and is taken back: its `status` and `score` as they were, and the status that
    it `becomes`."""

    match_id: Id
    label: str
    status: str
    score: tuple[Score, Score] | None
    becomes: str


class Changed(Answer, frozen=True, kw_only=True):
    """The match after the change, and all that it takes back, the deepest first. In a preview the `position`
    is that of now, and `version` what the deed is to send."""

    affected: list[AffectedMatch]
    version: Id
    match: MatchState
    position: PositionId
