"""``Idempotency-Key``: a POST that is sent again, because its answer got lost, is not done again.

After draft-ietf-httpapi-idempotency-key-header-07. As it advises (2.7), a key that was used for a different
request is answered 422, one that cannot be a key 400; one whose first request is still running waits for it.
Answers are kept for 24 hours, for each caller apart. A refusal changed nothing, so it is not kept: the key is
free again, and the same request may succeed later.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec

from quart import Response, g, request

from quart_app.actions.writing.idempotency import Once, Repeated
from quart_app.actions.writing.recorded import Recorded
from quart_app.errors import MalformedRequest
from quart_app.store.idempotency import KeptAnswer
from quart_app.web.answers.bodies import read_bytes
from quart_app.web.doors.access import authorise

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEY_PATTERN = r"[!-~]{1,255}"

_P = ParamSpec("_P")


def idempotent(view: Callable[_P, Awaitable[Response]]) -> Callable[_P, Awaitable[Response]]:
    """Let a view's answer to a request with a key be repeated; without a key nothing changes.

    The view must be one for staff, and give what ``once`` gives to its action. Raises MalformedRequest for an
    impossible key.
    """

    @wraps(view)
    async def asked(*args: _P.args, **kwargs: _P.kwargs) -> Response:
        if HEADER in request.headers:
            g.idempotency = f"staff:{(await authorise()).id}", _key(), await _fingerprint()
        try:
            return await view(*args, **kwargs)
        except Repeated as repeated:
            response = answered(repeated.answer)
            response.headers[REPLAYED] = "true"
            return response

    return asked


def once(answer: Callable[[Recorded], KeptAnswer]) -> Once | None:
    """The key of the present request, with what makes the answer to keep; None for a request without one."""
    if "idempotency" not in g:
        return None
    scope, key, fingerprint = g.idempotency
    return Once(scope, key, fingerprint, answer)


def answered(answer: KeptAnswer) -> Response:
    """A kept answer as a response."""
    return Response(answer.body, answer.status, dict(answer.headers))


def _key() -> str:
    key = request.headers[HEADER].strip()
    if not re.fullmatch(KEY_PATTERN, key):
        raise MalformedRequest(f"An {HEADER} is 1 to 255 visible ASCII characters, such as a UUID.")
    return key


async def _fingerprint() -> str:
    head = f"{request.method} {request.path}\n".encode()
    return hashlib.sha256(head + await read_bytes()).hexdigest()
