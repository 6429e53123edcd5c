"""What an operation of the API is in the description, and what several of them share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from quart_app.auth.sessions import COOKIE
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


TOURNAMENT = "/api/tournaments/{tournament_id}/"
MATCH = TOURNAMENT + "matches/{match_id}/"
WRITE_ERRORS = (400, 401, 403, 404, 409, 413, 415, 422, 429, 503)

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
