"""Tokens over HTTP: a pair for the API's clients, and feed tokens for everybody who may watch."""

from __future__ import annotations

from quart import Blueprint, Response, request

from quart_app.actions.staff import authenticate, record_refresh_token, rotate_refresh_token
from quart_app.auth.tokens import REFRESH, Grant
from quart_app.errors import InvalidInput, Unauthenticated
from quart_app.show.paths import feed_path
from quart_app.store.staff import select_staff
from quart_app.store.tournaments import select_tournament
from quart_app.web.answers.bodies import NOT_KEPT, Shape, json_answer, read_body
from quart_app.web.api.shapes.schema import Credentials, FeedToken, RefreshRequest, TokenPair
from quart_app.web.doors.access import current_staff, require_visible
from quart_app.web.doors.callers import client_address
from quart_app.web.doors.context import context
from quart_app.web.doors.following import feed_cookie

blueprint = Blueprint("tokens", __name__)

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


@blueprint.post("/api/token/", strict_slashes=False)
async def post_token() -> Response:
    """Give a pair of tokens for a ``username`` and its ``password``, sent as JSON or as a form.

    401 when they do not fit, with the same words whatever is wrong.
    """
    asked = await _read(Credentials)
    services, tokens = context().services, context().tokens
    async with context().limits.signing_in(client_address(), asked.username, None):
        staff = await authenticate(services, asked.username, asked.password)
    access, access_grant = tokens.issue_access(staff)
    refresh, grant = tokens.issue_refresh(staff)
    await record_refresh_token(services, staff, jti=grant.jti, expires_at=grant.expires_at)
    return _pair(access, access_grant, refresh)


@blueprint.post("/api/token/refresh/", strict_slashes=False)
async def post_token_refresh() -> Response:
    """Give a new pair for a ``refresh`` token, which dies by that; used again, it takes its family along.

    401 for one that is expired, spent or revoked, or whose member of staff is gone or disabled.
    """
    asked = await _read(RefreshRequest)
    services, tokens = context().services, context().tokens
    old = tokens.read(asked.refresh, REFRESH)
    async with services.database.reading() as connection:
        staff = None if old.staff_id is None else await select_staff(connection, old.staff_id)
    if staff is None:
        raise Unauthenticated("The account that this token was given to is gone.", reason="revoked")
    access, access_grant = tokens.issue_access(staff)
    refresh, grant = tokens.issue_refresh(staff)
    await rotate_refresh_token(services, staff, old.jti, new_jti=grant.jti, expires_at=grant.expires_at)
    return _pair(access, access_grant, refresh)


@blueprint.post("/api/tournaments/<id:tournament_id>/feed-token/", strict_slashes=False)
async def post_feed_token(tournament_id: int) -> Response:
    """Give a token for a tournament's feeds, as JSON and in the feed cookie.

    Anyone may have one for a public tournament, staff for a private one too; 404 for everybody else.
    """
    context().limits.connect(client_address())
    staff = await current_staff()
    async with context().services.database.reading() as connection:
        row = await select_tournament(connection, tournament_id)
    await require_visible(row)
    token, grant = context().tokens.issue_feed(tournament_id, staff=staff)
    answer = FeedToken(token=token, expires_in=_seconds_left(grant), url=feed_path(tournament_id))
    response = json_answer(answer, cache=NOT_KEPT)
    feed_cookie(context().settings, response, tournament_id, token, staff=staff, scheme=request.scheme)
    return response


def _pair(access: str, grant: Grant, refresh: str) -> Response:
    pair = TokenPair(access=access, refresh=refresh, token_type="Bearer", expires_in=_seconds_left(grant))  # noqa: S106
    return json_answer(pair, cache=NOT_KEPT)


def _seconds_left(grant: Grant) -> int:
    return int((grant.expires_at - context().services.clock()).total_seconds())


async def _read(shape: type[Shape]) -> Shape:
    """The text fields of ``shape``, from a form or from JSON. Raises what ``read_body`` does."""
    if request.mimetype not in FORMS:
        return await read_body(shape)
    form, names = await request.form, shape.__struct_fields__
    missing = [name for name in names if name not in form]
    if missing:
        raise InvalidInput({name: f"{name} is missing." for name in missing})
    return shape(**{name: form[name] for name in names})
