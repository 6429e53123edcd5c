"""The page of a tournament or a match for thousands who open it at once, where it stands ready."""

from __future__ import annotations

import re

from hypercorn.typing import HTTPScope
from quart import Response

from quart_app.auth.sessions import COOKIE as SESSION_COOKIE
from quart_app.domain.commands import PUBLIC
from quart_app.show.projections import PAGE, match_projection
from quart_app.web.answers.stored import ASKED_AGAIN_PRIVATELY
from quart_app.web.doors.context import Context
from quart_app.web.doors.following import let_in
from quart_app.web.express.whole import request_headers
from quart_app.web.spectators.pages import MATCH_ROUTE, TOURNAMENT_ROUTE, page_key

PATH = re.compile(r"/tournaments/([0-9]{1,9})/(?:matches/([0-9]{1,9})/)?")


async def page_way(
    parts: Context, scope: HTTPScope, path: re.Match[str], takeable: bool
) -> tuple[str, Response] | None:
    """The page, if it was rendered for the present state, and if nobody in particular asks for it."""
    tournament_id, *match_id = (int(number) for number in path.groups() if number is not None)
    current = None if _personal(scope) else parts.hub.current(tournament_id)
    if current is None or current.tournament.visibility != PUBLIC:
        return None
    projection = match_projection(*match_id) if match_id else PAGE
    kept = parts.pages.kept(page_key(parts, current, projection, *match_id))
    if kept is None:
        return None
    response = kept.answer(ASKED_AGAIN_PRIVATELY, request_headers(scope))
    let_in(parts, response, tournament_id, None, scope["scheme"])
    return MATCH_ROUTE if match_id else TOURNAMENT_ROUTE, response


def _personal(scope: HTTPScope) -> bool:
    """Whether the request brings anything that might tell who asks."""
    return any(
        name == b"authorization" or (name == b"cookie" and SESSION_COOKIE.encode() in value)
        for name, value in scope["headers"]
    )
