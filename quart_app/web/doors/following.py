"""What lets a page follow the feed: where to join it, and the cookie that lets the browser in."""

from __future__ import annotations

from quart import Response

from quart_app.settings import Settings
from quart_app.show.paths import PAGE_VERSION, feed_path
from quart_app.store.staff import StaffRow
from quart_app.web.doors.access import FEED_COOKIE
from quart_app.web.doors.context import Context


def joined_at(tournament_id: int, position: str, match_id: int | None = None) -> dict[str, object]:
    """What a page's template needs in order to follow the feed from the very state it shows.

    The page of one match follows the fragments of that match alone.
    """
    part = "" if match_id is None else f"part=match-{match_id}&"
    connect = f"{feed_path(tournament_id)}fragments/?page={PAGE_VERSION}&{part}lastEventId={position}"
    return {"tournament_id": tournament_id, "connect": connect}


def let_in(
    parts: Context, response: Response, tournament_id: int, staff: StaffRow | None, scheme: str
) -> Response:
    """The response, with a fresh feed token for the browser that gets it over ``scheme``."""
    token, _ = parts.tokens.issue_feed(tournament_id, staff=staff)
    feed_cookie(parts.settings, response, tournament_id, token, staff=staff, scheme=scheme)
    return response


def feed_cookie(
    settings: Settings,
    response: Response,
    tournament_id: int,
    token: str,
    *,
    staff: StaffRow | None,
    scheme: str,
) -> None:
    """Let the response hand the browser a feed token, for the feeds of that tournament only.

    A spectator's token is anyone's to have, so over plain http, as within a hall, its cookie is not Secure:
    a browser would drop it, and the page would never follow. One of a member of staff always is.
    """
    response.set_cookie(
        FEED_COOKIE,
        token,
        max_age=max(1, int(settings.feed_token_seconds)),
        path=feed_path(tournament_id),
        secure=not settings.development and (staff is not None or scheme == "https"),
        httponly=True,
        samesite="Strict",
    )
