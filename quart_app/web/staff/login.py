"""Signing in and out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from quart import Blueprint, Response, redirect, request
from quart.typing import ResponseReturnValue

from quart_app.actions.staff import authenticate
from quart_app.auth.sessions import sign_in, sign_out
from quart_app.errors import (
    Forbidden,
    TooManyRequests,
    Unauthenticated,
)
from quart_app.show.paths import at
from quart_app.web.doors.access import (
    current_staff,
    local_path,
    login_lasts,
)
from quart_app.web.doors.callers import client_address
from quart_app.web.doors.context import context
from quart_app.web.doors.devices import known_device, remember_device
from quart_app.web.staff import forms
from quart_app.web.staff.refusals import Refusal, again, page

blueprint = Blueprint("staff_login", __name__, url_prefix="/staff")


async def _login_page(refusal: Refusal | None) -> Response:
    entered: Mapping[str, str] = refusal.entered if refusal is not None else request.args
    return page(
        "staff/login.html",
        refusal,
        name=entered.get("name", "") if refusal is not None else "",
        next=local_path(entered.get("next")),
        lasts=login_lasts(),
        unsaved="unsaved" in request.args,
    )


@blueprint.get("/login/")
async def get_login() -> ResponseReturnValue:
    """The login; who is signed in already goes on."""
    if await current_staff() is not None:
        return redirect(local_path(request.args.get("next")))
    return await _login_page(None)


@blueprint.post("/login/")
@again(_login_page, Forbidden, Unauthenticated, TooManyRequests)
async def post_login() -> ResponseReturnValue:
    """Sign in, and go on to the page that was asked for."""
    if not login_lasts():
        raise Forbidden("Nobody can sign in over plain HTTP.")
    login = forms.read_login(await request.form)
    async with context().limits.signing_in(client_address(), login.name, known_device(login.name)):
        staff = await authenticate(context().services, login.name, login.password)
    sign_in(staff)
    response = cast(Response, redirect(local_path(login.next), 303))
    remember_device(response, staff)
    return response


@blueprint.post("/logout/")
async def post_logout() -> ResponseReturnValue:
    """Sign out of this browser."""
    sign_out()
    return redirect(at("/"), 303)
