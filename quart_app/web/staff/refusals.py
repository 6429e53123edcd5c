"""Forms that are refused: they come back with what was entered, and the problem beside the field."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Concatenate, ParamSpec

from quart import Response, request
from quart.typing import ResponseReturnValue

from quart_app.errors import (
    AppError,
    Conflict,
    InvalidInput,
    TooManyRequests,
    Unauthenticated,
    VersionConflict,
)
from quart_app.show.templating import render


@dataclass(frozen=True, slots=True)
class Refusal:
    """A form that was refused: why, and all that was entered in it."""

    error: AppError
    entered: Mapping[str, str] = field(default_factory=dict)

    @property
    def problems(self) -> Mapping[str, str]:
        """The problem of each field that has one."""
        return self.error.problems if isinstance(self.error, InvalidInput) else {}

    @property
    def first(self) -> str | None:
        """The first field with a problem, which is to have the focus."""
        return next(iter(self.problems), None)

    @property
    def status(self) -> int:
        """The HTTP status of the form that comes back; a wrong password is a wrong entry too."""
        return 422 if isinstance(self.error, Unauthenticated) else self.error.status

    @property
    def overtaken(self) -> bool:
        """Whether somebody else's change came between."""
        return isinstance(self.error, VersionConflict)

    @property
    def affected(self) -> Sequence[Mapping[str, object]]:
        """The matches that would be taken back with what was asked for, the deepest first."""
        found = self.error.extra.get("affected", ())
        return found if isinstance(found, list) else ()

    @property
    def version(self) -> object:
        """The version of those, for whoever agrees to them."""
        current = self.error.extra.get("current")
        return current["version"] if isinstance(current, dict) else self.error.extra.get("version")


_P = ParamSpec("_P")

_View = Callable[_P, Awaitable[ResponseReturnValue]]


def again(
    render_form: Callable[Concatenate[Refusal, _P], Awaitable[ResponseReturnValue]],
    *refused_by: type[AppError],
) -> Callable[[_View[_P]], _View[_P]]:
    """Answer a form that the view refuses with the form itself, which ``render_form`` renders."""

    refusals: tuple[type[AppError], ...] = (InvalidInput, Conflict, *refused_by)

    def decorate(view: _View[_P]) -> _View[_P]:
        @wraps(view)
        async def answered(*args: _P.args, **kwargs: _P.kwargs) -> ResponseReturnValue:
            try:
                return await view(*args, **kwargs)
            except refusals as error:
                return await render_form(Refusal(error, await request.form), *args, **kwargs)

        return answered

    return decorate


def page(template: str, refusal: Refusal | None, **shown: object) -> Response:
    """A page or fragment. It may be kept for the Back button, so that what was typed is there again."""
    status = refusal.status if refusal is not None else 200
    headers = {"Cache-Control": "no-cache, private"}
    if refusal is not None and isinstance(refusal.error, TooManyRequests):
        headers["Retry-After"] = str(refusal.error.retry_after_seconds)
    html = render(template, refusal=refusal, **shown)
    return Response(html, status, headers, content_type="text/html; charset=utf-8")
