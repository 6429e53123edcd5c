"""The API: a request that is sent again with its Idempotency-Key."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.server import Server
from tests.web.api_client import Caller

MATCH_KEYS = [
    "match_id",
    "round",
    "position",
    "status",
    "best_of",
    "participant1_id",
    "participant1_name",
    "participant1_score",
    "participant2_id",
    "participant2_name",
    "participant2_score",
    "winner_id",
    "version",
    "stage",
    "group",
    "side",
    "round_name",
    "games",
    "source1",
    "source2",
]


def match_path(tournament_id: int, match_id: int, verb: str) -> str:
    """The path of something to do with a match."""
    return f"/api/tournaments/{tournament_id}/matches/{match_id}/{verb}/"


# Idempotency-Key


async def test_a_repeated_request_is_done_once(organiser: Caller, anyone: Caller) -> None:
    """The same key and request get the same answer, marked as a repeat; one tournament is created."""
    keyed = organiser.with_headers(Idempotency_Key="8e03978e-40d5-43e8-bc93-6894a57f9324")
    body = {"name": "Cup", "participants": [{"name": "A"}, {"name": "B"}]}
    first, again = await keyed.post("/api/tournaments/", body), await keyed.post("/api/tournaments/", body)
    assert (again.status, again.body) == (201, first.body)
    assert again.headers["Location"] == first.headers["Location"]
    assert (first.headers.get("Idempotency-Replayed"), again.headers["Idempotency-Replayed"]) == (
        None,
        "true",
    )
    assert len((await anyone.get("/api/tournaments/")).json["tournaments"]) == 1


async def test_a_key_is_for_one_request_only(organiser: Caller) -> None:
    """Another body or another path with the same key is 422, and not done."""
    tournament_id = await organiser.create(2)
    keyed = organiser.with_headers(Idempotency_Key="k")
    await keyed.post(match_path(tournament_id, 1, "start"), {})
    other = {"participant1_score": 1, "participant2_score": 0}
    reply = await keyed.post(match_path(tournament_id, 1, "score"), other)
    assert reply.code == (422, "idempotency.key_reused")
    assert (await keyed.post(match_path(tournament_id, 1, "start"), b"{ }")).status == 422


async def test_a_key_is_its_callers_own(organiser: Caller, scorer: Caller) -> None:
    """Two callers may use the same key; neither sees the other's answer."""
    tournament_id = await organiser.create(4)
    first = await organiser.with_headers(Idempotency_Key="k").post(match_path(tournament_id, 1, "start"), {})
    other = await scorer.with_headers(Idempotency_Key="k").post(match_path(tournament_id, 2, "start"), {})
    assert [first.json["match"]["match_id"], other.json["match"]["match_id"]] == [1, 2]


async def test_a_refusal_frees_its_key(organiser: Caller) -> None:
    """What was refused changed nothing: the same request with the same key may succeed later."""
    tournament_id = await organiser.create(2)
    keyed = organiser.with_headers(Idempotency_Key="k")
    score = {"participant1_score": 1, "participant2_score": 0}
    assert (await keyed.post(match_path(tournament_id, 1, "score"), score)).status == 409
    await organiser.post(match_path(tournament_id, 1, "start"), {})
    assert (await keyed.post(match_path(tournament_id, 1, "score"), score)).status == 200


async def test_a_round_is_published_once(organiser: Caller) -> None:
    """Sent again, the proposal that the first try published could not be made any more; the answer can."""
    tournament_id = await organiser.create(4, format="swiss", rounds=2)
    keyed = organiser.with_headers(Idempotency_Key="round-1")
    path = f"/api/tournaments/{tournament_id}/stages/1/rounds/"
    first, again = await keyed.post(path, {}), await keyed.post(path, {})
    assert (again.status, again.body) == (first.status, first.body)
    assert (first.status, again.headers["Idempotency-Replayed"]) == (200, "true")


async def test_requests_with_one_key_at_once(organiser: Caller, anyone: Caller) -> None:
    """Of many at the same time one is done; the others repeat it or are told that it is still running."""
    keyed = organiser.with_headers(Idempotency_Key="k")
    body = {"name": "Cup", "participants": [{"name": "A"}, {"name": "B"}]}
    replies = await asyncio.gather(*(keyed.post("/api/tournaments/", body) for _ in range(20)))
    assert {reply.status for reply in replies} <= {201, 409}
    assert len({reply.body for reply in replies if reply.status == 201}) == 1
    assert len((await anyone.get("/api/tournaments/")).json["tournaments"]) == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "two words", "\u00e9"])
async def test_an_impossible_key_is_malformed(organiser: Caller, key: str) -> None:
    """400: one to 255 visible ASCII characters."""
    tournament_id = await organiser.create(2)
    keyed = organiser.with_headers(Idempotency_Key=key)
    reply = await keyed.post(match_path(tournament_id, 1, "start"), {})
    assert reply.code == (400, "request.malformed")


async def test_a_stranger_learns_nothing_of_a_key(organiser: Caller, anyone: Caller) -> None:
    """Without a login a key is not even looked at."""
    tournament_id = await organiser.create(2)
    await organiser.with_headers(Idempotency_Key="k").post(match_path(tournament_id, 1, "start"), {})
    reply = await anyone.with_headers(Idempotency_Key="k").post(match_path(tournament_id, 1, "start"), {})
    assert reply.status == 401


async def test_a_caller_who_hangs_up_may_ask_again(server: Server) -> None:
    """What was begun with a key is finished and noted, so that the next try gets its answer."""
    headers = await server.sign_in("Olga") | {"Idempotency-Key": "k"}
    body = {"name": "Cup", "participants": [{"name": "A"}, {"name": "B"}]}
    async with (
        server.services.database.writing()
    ):  # whoever wants to write now waits, and the caller does not
        with pytest.raises(httpx.ReadTimeout):
            await server.client.post("/api/tournaments/", json=body, headers=headers, timeout=0.5)
        await asyncio.sleep(0.2)  # until the server has noticed
    reply = await server.client.post("/api/tournaments/", json=body, headers=headers)
    for _ in range(100):
        if reply.status_code != 409:
            break
        await asyncio.sleep(0.02)
        reply = await server.client.post("/api/tournaments/", json=body, headers=headers)
    assert (reply.status_code, reply.headers["Idempotency-Replayed"]) == (201, "true")
    assert len((await server.client.get("/api/tournaments/")).json()["tournaments"]) == 1
