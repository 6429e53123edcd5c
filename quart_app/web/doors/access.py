"""Who is asking, and what they may do: staff, spectators, and the holders of feed tokens."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, cast
from urllib.parse import quote, urlsplit

from quart import Response, g, redirect, request
from quart.typing import ResponseReturnValue

from quart_app.actions.services import Services
from quart_app.auth.passwords import mark_of
from quart_app.auth.sessions import session_holds, session_staff_id
from quart_app.auth.tokens import API, Grant
from quart_app.domain.commands import PUBLIC
from quart_app.errors import Forbidden, NotFound, Unauthenticated
from quart_app.show.paths import at
from quart_app.store.staff import ORGANISER, SCORER, StaffRow, select_staff
from quart_app.store.tournaments import DELETED, TournamentRow
from quart_app.web.answers.problems import for_machines
from quart_app.web.doors.context import context

FEED_COOKIE = "feed_token"
LOGIN_PATH = "/staff/login/"
AFTER_LOGIN_PATH = "/staff/"

_WAY_UP = re.compile(r"[^?#]*/(\.|%2e){2}([/?#]|$)", re.IGNORECASE)

_P = ParamSpec("_P")
_View = Callable[_P, Awaitable[ResponseReturnValue]]


def login_lasts() -> bool:
    """Whether a browser keeps the login that an answer to this request brings.

    Outside development its cookie is Secure, and over plain http a browser takes such only from its own
    machine.
    """
    own_machine = request.host.startswith("[::1]") or request.host.partition(":")[0] in (
        "localhost",
        "127.0.0.1",
    )
    return context().settings.development or request.scheme == "https" or own_machine


def bearer_token() -> str | None:
    """What the request's ``Authorization: Bearer`` holds (RFC 6750, section 2.1); None without one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


async def current_staff() -> StaffRow | None:
    """The staff member who asks, as the database knows them now; None for anybody else.

    A Bearer access token counts alone: with one, the session cookie is not looked at, so a request that is
    excused from the check of its origin can never lean on a cookie. Raises Unauthenticated for a token that
    is no good, or whose member is gone or disabled, and TooManyRequests for too many posts.
    """
    if "current_staff" not in g:
        g.current_staff = staff = await _find_staff()
        if staff is not None and request.method in ("POST", "DELETE"):
            await context().limits.post(staff.id)
    return cast("StaffRow | None", g.current_staff)


async def authorise(role: str = SCORER) -> StaffRow:
    """The staff member who asks, if they hold the role.

    Raises Unauthenticated when nobody is signed in, Forbidden when the role is missing.
    """
    staff = await current_staff()
    if staff is None:
        raise Unauthenticated("Sign in as a member of staff to do this.")
    if not holds_role(staff.role, role):
        raise Forbidden(f"This needs the role {role}, and {staff.name} is {staff.role}.")
    return staff


async def actor_id() -> int:
    """The id of the staff member who asks. Raises what ``authorise`` raises."""
    return (await authorise()).id


def holds_role(held: str, role: str) -> bool:
    """Whether who holds one role may act in the other: an organiser may do all that a scorer may."""
    return held in (role, ORGANISER)


def require_staff(role: str = SCORER) -> Callable[[_View[_P]], _View[_P]]:
    """Let only staff with this role into a view; inside, ``authorise()`` tells who it is.

    Who is not signed in is sent to the login when they asked for a page (htmx, whatever it asked: by
    HX-Redirect), and comes back afterwards. Everybody else, the API and a form whose login has ended, gets
    Unauthenticated or Forbidden.
    """

    def decorate(view: _View[_P]) -> _View[_P]:
        @wraps(view)
        async def guarded(*args: _P.args, **kwargs: _P.kwargs) -> ResponseReturnValue:
            try:
                await authorise(role)
            except Unauthenticated:
                if for_machines(request.path) or bearer_token() is not None:
                    raise
                reading = request.method in ("GET", "HEAD")
                if "HX-Request" in request.headers:
                    login = login_url(_path_shown(), unsaved=not reading)
                    return Response("", 401, {"HX-Redirect": login})
                if not reading:
                    raise
                return redirect(login_url(at(request.full_path.removesuffix("?"))))
            return await view(*args, **kwargs)

        return guarded

    return decorate


def login_url(target: str, *, unsaved: bool = False) -> str:
    """The login page's address, which leads on to ``target`` afterwards if that is an address of ours.

    ``unsaved`` lets the page say that what was sent has not been saved.
    """
    return f"{at(LOGIN_PATH)}?next={quote(local_path(target), safe='/')}{'&unsaved=1' if unsaved else ''}"


def local_path(target: str | None) -> str:
    """``target`` if following it stays on this site, else where a login leads.

    Browsers read ``\\`` as ``/`` and leave out tabs and line ends (WHATWG URL, basic URL parser), so a path
    with either could turn into the address of another site; ``//`` is one already. ``..``
    leads out of a base path.
    """
    ours = target is not None and target.startswith(at("/")) and not target.startswith("//")
    if target is None or not ours or "\\" in target or not target.isprintable() or _WAY_UP.match(target):
        return at(AFTER_LOGIN_PATH)
    return target


async def require_visible(row: TournamentRow | None) -> TournamentRow:
    """The row, if there is one that the caller may know of. Raises NotFound."""
    if row is None or row.status == DELETED:
        raise NotFound("There is no such tournament.")
    await require_public(row.visibility)
    return row


async def require_public(visibility: str) -> None:
    """Let only staff pass if the tournament is private: strangers know nothing of it. Raises NotFound."""
    if visibility != PUBLIC and await current_staff() is None:
        raise NotFound("There is no such tournament.")


def feed_token() -> str | None:
    """The request's feed token: from ``Authorization: Bearer``, else the cookie, else ``?token=``."""
    return bearer_token() or request.cookies.get(FEED_COOKIE) or request.args.get("token")


async def check_grant(services: Services, grant: Grant, visibility: str) -> None:
    """Check a feed's grant against what is true now; it says nothing about the time.

    ``visibility`` is the tournament's, which whoever asks knows: so a spectator's grant costs no look into
    the database. Raises NotFound when the tournament is private and the grant a spectator's; Unauthenticated
    when the staff member is gone, disabled, or has a new password; Forbidden when they no longer hold the
    role.
    """
    if grant.staff_id is None:
        if visibility != PUBLIC:
            raise NotFound("There is no such tournament.")
        return
    async with services.database.reading() as connection:
        staff = await select_staff(connection, grant.staff_id)
    if staff is None or not staff.active or grant.mark != mark_of(staff.password_hash):
        raise _revoked()
    if not holds_role(staff.role, grant.role):
        raise Forbidden("The role that this token was given for has been taken away; get a new one.")


def _path_shown() -> str:
    """The path of the page from which htmx sent the request; "" when it does not say."""
    try:
        return urlsplit(request.headers.get("HX-Current-URL", ""))._replace(scheme="", netloc="").geturl()
    except ValueError:
        return ""


async def _find_staff() -> StaffRow | None:
    token = bearer_token()
    if token is not None:
        staff = await _select(context().tokens.read(token, API).staff_id)
        if staff is None or not staff.active:
            raise _revoked()
        return staff
    staff = await _select(session_staff_id())
    return staff if staff is not None and staff.active and session_holds(staff) else None


async def _select(staff_id: int | None) -> StaffRow | None:
    if staff_id is None:
        return None
    async with context().services.database.reading() as connection:
        return await select_staff(connection, staff_id)


def _revoked() -> Unauthenticated:
    return Unauthenticated("The account that this token was given to is gone or disabled.", reason="revoked")
