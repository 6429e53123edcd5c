"""Browsers that have signed in before: a cookie says so, and is good for nothing else.

Somebody who guesses passwords from elsewhere uses up the tries of strangers. A browser with this cookie has
tries of its own, so its owner is never kept out by them (OWASP calls it a device cookie).
"""

from __future__ import annotations

from quart import Response, request

from quart_app.auth.tokens import DEVICE, DEVICE_SECONDS, device_mark
from quart_app.errors import Unauthenticated
from quart_app.show.paths import at
from quart_app.store.staff import StaffRow
from quart_app.web.doors.access import LOGIN_PATH
from quart_app.web.doors.context import context

COOKIE = "grandstand_device"


def known_device(name: str) -> str | None:
    """What names this browser, if somebody has signed in under this name with it; else None."""
    try:
        grant = context().tokens.read(request.cookies.get(COOKIE), DEVICE)
    except Unauthenticated:
        return None
    return grant.jti if grant.mark == device_mark(name) else None


def remember_device(response: Response, staff: StaffRow) -> None:
    """Let the answer to a login tell the browser that it is known."""
    response.set_cookie(
        COOKIE,
        context().tokens.issue_device(staff),
        max_age=DEVICE_SECONDS,
        path=at(LOGIN_PATH),
        secure=not context().settings.development,
        httponly=True,
        samesite="Lax",
    )
