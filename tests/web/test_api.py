"""The API: reading tournaments and the log, who may, and what no route understands."""

from __future__ import annotations

from typing import cast

import pytest
from quart import Quart

from quart_app.store.event_log import select_events
from quart_app.web.doors.context import EXTENSION, Context
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


# Reading


async def test_the_snapshot_has_the_keys_of_the_contract(organiser: Caller, anyone: Caller) -> None:
    """Each part of a snapshot has all its keys and no other, null where something is not known."""
    tournament_id = await organiser.create(3, third_place=False)
    snapshot = (await anyone.get(f"/api/tournaments/{tournament_id}/")).json
    assert list(snapshot) == ["tournament", "participants", "rounds", "matches", "stages", "position"]
    assert list(snapshot["tournament"]) == ["id", "name", "format", "status", "champion"]
    assert snapshot["participants"][0] == {"id": 1, "name": "P1", "seed": None}
    assert snapshot["rounds"][0] == {"round": 1, "name": "Semi-finals", "matches": 1, "completed": 0}
    assert [list(match) for match in snapshot["matches"]] == [MATCH_KEYS] * 3


async def test_the_snapshot_names_whom_it_knows(organiser: Caller, anyone: Caller) -> None:
    """A bye says so and its winner stands in the next match; the other side there is not known yet."""
    tournament_id = await organiser.create(3)
    bye, semi, final = (await anyone.get(f"/api/tournaments/{tournament_id}/")).json["matches"]
    assert (bye["status"], bye["winner_id"], bye["participant2_id"]) == ("bye", 1, None)
    assert (semi["status"], semi["participant1_name"], semi["participant2_name"]) == ("ready", "P2", "P3")
    assert (final["status"], final["participant1_name"], final["participant2_id"]) == ("locked", "P1", None)


async def test_the_position_is_the_head_of_the_log(app: Quart, organiser: Caller, anyone: Caller) -> None:
    """`<epoch>-<seq>`, the id of the newest event."""
    tournament_id = await organiser.create()
    services = cast(Context, app.extensions[EXTENSION]).services
    async with services.database.reading() as connection:
        newest = (await select_events(connection, tournament_id))[-1]
    assert (await anyone.get(f"/api/tournaments/{tournament_id}/")).json["position"] == newest.id


async def test_an_unchanged_snapshot_is_304(organiser: Caller, anyone: Caller) -> None:
    """The position is the ETag, with or without the mark of a proxy that compressed."""
    tournament_id = await organiser.create()
    first = await anyone.get(f"/api/tournaments/{tournament_id}/")
    assert first.headers["ETag"] == f'"{first.json["position"]}"'
    for tag in (first.headers["ETag"], f"W/{first.headers['ETag']}", f'"x", {first.headers["ETag"]}'):
        again = await anyone.with_headers(If_None_Match=tag).get(f"/api/tournaments/{tournament_id}/")
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", first.headers["ETag"])


async def test_a_changed_snapshot_is_sent(organiser: Caller, anyone: Caller) -> None:
    """An old ETag gets the new snapshot."""
    tournament_id = await organiser.create()
    first = await anyone.get(f"/api/tournaments/{tournament_id}/")
    await organiser.post(match_path(tournament_id, 1, "start"), {})
    reader = anyone.with_headers(If_None_Match=first.headers["ETag"])
    assert (await reader.get(f"/api/tournaments/{tournament_id}/")).status == 200


async def test_the_list_is_paged_newest_first(organiser: Caller, anyone: Caller) -> None:
    """Following `next` shows each tournament once, and ends."""
    ids = [await organiser.create(2) for _ in range(5)]
    path: str | None = "/api/tournaments/?limit=2"
    pages = []
    while path:
        page = (await anyone.get(path)).json
        pages.append([each["id"] for each in page["tournaments"]])
        path = page["next"]
    assert pages == [[ids[4], ids[3]], [ids[2], ids[1]], [ids[0]]]


async def test_the_list_is_filtered_by_status(organiser: Caller, anyone: Caller) -> None:
    """`status` may be repeated, and the next page keeps it."""
    started, *_ = [await organiser.create(2) for _ in range(3)]
    await organiser.post(match_path(started, 1, "start"), {})
    active = (await anyone.get("/api/tournaments/?status=active")).json
    assert [each["id"] for each in active["tournaments"]] == [started]
    both = (await anyone.get("/api/tournaments/?status=active&status=pending&limit=2")).json
    rest = (await anyone.get(both["next"])).json
    assert [len(both["tournaments"]), len(rest["tournaments"]), rest["next"]] == [2, 1, None]


async def test_the_log_is_read_in_pages(organiser: Caller, anyone: Caller) -> None:
    """Following `next` gives every event once, in order, up to the head."""
    tournament_id = await organiser.create(2)
    await organiser.post(match_path(tournament_id, 1, "start"), {})
    path: str | None = f"/api/tournaments/{tournament_id}/events/?limit=3"
    seqs, head = [], ""
    while path:
        page = (await anyone.get(path)).json
        seqs += [each["seq"] for each in page["events"]]
        path, head = page["next"], page["head"]
    assert (seqs, head.rpartition("-")[2]) == ([1, 2, 3, 4], "4")


async def test_an_event_is_what_the_feed_sends(organiser: Caller, anyone: Caller) -> None:
    """Its data are the bytes of the log."""
    tournament_id = await organiser.create(2)
    await organiser.post(match_path(tournament_id, 1, "start"), {})
    await organiser.post(
        match_path(tournament_id, 1, "score"), {"participant1_score": 1, "participant2_score": 0}
    )
    (event,) = (await anyone.get(f"/api/tournaments/{tournament_id}/events/?after=4")).json["events"]
    assert list(event) == ["id", "seq", "type", "at", "data"]
    assert (event["seq"], event["type"]) == (5, "score_updated")
    assert list(event["data"]) == [
        "tournament_id",
        "match_id",
        "participant1_score",
        "participant2_score",
        "updated_at",
        "updated_by",
    ]


async def test_the_log_beyond_its_head_is_empty(organiser: Caller, anyone: Caller) -> None:
    """A poller that is up to date gets nothing, and no next page."""
    tournament_id = await organiser.create(2)
    page = (await anyone.get(f"/api/tournaments/{tournament_id}/events/?after=9223372036854775807")).json
    assert (page["events"], page["next"]) == ([], None)


@pytest.mark.parametrize("suffix", ["", "events/"])
async def test_a_private_tournament_is_unknown_to_strangers(
    organiser: Caller, scorer: Caller, anyone: Caller, suffix: str
) -> None:
    """They are told the very same as of one that does not exist; staff see it."""
    hidden = await organiser.create(2, visibility="private")
    path = f"/api/tournaments/{hidden}/{suffix}"
    refused, unknown = await anyone.get(path), await anyone.get(f"/api/tournaments/999/{suffix}")
    assert (refused.status, refused.body) == (404, unknown.body)
    assert (await scorer.get(path)).status == 200


@pytest.mark.parametrize("digits", [19, 30, 4000])
async def test_an_id_that_no_database_holds_is_an_unknown_one(organiser: Caller, digits: int) -> None:
    """By whatever method, also where each has a route of its own."""
    path = f"/api/tournaments/{'9' * digits}/"
    assert {(await organiser.get(path)).status, (await organiser.delete(path)).status} == {404}


async def test_the_list_hides_private_tournaments(organiser: Caller, anyone: Caller) -> None:
    """From strangers, not from staff."""
    hidden = await organiser.create(2, visibility="private")
    assert (await anyone.get("/api/tournaments/")).json["tournaments"] == []
    assert [each["id"] for each in (await organiser.get("/api/tournaments/")).json["tournaments"]] == [hidden]


# Who may, and where


@pytest.mark.parametrize("verb", ["start", "score", "confirm"])
async def test_matches_are_for_staff(organiser: Caller, anyone: Caller, verb: str) -> None:
    """Nobody else starts, scores or confirms."""
    tournament_id = await organiser.create(2)
    reply = await anyone.post(match_path(tournament_id, 1, verb), {})
    assert reply.status == 401
    assert reply.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


async def test_creating_is_for_organisers(scorer: Caller, anyone: Caller) -> None:
    """401 without a login, 403 for a scorer, before the body is looked at."""
    assert (await anyone.post("/api/tournaments/", b"{")).status == 401
    assert (await scorer.post("/api/tournaments/", b"{")).code == (403, "auth.forbidden")


@pytest.mark.parametrize("token", ["", "x", "eyJhbGciOiJub25lIn0.e30.", "\u00ff", "a" * 5000])
async def test_a_bad_token_is_401_even_where_none_is_needed(anyone: Caller, token: str) -> None:
    """A client learns that its token is no good wherever it sends it."""
    reply = await anyone.with_headers(Authorization=f"Bearer {token}").get("/api/tournaments/")
    assert (reply.status, reply.headers["Content-Type"]) == (401, "application/problem+json")


@pytest.mark.parametrize(
    "number", ["0", "999", str(2**63), "9" * 30, "9" * 6000, "-1", "1.0", "x", "%00", "1%0a"]
)
async def test_an_impossible_id_is_unknown(organiser: Caller, number: str) -> None:
    """404, whatever the id looks like, for reading and for writing."""
    for reply in (
        await organiser.get(f"/api/tournaments/{number}/"),
        await organiser.get(f"/api/tournaments/{number}/events/"),
        await organiser.post(f"/api/tournaments/{number}/matches/1/start/", {}),
        await organiser.post(f"/api/tournaments/{await organiser.create(2)}/matches/{number}/start/", {}),
    ):
        assert reply.code == (404, "not_found")


async def test_a_missing_slash_does_not_matter(organiser: Caller) -> None:
    """A POST to a path without its last slash is done, not redirected."""
    tournament_id = await organiser.create(2)
    assert (await organiser.post(f"/api/tournaments/{tournament_id}/matches/1/start", {})).status == 200
    assert (await organiser.get(f"/api/tournaments/{tournament_id}")).status == 200


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=x", "limit"),
        ("limit=", "limit"),
        ("limit=5.0", "limit"),
        ("limit=1e1", "limit"),
        ("limit=%D9%A3", "limit"),
        ("limit=1&limit=2", "limit"),
        ("before=0", "before"),
        ("before=null", "before"),
        ("before=9223372036854775808", "before"),
        (f"before={'9' * 5000}", "before"),
        ("status=over", "status[0]"),
        ("status=active&status=%00", "status[1]"),
    ],
)
async def test_a_query_that_does_not_fit(anyone: Caller, query: str, field: str) -> None:
    """422 with a sentence for the parameter."""
    reply = await anyone.get(f"/api/tournaments/?{query}")
    assert reply.code == (422, "input.invalid")
    assert list(reply.json["problems"]) == [field]


@pytest.mark.parametrize(
    "query", ["after=-1", "after=x", "after=9223372036854775808", "limit=1001", "limit=-5"]
)
async def test_a_query_of_the_log_that_does_not_fit(organiser: Caller, query: str) -> None:
    """422 too."""
    reply = await organiser.get(f"/api/tournaments/{await organiser.create(2)}/events/?{query}")
    assert reply.code == (422, "input.invalid")
