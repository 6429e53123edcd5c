"""``Idempotency-Key``: a POST that is sent again, because its answer got lost, is not done again.

After draft-ietf-httpapi-idempotency-key-header-07. As it advises (2.7), a key that was used for a different
request is answered 422, one whose first request is still running 409, one that cannot be a key 400. Answers
are kept for 24 hours, for each caller apart. A refusal changed nothing, so it is not kept: the key is free
again, and the same request may succeed later.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec

from quart import Response, request

from quart_app.actions.idempotency import answer_once
from quart_app.errors import MalformedRequest
from quart_app.store.idempotency import Answer
from quart_app.web.answers.bodies import read_bytes
from quart_app.web.doors.access import authorise
from quart_app.web.doors.context import context

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEY_PATTERN = r"[!-~]{1,255}"

_KEPT_HEADERS = ("Content-Type", "Location", "Cache-Control")

_P = ParamSpec("_P")
_Answered = tuple[Answer, bool]


def idempotent(view: Callable[_P, Awaitable[Response]]) -> Callable[_P, Awaitable[Response]]:
    """Let a view's answer to a request with a key be repeated; without a key nothing changes.

    The view must be one for staff. Raises MalformedRequest for an impossible key, and what
    ``actions.idempotency.answer_once`` raises.
    """

    @wraps(view)
    async def once(*args: _P.args, **kwargs: _P.kwargs) -> Response:
        if HEADER not in request.headers:
            return await view(*args, **kwargs)

        async def work() -> Answer:
            response = await view(*args, **kwargs)
            headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
            return Answer(response.status_code, headers, await response.get_data(as_text=False))

        scope, key, fingerprint = f"staff:{(await authorise()).id}", _key(), await _fingerprint()
        answering = answer_once(context().services, scope, key, fingerprint, work)
        # A caller who hangs up cancels this request. What was begun must still be finished and noted, or a
        # retry would find the key taken and no answer.
        answer, repeated = await asyncio.shield(context().services.begin(answering))
        response = Response(answer.body, answer.status, dict(answer.headers))
        if repeated:
            response.headers[REPLAYED] = "true"
        return response

    return once


def _key() -> str:
    key = request.headers[HEADER].strip()
    if not re.fullmatch(KEY_PATTERN, key):
        raise MalformedRequest(f"An {HEADER} is 1 to 255 visible ASCII characters, such as a UUID.")
    return key


async def _fingerprint() -> str:
    head = f"{request.method} {request.path}\n".encode()
    return hashlib.sha256(head + await read_bytes()).hexdigest()
