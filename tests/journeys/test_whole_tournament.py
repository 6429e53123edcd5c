"""A whole tournament through the front door: posted over the API, watched as JSON and as a page."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.server import Feed, Server, logged
from tests.web.live_page import LivePage


async def assert_stream_equals_page(server: Server, page: LivePage, feed: Feed, path: str) -> None:
    """The flagship: the page that followed the stream up to here equals a fresh one."""
    fresh = LivePage((await server.client.get(path)).text)
    position = fresh.feed.partition("lastEventId=")[2]
    while not feed.frames or feed.frames[-1].id != position:
        frame = await feed.next()
        if frame.event is None and frame.data is not None:
            page.receive(frame.data)
    assert page.differences(fresh) == []


async def post(server: Server, headers: dict[str, str], path: str, body: dict[str, Any]) -> Any:
    """An API post that has to succeed."""
    answer = await server.client.post(path, headers=headers, json=body)
    assert answer.status_code < 300, answer.text
    return answer.json()


async def snapshot(server: Server, tournament_id: int) -> Any:
    """The state as the API tells it."""
    return (await server.client.get(f"/api/tournaments/{tournament_id}/")).json()


async def play_on(
    server: Server, headers: dict[str, str], tournament_id: int, chance: random.Random
) -> AsyncIterator[None]:
    """Post matches in any order until none is left, some of them walkovers and shoot-outs; yields after each
    post."""
    while True:
        matches = (await snapshot(server, tournament_id))["matches"]
        open_matches = [match for match in matches if match["status"] in ("ready", "live")]
        if not open_matches:
            return
        match = chance.choice(open_matches)
        path = f"/api/tournaments/{tournament_id}/matches/{match['match_id']}/"
        if match["status"] == "ready" and chance.random() < 0.15:
            await post(server, headers, path + "confirm/", {"winner_id": match["participant2_id"]})
        elif match["status"] == "ready":
            await post(server, headers, path + "start/", {})
        elif chance.random() < 0.6:
            score = {"participant1_score": chance.randint(0, 9), "participant2_score": chance.randint(0, 9)}
            await post(server, headers, path + "score/", {**score, "version": match["version"]})
        elif match["participant1_score"] == match["participant2_score"]:
            tiebreak = {"participant1_tiebreak": 4, "participant2_tiebreak": 5}
            await post(server, headers, path + "confirm/", tiebreak)
        else:
            await post(server, headers, path + "confirm/", {"notes": "As seen"})
        yield


DRAWS: dict[str, tuple[list[str | None], bool]] = {
    "a full draw of 8": ([f"P{number}" for number in range(1, 9)], False),
    "13 with byes and a third place": ([f"P{number}" for number in range(1, 14)], True),
    "a slam's draw with byes marked": (["A", None, "B", "C", None, "D", "E", "F"], False),
}


@pytest.mark.parametrize("draw", DRAWS)
async def test_page_that_follows_the_stream_equals_a_fresh_one_after_every_post(
    server: Server, draw: str
) -> None:
    """From the first post to the final, with walkovers and shoot-outs, the open page needs no reload."""
    names, third_place = DRAWS[draw]
    headers = await server.sign_in("anna")
    created = await post(
        server,
        headers,
        "/api/tournaments/",
        {
            "name": draw,
            "format": "single_elimination",
            "seeding": "given",
            "third_place": third_place,
            "visibility": "public",
            "participants": [{"name": name} if name is not None else {"bye": True} for name in names],
        },
    )
    number = created["tournament_id"]
    path = f"/tournaments/{number}/"
    page = LivePage((await server.client.get(path)).text)
    server.client.cookies.clear()
    query = f"?lastEventId={created['position']}"
    async with server.feed(number, html=True, query=query) as feed, server.feed(number) as json_feed:
        async for _ in play_on(server, headers, number, random.Random(draw)):
            await assert_stream_equals_page(server, page, feed, path)
        whole = await snapshot(server, number)
        while not json_feed.frames or json_feed.frames[-1].id != whole["position"]:
            await json_feed.next()
    log = (await server.client.get(f"/api/tournaments/{number}/events/?limit=1000")).json()["events"]
    followed = [frame.id for frame in logged(json_feed.frames)]
    assert (whole["tournament"]["status"], followed) == (
        "completed",
        [event["id"] for event in log][-len(followed) :],
    )
