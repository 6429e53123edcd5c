"""Staff logins in the browser: a signed cookie that names the staff member and dies with the password.

The cookie is quart-auth's: signed by the newest secret key, accepted by every live one, and worth nothing
``session_seconds`` after the login, whatever the browser does. Its value is ``<staff id>.<mark>``; the mark
is taken from the password's hash, so a new password ends every login that was made with the old one.
"""

from __future__ import annotations

import hmac
from typing import Any

import quart_auth
from quart_auth import AuthUser, QuartAuth

from quart_app.auth.passwords import mark_of
from quart_app.settings import Settings
from quart_app.store.staff import StaffRow

COOKIE = "grandstand_session"


def session_manager(settings: Settings) -> QuartAuth:
    """quart-auth, set up but not yet bound to an app: call its ``init_app``."""
    return QuartAuth(
        cookie_name=COOKIE,
        cookie_path=f"{settings.base_path}/",
        cookie_http_only=True,
        cookie_samesite="Lax",
        cookie_secure=not settings.development,
        duration=int(settings.session_seconds),
        # a cookie of another path of this host is nobody's here: signing out could not delete it
        salt=f"grandstand staff session{settings.base_path}",
    )


def session_config(settings: Settings) -> dict[str, Any]:
    """The app's configuration that the signature needs: the newest key signs, the others only verify."""
    newest, *others = [key.secret for key in settings.secret_keys]
    return {"SECRET_KEY": newest, "SECRET_KEY_FALLBACKS": others}


def sign_in(staff: StaffRow) -> None:
    """Let the answer to the present request set the cookie."""
    quart_auth.login_user(AuthUser(f"{staff.id}.{mark_of(staff.password_hash)}"), remember=True)


def sign_out() -> None:
    """Let the answer to the present request delete the cookie."""
    quart_auth.logout_user()


def session_staff_id() -> int | None:
    """The staff id that the request's cookie names; None without a cookie that is ours and still lives."""
    staff_id, _, _ = (quart_auth.current_user.auth_id or "").partition(".")
    return int(staff_id) if staff_id else None


def session_holds(staff: StaffRow) -> bool:
    """Whether the request's login is this member's and was made with the present password."""
    expected = f"{staff.id}.{mark_of(staff.password_hash)}"
    return hmac.compare_digest((quart_auth.current_user.auth_id or "").encode(), expected.encode())
