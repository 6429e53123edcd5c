"""Pages and files that are the same for everyone: compressed, and not sent twice."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
from unittest import mock

import pytest

from quart_app.actions import matches
from quart_app.domain.commands import StartMatch, UpdateScore
from quart_app.show.templating import render
from quart_app.store import event_log
from quart_app.web.spectators import pages
from tests.server import Server


async def test_page_that_has_not_changed_is_not_sent_again(server: Server) -> None:
    """With the ETag of the last visit the answer is 304, and still brings a fresh feed cookie."""
    tournament = await server.tournament()
    first = await server.client.get(f"/tournaments/{tournament.id}/")
    headers = {"If-None-Match": first.headers["etag"]}
    again = await server.client.get(f"/tournaments/{tournament.id}/", headers=headers)
    assert (again.status_code, again.content, "feed_token" in again.headers["set-cookie"]) == (304, b"", True)


@pytest.mark.parametrize("asked", ["*", '"other", {tag}', '{tag}, W/"x"', "{strong}"])
@pytest.mark.parametrize("path", ["/tournaments/1/", "/static/app.css", "/api/tournaments/1/", "/"])
async def test_what_is_known_is_told_by_nothing_but_its_headers(
    server: Server, path: str, asked: str
) -> None:
    """RFC 9110, 13.1.2 and 15.4.5: any tag of a list, weak or not, or ``*``; no length, no type, no body."""
    await server.tournament()
    for follow in (False, True):  # watched, a page is answered by the express way
        async with server.feed(1) if follow else contextlib.nullcontext():
            tag = (await server.client.get(path)).headers["etag"]
            known = asked.format(tag=tag, strong=tag.removeprefix("W/"))
            answer = await server.client.get(path, headers={"If-None-Match": known})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
        assert not {"content-length", "content-type", "content-encoding"} & set(answer.headers)
        assert "cache-control" in answer.headers


@pytest.mark.parametrize("path", ["/anew/", "{tournament}fragments/catch-up/?lastEventId={position}"])
async def test_what_has_no_content_says_nothing_of_it(server: Server, path: str) -> None:
    """Not even that it is empty: a length is forbidden beside 204 (RFC 9110, section 8.6)."""
    tournament = await server.tournament(4)
    token = (await server.client.post(f"/api/tournaments/{tournament.id}/feed-token/")).json()["token"]
    snapshot = (await server.client.get(f"/api/tournaments/{tournament.id}/")).json()
    asked = path.format(tournament=f"/sse/tournaments/{tournament.id}/", position=snapshot["position"])
    answer = await server.client.get(asked, headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert not {"content-type", "content-length"} & set(answer.headers)


@pytest.mark.parametrize("watched", [False, True])
async def test_many_who_open_a_page_at_once_cost_one_rendering(
    server: Server, monkeypatch: pytest.MonkeyPatch, watched: bool
) -> None:
    """Forty readers of a match's page at one state: one rendering, and no reading of the log."""
    tournament = await server.tournament(8)
    await matches.start_match(server.services, tournament.id, StartMatch(match_id=1), None)
    rendering = mock.Mock(wraps=render)
    monkeypatch.setattr(pages, "render", rendering)
    read = mock.AsyncMock(wraps=event_log.select_events)
    monkeypatch.setattr(event_log, "select_events", read)
    async with server.feed(tournament.id) if watched else contextlib.nullcontext():
        path = f"/tournaments/{tournament.id}/matches/1/"
        answers = await asyncio.gather(*(server.client.get(path) for _ in range(40)))
    assert {answer.status_code for answer in answers} == {200}
    of_this = [call for call in read.await_args_list if tournament.id in call.args]
    assert (rendering.call_count, of_this) == (1, [])


async def test_no_page_is_without_its_story_where_logs_are_read_again_and_again(server: Server) -> None:
    """Nothing is kept of a tournament that nobody follows: a page never shows what another request is only
    about to read."""
    tournament = await server.tournament()
    await matches.start_match(server.services, tournament.id, StartMatch(match_id=1), None)
    server.services.ledger.kept._bytes_max = 0
    path = f"/tournaments/{tournament.id}/"
    seen: list[str] = []
    for _ in range(10):
        server.context.pages._kept.clear()
        asked = (f"{path}matches/1/", path, f"{path}matches/2/", f"/api{path}") * 3
        answers = await asyncio.gather(*(server.client.get(each) for each in asked))
        seen += [answer.text for each, answer in zip(asked, answers, strict=True) if each == asked[0]]
    assert (len(seen), [page for page in seen if "The match has started" not in page]) == (30, [])


async def test_a_goal_elsewhere_leaves_a_page_as_it_is(server: Server) -> None:
    """A match's page depends on its own match and those it feeds, and on no other."""
    tournament = await server.tournament(8)
    path = f"/tournaments/{tournament.id}/matches/4/"
    first = (await server.client.get(path)).headers["etag"]
    await matches.start_match(server.services, tournament.id, StartMatch(match_id=1), None)
    after_start = (await server.client.get(path)).headers["etag"]
    goal = UpdateScore(match_id=1, participant1_score=1, participant2_score=0)
    await matches.update_score(server.services, tournament.id, goal, None)
    again = await server.client.get(path, headers={"If-None-Match": after_start})
    own = StartMatch(match_id=4)
    await matches.start_match(server.services, tournament.id, own, None)
    assert (first != after_start, again.status_code) == (True, 304)  # the first start of all moves the header
    assert (await server.client.get(path)).headers["etag"] != after_start


async def test_page_that_has_changed_is_sent(server: Server) -> None:
    """After an event the old ETag is worth nothing."""
    tournament = await server.tournament()
    first = await server.client.get(f"/tournaments/{tournament.id}/")
    await matches.start_match(server.services, tournament.id, StartMatch(match_id=1), None)
    headers = {"If-None-Match": first.headers["etag"]}
    assert (await server.client.get(f"/tournaments/{tournament.id}/", headers=headers)).status_code == 200


async def test_page_is_compressed_for_who_can_read_it(server: Server) -> None:
    """Gzip where it is accepted, plain where it is not, the same page either way."""
    tournament = await server.tournament()
    path = f"/tournaments/{tournament.id}/"
    plain = await server.client.get(path, headers={"Accept-Encoding": "identity"})
    async with server.client.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as packed:
        raw = b"".join([piece async for piece in packed.aiter_raw()])
    assert (packed.headers["content-encoding"], gzip.decompress(raw)) == ("gzip", plain.content)


async def test_cold_page_of_128_weighs_less_than_60_kilobytes(server: Server) -> None:
    """The page with its style sheet and scripts, as a phone on a slow network gets them."""
    tournament = await server.tournament(128)
    page = (await server.client.get(f"/tournaments/{tournament.id}/")).text
    paths = {part.split('"')[0] for part in page.split('="')[1:] if part.startswith("/static/")}
    weight = 0
    for path in (f"/tournaments/{tournament.id}/", *paths):
        async with server.client.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer:
            weight += sum([len(piece) async for piece in answer.aiter_raw()])
    assert (len(paths) > 3, weight < 60_000) == (True, True), weight


async def test_file_under_its_version_is_kept_for_ever(server: Server) -> None:
    """The address changes with the content, so nobody needs to ask again."""
    page = (await server.client.get("/")).text
    path = next(part.split('"')[0] for part in page.split('href="') if part.startswith("/static/app.css"))
    answer = await server.client.get(path)
    assert (answer.headers["cache-control"], answer.headers["content-type"]) == (
        "public, max-age=31536000, immutable",
        "text/css; charset=utf-8",
    )


async def test_nothing_outside_the_folder_is_a_static_file(server: Server) -> None:
    """No path leads out of the folder, however it is written."""
    paths = ("/static/../pyproject.toml", "/static/..%2fpyproject.toml", "/static/no", "/static/vendor/")
    assert [(await server.client.get(path)).status_code for path in paths] == [404] * 4


async def test_file_under_another_version_is_not_kept(server: Server) -> None:
    """While workers of two versions serve, one is asked for what only the other has."""
    answer = await server.client.get("/static/app.css?v=000000000000")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")


@pytest.mark.parametrize(
    "name", ["a" * 300 + ".css", "a/" * 3000, "./app.css", "x/../app.css", "vendor//htmx.min.js"]
)
async def test_file_has_one_name(server: Server, name: str) -> None:
    """Any other is not found, and leaves nothing behind."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
    writer.write(f"GET /static/{name} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    assert answer.startswith((b"HTTP/1.1 404 ", b"HTTP/1.1 308 "))
    assert name not in server.context.static._kept


async def test_who_refuses_gzip_gets_none(server: Server) -> None:
    """A quality of nought is a refusal."""
    headers = {"Accept-Encoding": "gzip;q=0, identity"}
    answer = await server.client.get("/static/app.css", headers=headers)
    assert "content-encoding" not in answer.headers
