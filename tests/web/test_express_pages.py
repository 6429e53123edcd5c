"""The express way to a page: nobody can tell it from Quart's, and what it must not answer it leaves alone."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from hypercorn.typing import Scope

from quart_app.actions import matches, tournaments
from quart_app.app import EXPRESS
from quart_app.domain.commands import ChangeVisibility, StartMatch
from quart_app.domain.state.tournament import Tournament
from quart_app.web.express.way import ExpressWay
from tests.server import Server

NOBODY = {"Cookie": "grandstand_session=made-up"}
"""A login that is none: the request goes Quart's way, and is a stranger's."""


class Counted:
    """What stands behind the express way: it notes what is left to it."""

    def __init__(self) -> None:
        self.left: list[Scope] = []

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Note it, and answer nothing."""
        self.left.append(scope)


async def is_express(
    server: Server, path: str, *headers: tuple[bytes, bytes], method: str = "GET", query: bytes = b""
) -> bool:
    """Whether such a request is answered by the express way."""
    behind, sent = Counted(), []

    async def send(message: Any) -> None:
        sent.append(message["type"])

    scope: Any = {"type": "http", "method": method, "path": path, "headers": headers, "scheme": "http"}
    scope |= {"query_string": query, "client": ("127.0.0.1", 1)}
    await ExpressWay(behind, server.context, EXPRESS)(scope, None, send)  # type: ignore[arg-type]
    assert len(behind.left) + len(sent) / 2 == 1
    return bool(sent)


def told(answer: httpx.Response) -> tuple[int, list[tuple[str, str]], bytes]:
    """All that a client learns, but for the hour and the token's own letters."""
    lines = sorted((name, value) for name, value in answer.headers.items() if name != "date")
    same = [(name, re.sub("(feed_token|Expires)=[^;]+", r"\1=…", value)) for name, value in lines]
    return answer.status_code, same, answer.content


def paths(tournament: Tournament) -> tuple[str, str]:
    """The page of the tournament and of its first match."""
    return f"/tournaments/{tournament.id}/", f"/tournaments/{tournament.id}/matches/1/"


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
@pytest.mark.parametrize("which", [0, 1])
async def test_both_ways_give_the_same_answer(server: Server, which: int, encoding: str) -> None:
    """The page, and that it has not changed, with every header."""
    tournament = await server.tournament()
    path, accept = paths(tournament)[which], {"Accept-Encoding": encoding}
    async with server.feed(tournament.id):
        ordinary = await server.client.get(path, headers={**accept, **NOBODY})
        assert await is_express(server, path)
        express = await server.client.get(path, headers=accept)
        known = {**accept, "If-None-Match": express.headers["etag"]}
        ordinary_304 = await server.client.get(path, headers={**known, **NOBODY})
        express_304 = await server.client.get(path, headers=known)
    assert (told(express), told(express_304)) == (told(ordinary), told(ordinary_304))
    assert (express.status_code, express_304.status_code) == (200, 304)


async def test_the_cookie_of_the_express_way_opens_the_feed(server: Server) -> None:
    """A browser that came this way follows the tournament."""
    tournament = await server.tournament()
    async with server.feed(tournament.id):
        await server.client.get(paths(tournament)[0])
        token = (await server.client.get(paths(tournament)[0])).cookies["feed_token"]
        headers = {"Authorization": f"Bearer {token}"}
        async with server.client.stream("GET", f"/sse/tournaments/{tournament.id}/", headers=headers) as feed:
            assert feed.status_code == 200


async def test_page_is_never_older_than_the_log(server: Server) -> None:
    """As soon as a post is answered, the page that was kept is not given any more."""
    tournament = await server.tournament()
    path = paths(tournament)[0]
    async with server.feed(tournament.id):
        before = await server.client.get(path)
        await matches.start_match(server.services, tournament.id, StartMatch(match_id=1), None)
        assert not await is_express(server, path)
        after = await server.client.get(path, headers={"If-None-Match": before.headers["etag"]})
        assert await is_express(server, path)
    assert after.status_code == 200


async def test_what_is_not_plain_is_left_to_quart(server: Server) -> None:
    """A login, a token, another method, another path, what nobody watches, and what is private."""
    tournament = await server.tournament()
    path = paths(tournament)[0]
    await server.client.get(path)
    assert not await is_express(server, path)
    async with server.feed(tournament.id):
        await server.client.get(path)
        harmless = (b"cookie", b"theme=dark")
        assert await is_express(server, path, harmless)
        ways = [
            await is_express(server, path, harmless, (b"cookie", b"grandstand_session=1.a")),
            await is_express(server, path, (b"authorization", b"Bearer x")),
            await is_express(server, path, method="HEAD"),
            await is_express(server, path.removesuffix("/")),
            await is_express(server, f"{path}matches/99/"),
            await is_express(server, f"/tournaments/{tournament.id + 1}/"),
        ]
        hidden = ChangeVisibility(visibility="private")
        await tournaments.change_visibility(server.services, tournament.id, hidden, None)
        await server.client.get(path, headers=await server.sign_in("anna"))
        ways.append(await is_express(server, path))
        assert (ways, (await server.client.get(path)).status_code) == ([False] * 7, 404)
