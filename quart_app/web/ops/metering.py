"""Counting what is answered: one sample for each route, never for each path."""

from __future__ import annotations

from quart import Quart, Response, request

from quart_app.web.doors.context import context


def register(app: Quart) -> None:
    """Count every answer of the app; a feed counts when it begins."""
    app.after_request(_count)


METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})
"""Any other is counted as ``other``: a caller must not be able to make up series."""


async def _count(response: Response) -> Response:
    route = request.url_rule.rule if request.url_rule is not None else "none"
    method = request.method if request.method in METHODS else "other"
    context().metrics.http_requests.labels(method, route, str(response.status_code)).inc()
    return response
