"""What the API and the feeds offer, as a table: each path and method with its shapes, rights and errors.

``openapi.py`` makes the description of it; a test holds it against the app's routes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from quart_app.auth.sessions import COOKIE
from quart_app.domain.events import EVENT_TYPES
from quart_app.show.snapshot import Snapshot
from quart_app.web.answers.bodies import JSON
from quart_app.web.api import schema as shapes
from quart_app.web.api.idempotency import HEADER, KEY_PATTERN

Security = tuple[Mapping[str, list[str]], ...]
"""Any one of these lets a caller in; an empty one is nobody in particular."""

STAFF: Security = ({"accessToken": []}, {"session": []})
ANYONE_OR_STAFF: Security = ({}, *STAFF)
FEED_TOKEN: Security = ({"feedToken": []}, {"feedCookie": []}, {"feedQuery": []})
OPEN: Security = ()

SECURITY_SCHEMES: Mapping[str, Mapping[str, str]] = {
    "accessToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The `access` token of `POST /api/token/`, in the header `Authorization: Bearer …`.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "The cookie of a staff login in the browser.",
    },
    "feedToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The `token` of `POST /api/tournaments/{tournament_id}/feed-token/`.",
    },
    "feedCookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "feed_token",
        "description": "The same token as the cookie that its endpoint, and the tournament's page, set.",
    },
    "feedQuery": {
        "type": "apiKey",
        "in": "query",
        "name": "token",
        "description": "The same token in the query, for an EventSource on another site.",
    },
}

PROBLEMS: Mapping[int, str] = {
    400: "The request cannot be read: no JSON, or an impossible header or id.",
    401: "No valid proof of who is asking.",
    403: "Known, but not allowed.",
    404: "There is no such thing, or none that the caller may know of.",
    409: "The wish does not fit the present state; `code` and `detail` say why.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "Some field does not fit; `problems` has a sentence for each.",
    429: "Over a limit; `Retry-After` says when to come back.",
    503: "Draining, full, or the database is away; `Retry-After` says when to come back.",
}
PROBLEM_HEADERS: Mapping[int, tuple[str, str]] = {
    401: ("WWW-Authenticate", "string"),
    429: ("Retry-After", "integer"),
    503: ("Retry-After", "integer"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path. ``answer`` is a shape, or the media type of what is not JSON of ours."""

    method: str
    path: str
    id: str
    tag: str
    summary: str
    answer: type[msgspec.Struct] | str
    description: str = ""
    status: int = 200
    body: type[msgspec.Struct] | None = None
    query: type[msgspec.Struct] | None = None
    security: Security = OPEN
    errors: tuple[int, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    parameters: tuple[str, ...] = ()


_TOURNAMENT = "/api/tournaments/{tournament_id}/"
_MATCH = _TOURNAMENT + "matches/{match_id}/"
_WRITE_ERRORS = (400, 401, 403, 404, 409, 413, 415, 422, 429, 503)

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        method="get",
        path="/api/tournaments/",
        id="listTournaments",
        tag="Tournaments",
        summary="List the tournaments, the newest first",
        description="Staff see the private ones as well.",
        query=shapes.ListQuery,
        answer=shapes.TournamentList,
        security=ANYONE_OR_STAFF,
        errors=(401, 422, 503),
    ),
    Operation(
        method="post",
        path="/api/tournaments/",
        id="createTournament",
        tag="Tournaments",
        summary="Create a tournament and its bracket",
        description="For organisers. The draw is fixed from then on.",
        body=shapes.NewTournament,
        answer=shapes.Created,
        status=201,
        security=STAFF,
        errors=tuple(status for status in _WRITE_ERRORS if status != 404),
        headers={"Location": "Where its snapshot is."},
        parameters=("IdempotencyKey",),
    ),
    Operation(
        method="get",
        path=_TOURNAMENT,
        id="getTournament",
        tag="Tournaments",
        summary="Get the snapshot of a tournament",
        description="With `If-None-Match` it answers 304 while nothing has changed.",
        answer=Snapshot,
        security=ANYONE_OR_STAFF,
        errors=(401, 404, 503),
        headers={"ETag": "The position, in quotes."},
        parameters=("IfNoneMatch",),
    ),
    Operation(
        method="get",
        path=_TOURNAMENT + "events/",
        id="listEvents",
        tag="Tournaments",
        summary="Read the log, forward",
        description="For pollers and audits: everything that made the tournament what it is.",
        query=shapes.EventsQuery,
        answer=shapes.EventPage,
        security=ANYONE_OR_STAFF,
        errors=(401, 404, 422, 503),
    ),
    Operation(
        method="post",
        path=_MATCH + "start/",
        id="startMatch",
        tag="Matches",
        summary="Start a match",
        description="For scorers. The match must be `ready`; it becomes `live` at 0–0.",
        body=shapes.NewMatchStart,
        answer=shapes.MatchAnswer,
        security=STAFF,
        errors=_WRITE_ERRORS,
        parameters=("IdempotencyKey",),
    ),
    Operation(
        method="post",
        path=_MATCH + "score/",
        id="updateScore",
        tag="Matches",
        summary="Set the score of a live match",
        description="For scorers. The score that the match has already changes nothing and answers the same.",
        body=shapes.NewScore,
        answer=shapes.MatchAnswer,
        security=STAFF,
        errors=_WRITE_ERRORS,
        parameters=("IdempotencyKey",),
    ),
    Operation(
        method="post",
        path=_MATCH + "confirm/",
        id="confirmResult",
        tag="Matches",
        summary="Confirm the result of a match",
        description="For scorers. The winner moves on in the bracket at once.",
        body=shapes.NewResult,
        answer=shapes.MatchAnswer,
        security=STAFF,
        errors=_WRITE_ERRORS,
        parameters=("IdempotencyKey",),
    ),
    Operation(
        method="post",
        path="/api/token/",
        id="createToken",
        tag="Tokens",
        summary="Sign in: a name and a password for a pair of tokens",
        body=shapes.Credentials,
        answer=shapes.TokenPair,
        errors=(400, 401, 413, 415, 422, 429, 503),
    ),
    Operation(
        method="post",
        path="/api/token/refresh/",
        id="refreshToken",
        tag="Tokens",
        summary="A refresh token for a new pair",
        description="The old refresh token dies; using it again ends every token that came from it.",
        body=shapes.RefreshRequest,
        answer=shapes.TokenPair,
        errors=(400, 401, 413, 415, 422, 429, 503),
    ),
    Operation(
        method="post",
        path=_TOURNAMENT + "feed-token/",
        id="createFeedToken",
        tag="Tokens",
        summary="A token for the feeds of a tournament",
        description="For anyone where the tournament is public, else for staff. Also sets the feed cookie.",
        answer=shapes.FeedToken,
        security=ANYONE_OR_STAFF,
        errors=(400, 401, 403, 404, 429, 503),
        headers={"Set-Cookie": "The same token, for this site's own pages."},
    ),
    Operation(
        method="get",
        path="/sse/tournaments/{tournament_id}/",
        id="followTournament",
        tag="Feeds",
        summary="Follow a tournament: its log, live",
        description="Server-Sent Events whose data is JSON: "
        + ", ".join(f"`{name}`" for name in EVENT_TYPES)
        + ", and what the stream says of itself. docs/feed.md has the whole contract.",
        answer="text/event-stream",
        security=FEED_TOKEN,
        errors=(400, 401, 403, 404, 429, 503),
        parameters=("LastEventId", "LastEventIdQuery"),
    ),
    Operation(
        method="get",
        path="/sse/tournaments/{tournament_id}/fragments/",
        id="followFragments",
        tag="Feeds",
        summary="Follow a tournament as HTML fragments, for htmx",
        answer="text/event-stream",
        security=FEED_TOKEN,
        errors=(400, 401, 403, 404, 429, 503),
        parameters=("LastEventId", "LastEventIdQuery"),
    ),
    Operation(
        method="get",
        path="/api/openapi.json",
        id="getDescription",
        tag="Description",
        summary="This description",
        answer=JSON,
    ),
    Operation(
        method="get",
        path="/api/docs",
        id="readDescription",
        tag="Description",
        summary="This description as a page",
        answer="text/html",
    ),
)

PARAMETERS: dict[str, dict[str, Any]] = {
    "IdempotencyKey": {
        "name": HEADER,
        "in": "header",
        "description": "Makes a retry safe: the same request with the same key is done once, and answered "
        "the same. Any text of yours that you use for one request only, such as a UUID.",
        "schema": {"type": "string", "pattern": f"^{KEY_PATTERN}$"},
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "The `ETag` of the snapshot that you have.",
        "schema": {"type": "string"},
        "example": '"9f2c41d0-57"',
    },
    "LastEventId": {
        "name": "Last-Event-ID",
        "in": "header",
        "description": "The id of the last event that you have; the stream resumes after it.",
        "schema": {"type": "string"},
        "example": "9f2c41d0-57",
    },
}
PARAMETERS["LastEventIdQuery"] = PARAMETERS["LastEventId"] | {
    "name": "lastEventId",
    "in": "query",
    "description": "The same, for clients that cannot set a header.",
}
