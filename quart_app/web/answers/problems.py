"""The one table from errors to answers: a page, a fragment for htmx, or ``application/problem+json``.

Who gets which: everything below ``/api/`` and ``/sse/`` a problem document (RFC 9457), as does a client that
asks for JSON rather than HTML; a request made by htmx (``HX-Request``) a fragment; everybody else a page.
A feed or API path never answers an error with HTML or a redirect: EventSource would give up, and a POST
would lose its body.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping

import msgspec
import structlog
from quart import Quart, Response, current_app, request
from werkzeug.datastructures import Headers, MIMEAccept
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.exceptions import MethodNotAllowed as WerkzeugMethodNotAllowed
from werkzeug.http import parse_accept_header
from werkzeug.routing import RequestRedirect

from quart_app import errors
from quart_app.errors import AppError
from quart_app.show.paths import at
from quart_app.show.templating import render

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5
"""What a 429 or 503 that does not say so itself tells the caller to wait."""

MACHINE_PATHS = ("/api/", "/sse/")
_JSON_TYPES = ("application/json", CONTENT_TYPE)

log = structlog.get_logger(__name__)


class MethodNotAllowed(AppError):
    """There is something at this address, but it does not answer to this method."""

    code = "request.method_not_allowed"
    status = 405
    title = "Method not allowed"

    def __init__(self, allowed: Iterable[str]) -> None:
        self.allow = ", ".join(sorted(allowed))
        super().__init__(f"This address answers to {self.allow or 'no method'} only.")


class RequestTimeout(AppError):
    """The rest of the request did not arrive in time."""

    code = "request.timeout"
    status = 408
    title = "The request took too long"


class RequestTooLarge(AppError):
    """The body is larger than is read here."""

    code = "request.too_large"
    status = 413
    title = "The request is too large"


class UnsupportedMediaType(AppError):
    """The body is in a format that is not read here."""

    code = "request.unsupported_media_type"
    status = 415
    title = "The body is in the wrong format"


class ServerError(AppError):
    """A fault of ours. ``error_id`` finds its traceback in the log."""

    code = "server.error"
    status = 500
    title = "Something went wrong on our side"

    def __init__(self, error_id: str) -> None:
        super().__init__(
            f"The fault has been logged as {error_id}. Try again; if it stays, tell the operator this id.",
            error_id=error_id,
        )


FRAMEWORK_ERRORS: Mapping[int, AppError] = {
    400: errors.MalformedRequest("The request could not be read. Check its headers and its body."),
    401: errors.Unauthenticated("Sign in, or send a valid access token."),
    403: errors.Forbidden("You may not do this."),
    404: errors.NotFound("There is nothing at this address."),
    408: RequestTimeout("The request did not arrive completely in time. Send it again."),
    413: RequestTooLarge("The body is larger than this address reads. Send less at once."),
    415: UnsupportedMediaType("This address does not read this Content-Type."),
    429: errors.TooManyRequests("Too many requests. Wait a moment.", RETRY_AFTER_SECONDS),
    503: errors.Unavailable("The service cannot answer right now. Try again shortly.", RETRY_AFTER_SECONDS),
}
"""Our own words for the errors that the framework raises by itself."""


def register(app: Quart) -> None:
    """Let ``app`` answer every error from this table, in every room of the site.

    Also turns the framework's redirects on API and feed paths into 404 with the right address in words.
    """
    app.register_error_handler(AppError, answer)
    app.register_error_handler(HTTPException, _framework_error)
    app.register_error_handler(Exception, _fault)
    app.before_request(_refuse_redirects)


def for_machines(path: str) -> bool:
    """Whether programs, not people, read this path."""
    return f"{path}/".startswith(MACHINE_PATHS)


def document(error: AppError) -> dict[str, object]:
    """The problem document of an error, RFC 9457: the standard members, ``code``, and the error's own.

    ``type`` is the place in the API's docs that explains the code.
    """
    standard = {
        "type": at(f"/api/docs#{error.code}"),
        "title": error.title,
        "status": error.status,
        "code": error.code,
        "detail": error.detail,
    }
    own = {name: value for name, value in error.extra.items() if value is not None and name not in standard}
    return standard | own


async def answer(error: AppError) -> Response:
    """The answer to the present request that tells of ``error``, in the form that its caller reads."""
    return written(error, request.path, request.headers)


def written(error: AppError, path: str, headers: Headers) -> Response:
    """The same for a request to ``path`` with these headers."""
    if for_machines(path) or _prefers_json(headers):
        response = Response(msgspec.json.encode(document(error)), error.status, content_type=CONTENT_TYPE)
    else:
        template = "fragments/_problem.html" if "HX-Request" in headers else "error.html"
        told = {"status": error.status, "title": error.title, "detail": error.detail}
        page = render(template, **told, instead=error.extra.get("instead"))
        response = Response(page, error.status, content_type="text/html; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    if error.status == 401 and for_machines(path):
        # RFC 6750, section 3: what to send, and that what was sent is no good.
        response.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    elif error.status in (429, 503):
        seconds = getattr(error, "retry_after_seconds", RETRY_AFTER_SECONDS)
        response.headers["Retry-After"] = str(seconds)
    elif isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = error.allow
    return response


def _prefers_json(headers: Headers) -> bool:
    accept = parse_accept_header(headers.get("Accept"), MIMEAccept)
    return accept.best_match(("text/html", *_JSON_TYPES), "text/html") in _JSON_TYPES


async def _refuse_redirects() -> None:
    redirect = request.routing_exception
    if isinstance(redirect, RequestRedirect) and for_machines(request.path):
        path = redirect.new_url.partition("?")[0].partition("://")[2].partition("/")[2]
        raise errors.NotFound(f"There is nothing at this address; did you mean /{path} ?")


async def _framework_error(error: HTTPException) -> Response | HTTPException:
    if error.response is not None or error.code is None or error.code < 400:
        return error
    if isinstance(error, InternalServerError):
        # Quart wraps what fails after the view (a response hook) in this, and has logged it by now.
        error_id = _new_id()
        log.error("request_failed", error_id=error_id, method=request.method, path=request.path)
        return await answer(ServerError(error_id))
    if isinstance(error, WerkzeugMethodNotAllowed):
        above = _page_above() if request.method == "GET" else None
        if above is not None:
            return Response(b"", 303, {"Location": above, "Cache-Control": "no-store"})
        return await answer(MethodNotAllowed(error.valid_methods or ()))
    return await answer(FRAMEWORK_ERRORS.get(error.code, FRAMEWORK_ERRORS[400]))


def _page_above() -> str | None:
    """Where the page is whose form was sent to this address, seen from it; None where no page is above it.

    A refused form comes back under the address that it was sent to, which somebody may reload, or keep.
    """
    adapter = current_app.create_url_adapter(request)
    way, folder = "", request.path.removesuffix("/")
    while adapter is not None and folder and not for_machines(request.path):
        way, folder = f"../{way}", folder.rpartition("/")[0]
        if adapter.test(f"{folder}/", "GET"):
            return way
    return None


async def _fault(error: Exception) -> Response:
    error_id = _new_id()
    log.error("request_failed", error_id=error_id, method=request.method, path=request.path, exc_info=error)
    return await answer(ServerError(error_id))


def _new_id() -> str:
    return secrets.token_hex(4)
