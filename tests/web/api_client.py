"""A client of the JSON API for tests: one caller, through the app's front door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self, cast

import msgspec
from quart import Quart
from werkzeug.datastructures import Headers

from quart_app.actions.staff import add_staff
from quart_app.web.doors.context import EXTENSION, Context

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class Reply:
    """An answer: its status, headers, and body as bytes and as JSON."""

    status: int
    headers: Headers
    body: bytes

    @property
    def json(self) -> Any:
        """The body's JSON."""
        return msgspec.json.decode(self.body)

    @property
    def code(self) -> tuple[int, str]:
        """The status and the problem's code."""
        return self.status, self.json["code"]


@dataclass(frozen=True)
class Caller:
    """Somebody who calls the API with these headers."""

    app: Quart
    headers: Mapping[str, str]

    @classmethod
    def anonymous(cls, app: Quart) -> Self:
        """Nobody in particular."""
        return cls(app, {})

    @classmethod
    async def staff(cls, app: Quart, name: str, role: str) -> Self:
        """A new member of staff with an access token."""
        context = cast(Context, app.extensions[EXTENSION])
        row = await add_staff(context.services, name, PASSWORD, role)
        token, _ = context.tokens.issue_access(row)
        return cls(app, {"Authorization": f"Bearer {token}"})

    def with_headers(self, **headers: str) -> Caller:
        """The same caller, sending these headers too."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **named})

    async def get(self, path: str) -> Reply:
        """GET a path."""
        return await self._send("GET", path, None, {})

    async def post(self, path: str, body: object) -> Reply:
        """POST something as JSON; bytes go as they are."""
        data = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return await self._send("POST", path, data, {"Content-Type": "application/json"})

    async def delete(self, path: str) -> Reply:
        """DELETE a path."""
        return await self._send("DELETE", path, None, {})

    async def _send(self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]) -> Reply:
        client = self.app.test_client(use_cookies=False)
        send = {"GET": client.get, "POST": client.post, "DELETE": client.delete}[method]
        response = await send(path, data=data, headers={**headers, **self.headers})
        body = await response.get_data(as_text=False)
        assert isinstance(body, bytes)
        return Reply(response.status_code, response.headers, body)

    async def create(self, players: int = 4, **fields: object) -> int:
        """The id of a new tournament of P1 to Pn."""
        body = {"name": "Cup", "participants": [{"name": f"P{n}"} for n in range(1, players + 1)], **fields}
        reply = await self.post("/api/tournaments/", body)
        assert reply.status == 201, reply.body
        return int(reply.json["tournament_id"])
