"""A whole tournament of every format through the front door, watched as a page and as JSON."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from tests.journeys.old_client import OldClient, slots_and_winners
from tests.journeys.test_whole_tournament import assert_stream_equals_page, post, snapshot
from tests.server import Feed, Server, logged
from tests.web.live_page import LivePage

PEOPLE: dict[str, Any] = {"participants": [{"name": f"P{number}"} for number in range(1, 9)]}
FORMATS: dict[str, dict[str, Any]] = {
    "single elimination": {"format": "single_elimination"},
    "double elimination": {"format": "double_elimination", "best_of": 3, "games": "table_tennis"},
    "round robin": {"format": "round_robin", "groups": 2},
    "swiss": {"format": "swiss", "rounds": 3, "games": "chess"},
    "groups, then a knock-out": {
        "stages": [
            {"format": "round_robin", "groups": 2, "advance": 2, "ruleset": "football_uefa"},
            {"format": "single_elimination", "third_place": True},
        ]
    },
    "a Swiss with byes": {
        "participants": PEOPLE["participants"][:7],
        "format": "swiss",
        "rounds": 3,
        "games": "chess",
    },
    "the best second goes on": {
        "participants": PEOPLE["participants"][:6],
        "stages": [
            {"format": "round_robin", "groups": 2, "advance": 1, "best_of_rest": 1},
            {"format": "double_elimination"},
        ],
    },
    "a page playoff": {
        "participants": PEOPLE["participants"][:4],
        "matches": [
            {"match_id": 1, "round": 1, "slots": [{"participant": 1}, {"participant": 2}]},
            {"match_id": 2, "round": 1, "slots": [{"participant": 3}, {"participant": 4}]},
            {"match_id": 3, "round": 2, "slots": [{"loser_of": 1}, {"winner_of": 2}]},
            {"match_id": 4, "round": 3, "slots": [{"winner_of": 1}, {"winner_of": 3}], "label": "Final"},
        ],
    },
}


async def play_next(server: Server, headers: dict[str, str], path: str, chance: random.Random) -> bool:
    """Post one more thing of any open match, or pair, or draw lots; False where nothing is left."""
    state = (await server.client.get(path)).json()
    open_ = [match for match in state["matches"] if match["status"] in ("ready", "live")]
    if not open_:
        return await settle(server, headers, path, state)
    match = chance.choice(open_)
    at = f"{path}matches/{match['match_id']}/"
    if match["status"] == "ready":
        await post(server, headers, at + "start/", {})
        return True
    if match["best_of"] > 1 and 2 in (match["participant1_score"], match["participant2_score"]):
        await post(server, headers, at + "confirm/", {})  # it was taken back as it stood
        return True
    if match["best_of"] > 1:
        games = match["games"] + [chance.choice([[11, 4], [9, 11]])]
        answer = await post(server, headers, at + "score/", {"games": games})
        if max(answer["match"]["participant1_score"], answer["match"]["participant2_score"]) == 2:
            await post(server, headers, at + "confirm/", {})
        return True
    score = {"participant1_score": chance.randint(0, 1), "participant2_score": 0}
    await post(server, headers, at + "score/", score)
    level = score["participant1_score"] == 0
    drawn = match["group"] is not None
    await post(
        server,
        headers,
        at + "confirm/",
        {"participant1_tiebreak": 5, "participant2_tiebreak": 4} if level and not drawn else {"drawn": level},
    )
    return True


async def settle(server: Server, headers: dict[str, str], path: str, state: Any) -> bool:
    """What is left when no match is open: the next round, or lots for those whom nothing separates."""
    for stage in state["stages"]:
        if stage["format"] == "swiss" and stage["status"] != "completed":
            await post(server, headers, f"{path}stages/{stage['stage']}/rounds/", {})
            return True
        if state["tournament"]["status"] == "completed":
            return False
        for group in stage["groups"]:
            places = [row["place"] for row in group["standings"]]
            shared = [row["participant_id"] for row in group["standings"] if places.count(row["place"]) > 1]
            if shared:
                lots = {"group": group["group"], "participants": shared}
                await post(server, headers, f"{path}stages/{stage['stage']}/lots/", lots)
                return True
        seconds = [group["standings"][1]["participant_id"] for group in stage["groups"]]
        await post(server, headers, f"{path}stages/{stage['stage']}/lots/", {"participants": seconds})
        return True
    return False


@dataclass(frozen=True, slots=True)
class Watched:
    """A tournament that a page and a JSON client follow from its first moment; chance is its format's."""

    server: Server
    headers: dict[str, str]
    api: str
    chance: random.Random
    page: LivePage
    feed: Feed
    old: OldClient

    async def all_agree(self) -> None:
        """The page that took in the stream so far is one that is loaded now, and who knows the four events of
        play alone knows what the snapshot says."""
        await assert_stream_equals_page(self.server, self.page, self.feed, self.api.removeprefix("/api"))
        await self.old.agrees((await self.server.client.get(self.api)).json())


@asynccontextmanager
async def watched(server: Server, format_: str, **other: Any) -> AsyncIterator[Watched]:
    """A new tournament of this format. At the end its client has had every event once and in order."""
    headers = await server.sign_in("anna")
    body = PEOPLE | {"name": format_, "seeding": "given"} | FORMATS[format_] | other
    created = await post(server, headers, "/api/tournaments/", body)
    number, query = created["tournament_id"], f"?lastEventId={created['position']}"
    page = LivePage((await server.client.get(f"/tournaments/{number}/")).text)
    known = slots_and_winners(await snapshot(server, number))
    server.client.cookies.clear()
    async with (
        server.feed(number, html=True, query=query) as feed,
        server.feed(number, query=query) as json_feed,
    ):
        old = OldClient(json_feed, known)
        api = f"/api/tournaments/{number}/"
        yield Watched(server, headers, api, random.Random(format_), page, feed, old)
        await old.agrees(await snapshot(server, number))
    log = (await server.client.get(f"/api/tournaments/{number}/events/?limit=1000")).json()["events"]
    followed = [frame.id for frame in logged(json_feed.frames)]
    assert followed == [event["id"] for event in log][-len(followed) :]


@pytest.mark.parametrize("format_", FORMATS)
async def test_a_page_that_follows_equals_a_fresh_one_after_every_post(server: Server, format_: str) -> None:
    """From the first post to the last: the open page needs no reload."""
    async with watched(server, format_) as it:
        while await play_next(server, it.headers, it.api, it.chance):
            await it.all_agree()
        assert (await server.client.get(it.api)).json()["tournament"]["status"] == "completed"


async def test_a_page_that_comes_and_goes_equals_a_fresh_one(server: Server) -> None:
    """Joined anew at its own position after any number of posts, in a tournament of groups and a
    knock-out."""
    headers = await server.sign_in("anna")
    body = PEOPLE | {"name": "Cup"} | FORMATS["groups, then a knock-out"]
    created = await post(server, headers, "/api/tournaments/", body)
    number, chance = created["tournament_id"], random.Random(5)
    path, api = f"/tournaments/{number}/", f"/api/tournaments/{number}/"
    page = LivePage((await server.client.get(path)).text)
    server.client.cookies.clear()
    position, going = created["position"], True
    while going:
        for _ in range(chance.randint(1, 9)):
            going = going and await play_next(server, headers, api, chance)
        async with server.feed(number, html=True, query=f"?lastEventId={position}") as feed:
            await assert_stream_equals_page(server, page, feed, path)
            position = feed.frames[-1].id


async def change_something(server: Server, headers: dict[str, str], path: str, chance: random.Random) -> None:
    """Correct a result, void a match or take it back with all that hangs on it, let somebody go home or come
    back, or put it all off for a moment."""
    state = (await server.client.get(path)).json()

    async def wish(what: str, body: dict[str, Any]) -> None:
        """It may be refused: some results are settled by who is out, and some groups by what has begun."""
        answer = await server.client.post(f"{path}{what}", json=body, headers=headers)
        assert answer.status_code in (200, 409), answer.text

    if chance.random() < 0.4:
        who = chance.choice(state["participants"])
        verb = "reinstate" if "out" in who else "withdraw"
        grouped = state["stages"][0]["format"] == "round_robin"
        policy = {"policy": chance.choice(["forfeit_rest", "void_all"])} if grouped else {}
        await wish(f"participants/{who['id']}/{verb}/", policy if verb == "withdraw" else {})
        return
    if chance.random() < 0.1:
        await wish("postpone/", {"reason": "Rain"})
        await wish("resume/", {})
        return
    if chance.random() < 0.2 and state["matches"]:
        match = chance.choice(state["matches"])
        deed = "reopen" if match["status"] == "void" else "void"
        await wish(f"matches/{match['match_id']}/{deed}/", {"policy": "cascade"})
        return
    decided = [match for match in state["matches"] if match["status"] in ("completed", "walkover")]
    if not decided:
        return
    at = f"matches/{chance.choice(decided)['match_id']}/"
    if chance.random() < 0.5:
        await wish(f"{at}reopen/", {"policy": "cascade"})
        return
    chess = state["stages"][0]["format"] == "swiss"
    scores = chance.choice([(1, 0), (0, 1)] if chess else [(2, 1), (1, 2)])
    body = {"participant1_score": scores[0], "participant2_score": scores[1], "policy": "cascade"}
    await wish(f"{at}correct/", body)


@pytest.mark.parametrize("format_", FORMATS)
async def test_a_page_that_follows_equals_a_fresh_one_through_changes_of_mind(
    server: Server, format_: str
) -> None:
    """After every correction and withdrawal, too."""
    async with watched(server, format_) as it:
        for _ in range(40):
            before = (await server.client.get(it.api)).json()["position"]
            if it.chance.random() < 0.3 or not await play_next(server, it.headers, it.api, it.chance):
                await change_something(server, it.headers, it.api, it.chance)
            if (await server.client.get(it.api)).json()["position"] != before:
                await it.all_agree()
        log = (await server.client.get(f"{it.api}events/?limit=1000")).json()["events"]
    assert {"match_reopened", "participant_withdrawn"} <= {event["type"] for event in log}


@pytest.mark.parametrize("format_", ["double elimination", "groups, then a knock-out", "single elimination"])
async def test_a_page_that_follows_equals_a_fresh_one_through_changes_of_the_draw(
    server: Server, format_: str
) -> None:
    """After every swap, new draw and late entry; and then it is played to its end."""
    seven = {"participants": PEOPLE["participants"][:7]}
    async with watched(server, format_, **seven) as it:
        bye = [[3, 1]] if "groups" not in format_ else []
        wishes: list[tuple[str, dict[str, Any]]] = [
            ("draw/", {"swap": [1, 2]}),
            *(("draw/", {"to_bye": each}) for each in bye),
            ("participants/", {"name": "Late"}),
            ("draw/", {"redraw": True}),
            ("participants/7/withdraw/", {}),
            ("draw/", {"redraw": True, "shuffle": False}),
            ("participants/", {"name": "Later"}),
            ("matches/1/void/", {"reason": "Neither came"}),
            ("matches/1/reopen/", {}),
            ("draw/", {"redraw": True, "participants": PEOPLE["participants"][:5]}),
        ]
        for path, body in wishes:
            await post(server, it.headers, it.api + path, body)
            await it.all_agree()
        while await play_next(server, it.headers, it.api, it.chance):
            await it.all_agree()
        assert (await server.client.get(it.api)).json()["tournament"]["status"] == "completed"
