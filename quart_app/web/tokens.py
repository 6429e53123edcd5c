"""Tokens over HTTP: a pair for the API's clients, and feed tokens for everybody who may watch."""

from __future__ import annotations

import msgspec
from quart import Blueprint, Response, request

from quart_app.actions.staff import authenticate, record_refresh_token, rotate_refresh_token
from quart_app.auth.tokens import REFRESH, Grant
from quart_app.errors import InvalidInput, MalformedRequest, Unauthenticated
from quart_app.store.staff import select_staff
from quart_app.store.tournaments import select_tournament
from quart_app.web.access import FEED_COOKIE, current_staff, require_visible
from quart_app.web.context import context

blueprint = Blueprint("tokens", __name__)


class TokenPair(msgspec.Struct, frozen=True, kw_only=True):
    """An access token for the API, which lives ``expires_in`` seconds, and what fetches the next pair."""

    access: str
    refresh: str
    token_type: str
    expires_in: int


class FeedToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token for the feeds of one tournament, which lives ``expires_in`` seconds, and the feed's path."""

    token: str
    expires_in: int
    url: str


@blueprint.post("/api/token/")
async def post_token() -> Response:
    """Give a pair of tokens for a ``username`` and its ``password``, sent as JSON or as a form.

    401 when they do not fit, with the same words whatever is wrong.
    """
    fields = await _read_fields("username", "password")
    services, tokens = context().services, context().tokens
    staff = await authenticate(services, fields["username"], fields["password"])
    access, access_grant = tokens.issue_access(staff)
    refresh, grant = tokens.issue_refresh(staff)
    await record_refresh_token(services, staff, jti=grant.jti, expires_at=grant.expires_at)
    return _pair(access, access_grant, refresh)


@blueprint.post("/api/token/refresh/")
async def post_token_refresh() -> Response:
    """Give a new pair for a ``refresh`` token, which dies by that; used again, it takes its family along.

    401 for one that is expired, spent or revoked, or whose member of staff is gone or disabled.
    """
    fields = await _read_fields("refresh")
    services, tokens = context().services, context().tokens
    old = tokens.read(fields["refresh"], REFRESH)
    async with services.database.reading() as connection:
        staff = None if old.staff_id is None else await select_staff(connection, old.staff_id)
    if staff is None:
        raise Unauthenticated("The account that this token was given to is gone.", reason="revoked")
    access, access_grant = tokens.issue_access(staff)
    refresh, grant = tokens.issue_refresh(staff)
    await rotate_refresh_token(services, staff, old.jti, new_jti=grant.jti, expires_at=grant.expires_at)
    return _pair(access, access_grant, refresh)


@blueprint.post("/api/tournaments/<int:tournament_id>/feed-token/")
async def post_feed_token(tournament_id: int) -> Response:
    """Give a token for a tournament's feeds, as JSON and in the feed cookie.

    Anyone may have one for a public tournament, staff for a private one too; 404 for everybody else.
    """
    staff = await current_staff()
    async with context().services.database.reading() as connection:
        row = await select_tournament(connection, tournament_id)
    await require_visible(row)
    token, grant = context().tokens.issue_feed(tournament_id, staff=staff)
    answer = FeedToken(token=token, expires_in=_seconds_left(grant), url=_feed_path(tournament_id))
    response = _json(answer)
    feed_cookie(response, tournament_id, token)
    return response


def feed_cookie(response: Response, tournament_id: int, token: str) -> None:
    """Let the response hand the browser a feed token, for the feeds of that tournament only."""
    settings = context().settings
    response.set_cookie(
        FEED_COOKIE,
        token,
        max_age=max(1, int(settings.feed_token_seconds)),
        path=_feed_path(tournament_id),
        secure=not settings.development,
        httponly=True,
        samesite="Strict",
    )


def _feed_path(tournament_id: int) -> str:
    return f"/sse/tournaments/{tournament_id}/"


def _pair(access: str, grant: Grant, refresh: str) -> Response:
    pair = TokenPair(access=access, refresh=refresh, token_type="Bearer", expires_in=_seconds_left(grant))  # noqa: S106
    return _json(pair)


def _seconds_left(grant: Grant) -> int:
    return int((grant.expires_at - context().services.clock()).total_seconds())


def _json(body: msgspec.Struct) -> Response:
    # RFC 6749, section 5.1: no cache may keep a token.
    headers = {"Cache-Control": "no-store"}
    return Response(msgspec.json.encode(body), 200, headers, content_type="application/json")


async def _read_fields(*names: str) -> dict[str, str]:
    """The named fields of the request's body, JSON or a form, all of them text that is not empty.

    Raises MalformedRequest for a body that cannot be read, InvalidInput for a field that does not fit.
    """
    if request.mimetype in ("application/x-www-form-urlencoded", "multipart/form-data"):
        body: object = (await request.form).to_dict()
    elif request.is_json:
        try:
            body = msgspec.json.decode(await request.get_data())
        except msgspec.DecodeError:
            raise MalformedRequest("The body is not JSON.") from None
    else:
        raise MalformedRequest("Send the fields as application/json or as a form.")
    if not isinstance(body, dict):
        raise MalformedRequest(f"Send one JSON object with the fields {', '.join(names)}.")
    fields = {name: value for name in names if isinstance(value := body.get(name), str) and value}
    missing = [name for name in names if name not in fields]
    if missing:
        raise InvalidInput({name: f"Give {name}, as text." for name in missing})
    return fields
