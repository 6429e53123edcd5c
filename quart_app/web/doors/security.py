"""The site's outer wall: posts from other sites, other origins' reads (CORS), security headers."""

from __future__ import annotations

from quart import Quart, Response, request
from quart.sessions import SessionInterface
from quart.wrappers import BaseRequestWebsocket

from quart_app.auth.sessions import COOKIE as SESSION_COOKIE
from quart_app.errors import Forbidden
from quart_app.settings import Settings
from quart_app.web.answers.problems import for_machines
from quart_app.web.doors.access import bearer_token
from quart_app.web.doors.context import context

ANSWER_MARK = {"Grandstand-Answer": "yes"}
"""By this our pages know our answers from those of a proxy or a network in between: see static/answers.js."""

PAGE_HEADERS = ANSWER_MARK | {
    "Content-Security-Policy": (
        "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'"
    ),
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
OPENER_POLICY = {"Cross-Origin-Opener-Policy": "same-origin"}
"""Only over https: elsewhere a browser ignores it, and complains in its console."""

HSTS = {"Strict-Transport-Security": "max-age=31536000"}

_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_CORS_METHODS = "GET, POST, DELETE"
_CORS_REQUEST_HEADERS = (
    "Authorization, Cache-Control, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID"
)
_CORS_RESPONSE_HEADERS = "ETag, Idempotency-Replayed, Location, Retry-After, WWW-Authenticate"
_PREFLIGHT_SECONDS = 600


class NoSession(SessionInterface):
    """In place of Quart's own session, which nothing here uses: a cookie of that name is not looked at.

    Quart 0.23 takes it for used in every answer, which no cache could then keep: ``Vary: Cookie``.
    """

    async def open_session(self, app: Quart, request: BaseRequestWebsocket) -> None:
        """There is none."""


def register(app: Quart) -> None:
    """Put the wall around ``app``."""
    app.session_interface = NoSession()  # type: ignore[assignment]
    app.before_request(_check_origin)
    app.after_request(_set_headers)


async def _check_origin() -> Response | None:
    """Refuse what another site's page sends, unless it may; answer the browser's question whether it may.

    A browser names the page's origin (``Origin``) and how far away it is (``Sec-Fetch-Site``) in every POST,
    and lets no page forge either; a request with neither comes from no browser of today, and then the
    session cookie's SameSite=Lax has to do.
    """
    if _is_foreign() and request.path.startswith("/sse/"):
        raise _refusal()
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        if not for_machines(request.path) or _is_foreign():
            raise _refusal()
        return _preflight()
    if request.method in _SAFE_METHODS or bearer_token() is not None:
        # With a Bearer token no cookie counts, and no site can make a browser send someone else's token.
        return None
    if _is_foreign() or not (_is_near() or _allowed_origin()):
        raise _refusal()
    return None


def _is_near() -> bool:
    """Whether the browser, where it says so at all, says that a page of ours sent this, or the user did."""
    return request.headers.get("Sec-Fetch-Site", "none") in ("same-origin", "none")


def _is_foreign() -> bool:
    """Whether the request names an origin that is neither our own nor allowed here.

    With ``Referrer-Policy: no-referrer``, which some proxies set, a browser names no origin of ours but
    ``null``; that the page was ours, ``Sec-Fetch-Site`` says all the same. An opaque origin is not so near.
    """
    origin = request.headers.get("Origin")
    if origin == "null" and request.headers.get("Sec-Fetch-Site") == "same-origin":
        return False
    return origin is not None and origin != _own_origin() and _allowed_origin() is None


def _own_origin() -> str:
    return f"{request.scheme}://{request.host}"


def _allowed_origin() -> str | None:
    """What to answer the request's origin that is allowed to use feeds and the API: itself, or ``*``.

    An origin that is only one of ``*`` gets no credentials: with our session cookie it is not allowed.
    """
    origin, allowed = request.headers.get("Origin"), context().settings.allowed_origins
    if origin is None or not for_machines(request.path):
        return None
    if origin in allowed:
        return origin
    return "*" if "*" in allowed and SESSION_COOKIE not in request.cookies else None


def _refusal() -> Forbidden:
    return Forbidden(
        "This request comes from a page of another site. Open this site itself and try again. (Operators: "
        "sites that may do this stand in GRANDSTAND_ALLOWED_ORIGINS. If it came from your own page, let the "
        "proxy in front pass on Host and X-Forwarded-Proto, and count it in GRANDSTAND_TRUSTED_PROXIES.)"
    )


def _preflight() -> Response:
    # Neither 204 nor HTML, because no feed path ever answers with either.
    return Response(
        "",
        200,
        {
            "Access-Control-Allow-Methods": _CORS_METHODS,
            "Access-Control-Allow-Headers": _CORS_REQUEST_HEADERS,
            "Access-Control-Max-Age": str(_PREFLIGHT_SECONDS),
        },
        content_type="text/plain; charset=utf-8",
    )


def transport_headers(scheme: str, settings: Settings) -> dict[str, str]:
    """The security headers of an answer over ``scheme``."""
    if scheme != "https":
        return PAGE_HEADERS
    return PAGE_HEADERS | OPENER_POLICY | ({} if settings.development else HSTS)


async def _set_headers(response: Response) -> Response:
    if request.method == "OPTIONS" and for_machines(request.path):
        response.content_type = "text/plain; charset=utf-8"
    for name, value in transport_headers(request.scheme, context().settings).items():
        response.headers.setdefault(name, value)
    if for_machines(request.path):
        response.vary.add("Origin")
        allowed = _allowed_origin()
        if allowed is not None:
            response.headers["Access-Control-Allow-Origin"] = allowed
            response.headers["Access-Control-Expose-Headers"] = _CORS_RESPONSE_HEADERS
            if allowed != "*":
                response.headers["Access-Control-Allow-Credentials"] = "true"
    return response
