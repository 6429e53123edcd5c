"""The shapes of the JSON API: what its requests hold and what it answers, as msgspec structs.

They are read strictly (a whole number is a whole number, an unknown field is refused by its name), and the
OpenAPI description is made of them. Limits that stand in ``domain/rules.py`` are only described here; the
domain judges them, with its own sentences.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from quart_app.domain import commands
from quart_app.domain.commands import SEEDINGS
from quart_app.domain.events import rfc3339
from quart_app.domain.rules import NOTES_LENGTH_MAX
from quart_app.errors import InvalidInput
from quart_app.show.shapes import (
    ID_MAX,
    Answer,
    Id,
    Name,
    PositionId,
    Score,
    Visibility,
)
from quart_app.show.snapshot import Listed, LoggedEvent, MatchState
from quart_app.web.api.shapes.entrant_schema import Entrants, entrant_lines
from quart_app.web.api.shapes.stage_schema import Asked, NewStage, StageFields

Given = TypeVar("Given", str, int)


class NewTournament(StageFields, frozen=True, kw_only=True):
    """A tournament to open, with its whole draw. It has one stage, or those of `stages`."""

    name: Name
    participants: Entrants
    seeding: Annotated[
        str,
        Meta(
            description="`standard`: the best two can only meet in the final. `given`: the list is the draw, "
            "top to bottom; of groups, one after the other.",
            extra_json_schema={"enum": list(SEEDINGS)},
        ),
    ] = "standard"
    visibility: Visibility = "public"
    stages: Annotated[
        list[NewStage] | None, Meta(description="Two stages: groups or a Swiss, and what follows.")
    ] = None

    def command(self) -> commands.CreateTournament:
        """The wish. Raises InvalidInput for a line that is not either a name or a bye."""
        return commands.CreateTournament(
            name=self.name,
            entrants=entrant_lines(self.participants),
            seeding=self.seeding,
            visibility=self.visibility,
            stages=tuple(stage.settings(stage.name) for stage in self.stages)
            if self.stages
            else (self.settings(),),
        )


class NewMatchStart(Asked, frozen=True, kw_only=True):
    """A match to begin."""

    scheduled_time: (
        Annotated[
            datetime,
            Meta(tz=True, description="When it was due: RFC 3339 with a zone."),
        ]
        | None
    ) = None

    def command(self, match_id: int) -> commands.StartMatch:
        """The wish. Raises InvalidInput for a time that is outside the calendar in UTC."""
        try:
            due = None if self.scheduled_time is None else rfc3339(self.scheduled_time)
        except OverflowError:
            raise InvalidInput({"scheduled_time": "scheduled_time is outside the calendar."}) from None
        return commands.StartMatch(match_id=match_id, scheduled_time=due)


class NewScore(Asked, frozen=True, kw_only=True):
    """A score to set. `version` is the match's version that the sender saw: an older one is refused.

    With `games` the score follows from them, and is left out.
    """

    participant1_score: Score | UnsetType = UNSET
    participant2_score: Score | UnsetType = UNSET
    games: Annotated[
        list[tuple[Score, Score]],
        Meta(description="The scores of all its games so far, side 1 first; the last may be under way."),
    ] = msgspec.field(default_factory=list)
    version: Id | None = None

    def command(self, match_id: int) -> commands.UpdateScore:
        """The wish. Raises InvalidInput where a score is missing."""
        scores = {
            field: value
            for field in ("participant1_score", "participant2_score")
            if (value := getattr(self, field)) is not UNSET
        }
        if not self.games and len(scores) < 2:
            missing = "participant2_score" if "participant1_score" in scores else "participant1_score"
            raise InvalidInput({missing: f"{missing} is missing; or send the games."})
        return commands.UpdateScore(
            match_id=match_id, version=self.version, games=tuple(self.games), **scores
        )


class NewResult(Asked, frozen=True, kw_only=True):
    """A result to confirm. The score decides.

    A level score is a draw where the format has draws (`drawn` asks for one), else it needs the two tie-break
    scores. `winner_id` before any play is a walkover by itself; with
    `walkover` the score does not count, and no `winner_id` means that nobody goes on.
    """

    winner_id: Id | None = None
    walkover: bool = False
    participant1_tiebreak: Score | None = None
    participant2_tiebreak: Score | None = None
    notes: Annotated[str, Meta(extra_json_schema={"maxLength": NOTES_LENGTH_MAX})] | None = None
    version: Id | None = None
    drawn: bool = False

    def command(self, match_id: int) -> commands.ConfirmResult:
        """The wish."""
        return commands.ConfirmResult(match_id=match_id, **msgspec.structs.asdict(self))


class TournamentList(Answer, frozen=True, kw_only=True):
    """A page of the list, the newest first. `next` is the path of the following page, null on the last."""

    tournaments: list[Listed]
    next: str | None


class Created(Answer, frozen=True, kw_only=True):
    """The new tournament. `url` is its public page."""

    tournament_id: Id
    url: str
    position: PositionId


class MatchAnswer(Answer, frozen=True, kw_only=True):
    """The match after the request, and the point of the log that shows it so."""

    match: MatchState
    position: PositionId


class EventPage(Answer, frozen=True, kw_only=True):
    """Events in log order. `next` is the path of the following ones, null where these reach the `head`."""

    events: list[LoggedEvent]
    head: PositionId
    next: str | None


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """A staff member's name and password."""

    username: Annotated[str, Meta(extra_json_schema={"minLength": 1})]
    password: Annotated[str, Meta(extra_json_schema={"minLength": 1, "format": "password"})]


class RefreshRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The refresh token of the last pair."""

    refresh: Annotated[str, Meta(extra_json_schema={"minLength": 1})]


class TokenPair(Answer, frozen=True, kw_only=True):
    """An access token for the API, and a refresh token for the next pair."""

    access: str
    refresh: str
    token_type: Annotated[str, Meta(extra_json_schema={"const": "Bearer"})]
    expires_in: Annotated[int, Meta(description="The life of the access token in seconds.")]


class FeedToken(Answer, frozen=True, kw_only=True):
    """A token for the feeds of one tournament, and the path of its JSON feed."""

    token: str
    expires_in: Annotated[int, Meta(description="Its life in seconds.")]
    url: str


class Problem(Answer, frozen=True, kw_only=True):
    """What went wrong, RFC 9457. Some codes add members of their own, such as both scores of a conflict."""

    type: Annotated[
        str, Meta(description="Where the code is explained.", extra_json_schema={"format": "uri-reference"})
    ]
    title: str
    status: int
    code: Annotated[str, Meta(description="Stable; what a program looks at.")]
    detail: Annotated[str, Meta(description="One sentence for a person.")]
    problems: Annotated[dict[str, str], Meta(description="A sentence for each field.")] | UnsetType = UNSET


class ListQuery(Asked, frozen=True, kw_only=True):
    """The query of the list of tournaments."""

    before: (
        Annotated[int, Meta(ge=1, le=ID_MAX, description="Only tournaments older than this id.")] | UnsetType
    ) = UNSET
    limit: Annotated[int, Meta(ge=1, le=200, description="How many at most.")] = 50
    status: Annotated[
        list[Literal["draft", "pending", "active", "completed", "postponed", "cancelled", "archived"]],
        Meta(description="Only these; may be repeated. Archived ones are listed for `archived` alone."),
    ] = msgspec.field(default_factory=list)


class EventsQuery(Asked, frozen=True, kw_only=True):
    """The query of a tournament's events."""

    after: Annotated[int, Meta(ge=0, le=ID_MAX, description="Only events with a larger seq.")] = 0
    limit: Annotated[int, Meta(ge=1, le=1000, description="How many at most.")] = 200
