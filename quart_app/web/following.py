"""What lets a page follow the feed: where to join it, and the cookie that lets the browser in."""

from __future__ import annotations

from quart import Response

from quart_app.store.staff import StaffRow
from quart_app.web.context import Context
from quart_app.web.tokens import feed_cookie


def joined_at(tournament_id: int, position: str) -> dict[str, object]:
    """What a page's template needs in order to follow the feed from the very state it shows."""
    connect = f"/sse/tournaments/{tournament_id}/fragments/?lastEventId={position}"
    return {"tournament_id": tournament_id, "connect": connect}


def let_in(
    parts: Context, response: Response, tournament_id: int, staff: StaffRow | None, scheme: str
) -> Response:
    """The response, with a fresh feed token for the browser that gets it over ``scheme``."""
    token, _ = parts.tokens.issue_feed(tournament_id, staff=staff)
    feed_cookie(parts.settings, response, tournament_id, token, staff=staff, scheme=scheme)
    return response
