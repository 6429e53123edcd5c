"""The JSON API through the app's front door: what it answers, to whom, and what it refuses in which words."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import httpx
import pytest
import pytest_asyncio
from quart import Quart

from quart_app.store.event_log import select_events
from quart_app.web.doors.context import EXTENSION, Context
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
]


@pytest.fixture(name="anyone")
def _anyone(app: Quart) -> Caller:
    return Caller.anonymous(app)


@pytest_asyncio.fixture(name="organiser")
async def _organiser(app: Quart) -> Caller:
    return await Caller.staff(app, "Olga", "organiser")


@pytest_asyncio.fixture(name="scorer")
async def _scorer(app: Quart) -> Caller:
    return await Caller.staff(app, "Sam", "scorer")


def match_path(tournament_id: int, match_id: int, verb: str) -> str:
    """The path of something to do with a match."""
    return f"/api/tournaments/{tournament_id}/matches/{match_id}/{verb}/"


# Reading


async def test_the_snapshot_has_the_keys_of_the_contract(organiser: Caller, anyone: Caller) -> None:
    """Each part of a snapshot has all its keys and no other, null where something is not known."""
    tournament_id = await organiser.create(3, third_place=False)
    snapshot = (await anyone.get(f"/api/tournaments/{tournament_id}/")).json
    assert list(snapshot) == ["tournament", "participants", "rounds", "matches", "position"]
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


async def test_the_list_hides_private_tournaments(organiser: Caller, anyone: Caller) -> None:
    """From strangers, not from staff."""
    hidden = await organiser.create(2, visibility="private")
    assert (await anyone.get("/api/tournaments/")).json["tournaments"] == []
    assert [each["id"] for each in (await organiser.get("/api/tournaments/")).json["tournaments"]] == [hidden]


# Creating


async def test_create_answers_where_it_is(organiser: Caller, anyone: Caller) -> None:
    """201 with the id, the page, the position, and the snapshot's place in Location."""
    reply = await organiser.post(
        "/api/tournaments/", {"name": "Cup", "participants": [{"name": "A"}, {"name": "B"}]}
    )
    created = reply.json
    assert (reply.status, created["url"]) == (201, f"/tournaments/{created['tournament_id']}/")
    assert (await anyone.get(reply.headers["Location"])).json["position"] == created["position"]


async def test_create_places_byes_as_given(organiser: Caller, anyone: Caller) -> None:
    """With `given` the list is the draw, and `{"bye": true}` stays free."""
    draw = [{"name": "A"}, {"bye": True}, {"name": "B", "seed": 2}, {"name": "C", "seed": None}]
    tournament_id = await organiser.create(participants=draw, seeding="given")
    matches = (await anyone.get(f"/api/tournaments/{tournament_id}/")).json["matches"]
    assert [(match["participant1_name"], match["participant2_name"]) for match in matches] == [
        ("A", None),
        ("B", "C"),
        ("A", None),
    ]


async def test_create_plays_for_third_place(organiser: Caller, anyone: Caller) -> None:
    """If asked to."""
    tournament_id = await organiser.create(4, third_place=True)
    assert len((await anyone.get(f"/api/tournaments/{tournament_id}/")).json["matches"]) == 4


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": 7}, "name"),
        ({"name": ""}, "name"),
        ({"name": "\u0000"}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": None}, "name"),
        ({"format": "swiss"}, "format"),
        ({"seeding": "random"}, "seeding"),
        ({"visibility": "secret"}, "visibility"),
        ({"third_place": 1}, "third_place"),
        ({"third_place": "true"}, "third_place"),
        ({"colour": "red"}, "colour"),
        ({"participants": {}}, "participants"),
        ({"participants": []}, "participants"),
        ({"participants": [{"name": "A"}, {"name": "a"}]}, "participants"),
        ({"participants": [{"name": "A"}, {"name": "B\u0000"}]}, "participants"),
        ({"participants": [{"name": f"P{n}"} for n in range(1025)]}, "participants"),
        ({"participants": [{"name": "A"}, {"name": "B"}, {"bye": True}]}, "participants"),
        ({"participants": [{"name": "A"}, {"name": "B", "seed": 1.5}]}, "participants[1].seed"),
        ({"participants": [{"name": "A"}, {"name": "B", "seed": True}]}, "participants[1].seed"),
        ({"participants": [{"name": "A"}, {"name": "B", "seed": "1"}]}, "participants[1].seed"),
        ({"participants": [{"name": "A"}, {"name": "B", "seed": 10**400}]}, "participants"),
        ({"participants": [{"name": "A"}, {"name": "B", "rank": 1}]}, "participants[1].rank"),
        ({"participants": [{"name": "A"}, {"name": ["B"]}]}, "participants[1].name"),
        ({"participants": [{"name": "A"}, "B"]}, "participants[1]"),
        ({"participants": [{"name": "A"}, {}]}, "participants[1]"),
        ({"participants": [{"name": "A"}, {"seed": 1}]}, "participants[1]"),
        ({"participants": [{"name": "A"}, {"name": "B", "bye": True}]}, "participants[1]"),
        ({"participants": [{"name": "A"}, {"bye": False}]}, "participants[1]"),
        ({"participants": [{"name": "A"}, {"bye": True, "seed": 1}]}, "participants[1]"),
        ({"third_place": True}, "third_place"),
    ],
)
async def test_create_refuses_by_field(organiser: Caller, change: dict[str, Any], field: str) -> None:
    """422 with a sentence for the very field, and nothing is created."""
    body = {"name": "Cup", "participants": [{"name": "A"}, {"name": "B"}]} | change
    reply = await organiser.post("/api/tournaments/", body)
    assert reply.code == (422, "input.invalid")
    assert list(reply.json["problems"]) == [field]
    assert (await organiser.get("/api/tournaments/")).json["tournaments"] == []


@pytest.mark.parametrize("missing", ["name", "participants"])
async def test_create_names_what_is_missing(organiser: Caller, missing: str) -> None:
    """422 for a body without a field that must be there."""
    body = {"name": "Cup", "participants": [{"name": "A"}, {"name": "B"}]}
    del body[missing]
    assert (await organiser.post("/api/tournaments/", body)).json["problems"] == {
        missing: f"{missing} is missing."
    }


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"name=Cup",
        b'{"name": NaN}',
        b'{"name": "\xff"}',
        b'{"name": "\\ud800", "participants": []}',
        b'{"name": "\xed\xa0\x80"}',
        b"\xef\xbb\xbf{}",
    ],
    ids=["cut", "form", "nan", "bytes", "surrogate", "raw surrogate", "mark"],
)
async def test_what_is_no_json_is_malformed(organiser: Caller, body: bytes) -> None:
    """400."""
    assert (await organiser.post("/api/tournaments/", body)).code == (400, "request.malformed")


@pytest.mark.parametrize("nest", [b"[", b'{"name":'])
async def test_deep_nesting_is_refused(organiser: Caller, anyone: Caller, nest: bytes) -> None:
    """However deep, in a field that is known and in one that is ignored."""
    assert (await organiser.post("/api/tournaments/", nest * 100_000)).code == (422, "input.invalid")
    assert (await anyone.post("/api/token/", b'{"x":' + nest * 100_000)).code == (400, "request.malformed")


@pytest.mark.parametrize("body", [b"[]", b"null", b"7", b'"Cup"'])
async def test_json_that_is_no_object_does_not_fit(organiser: Caller, body: bytes) -> None:
    """422 about the body as a whole."""
    assert list((await organiser.post("/api/tournaments/", body)).json["problems"]) == ["body"]


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "json"]
)
async def test_another_content_type_is_refused(organiser: Caller, kind: str) -> None:
    """415; only application/json is read."""
    reply = await organiser.with_headers(Content_Type=kind).post("/api/tournaments/", {})
    assert reply.code == (415, "request.unsupported_media_type")


@pytest.mark.parametrize("number", [b"9" * 5000, b"1e999", b"-1e999"])
async def test_a_number_beyond_all_bounds_does_not_fit(organiser: Caller, number: bytes) -> None:
    """422 for the field, however long the number is."""
    tournament_id = await organiser.create(2)
    body = b'{"participant1_score": %b, "participant2_score": 0}' % number
    reply = await organiser.post(match_path(tournament_id, 1, "score"), body)
    assert list(reply.json["problems"]) == ["participant1_score"]


async def test_too_large_a_body_is_refused(organiser: Caller) -> None:
    """413 beyond one MiB."""
    reply = await organiser.post("/api/tournaments/", b" " * (1024 * 1024 + 1))
    assert reply.code == (413, "request.too_large")


# Running matches


async def test_a_match_from_start_to_result(organiser: Caller, scorer: Caller, anyone: Caller) -> None:
    """Each answer has the match as the snapshot has it, and the position that shows it so."""
    tournament_id = await organiser.create(2)
    snapshot: dict[str, Any] = {}
    steps: list[tuple[str, dict[str, object], tuple[object, ...]]] = [
        ("start", {"scheduled_time": "2026-12-18T16:00:00+01:00"}, ("live", 0, 0, None)),
        ("score", {"participant1_score": 1, "participant2_score": 2}, ("live", 1, 2, None)),
        ("confirm", {"notes": "At last"}, ("completed", 1, 2, 2)),
    ]
    for verb, body, expected in steps:
        reply = await scorer.post(match_path(tournament_id, 1, verb), body)
        match = reply.json["match"]
        assert reply.status == 200, reply.body
        assert (
            match["status"],
            match["participant1_score"],
            match["participant2_score"],
            match["winner_id"],
        ) == expected
        snapshot = (await anyone.get(f"/api/tournaments/{tournament_id}/")).json
        assert (snapshot["matches"][0], snapshot["position"]) == (match, reply.json["position"])
    assert snapshot["tournament"]["champion"] == {"id": 2, "name": "P2"}


async def test_the_scheduled_time_is_kept_in_utc(organiser: Caller, anyone: Caller) -> None:
    """As RFC 3339 with Z."""
    tournament_id = await organiser.create(2)
    await organiser.post(
        match_path(tournament_id, 1, "start"), {"scheduled_time": "2026-12-18T16:00:00+01:00"}
    )
    (event,) = (await anyone.get(f"/api/tournaments/{tournament_id}/events/?after=3")).json["events"]
    assert event["data"]["scheduled_time"] == "2026-12-18T15:00:00.000Z"


async def test_a_body_may_be_left_out_where_nothing_must_be_said(organiser: Caller) -> None:
    """A start needs no body, and then no Content-Type."""
    tournament_id = await organiser.create(2)
    reply = await organiser.with_headers(Content_Type="").post(match_path(tournament_id, 1, "start"), b"")
    assert reply.status == 200


async def test_the_score_it_has_changes_nothing(organiser: Caller) -> None:
    """200 with the same answer; the log does not grow."""
    tournament_id = await organiser.create(2)
    await organiser.post(match_path(tournament_id, 1, "start"), {})
    score = {"participant1_score": 1, "participant2_score": 2}
    first = await organiser.post(match_path(tournament_id, 1, "score"), score)
    again = await organiser.post(match_path(tournament_id, 1, "score"), score)
    assert (again.status, again.body) == (200, first.body)


async def test_a_stale_version_is_told_both_scores(organiser: Caller) -> None:
    """409 with what stands and what was entered."""
    tournament_id = await organiser.create(2)
    started = (await organiser.post(match_path(tournament_id, 1, "start"), {})).json["match"]
    await organiser.post(
        match_path(tournament_id, 1, "score"), {"participant1_score": 1, "participant2_score": 0}
    )
    stale = {"participant1_score": 0, "participant2_score": 1, "version": started["version"]}
    reply = await organiser.post(match_path(tournament_id, 1, "score"), stale)
    assert reply.code == (409, "match.version_conflict")
    assert reply.json["current"]["participant1_score"] == 1
    assert reply.json["entered"]["participant2_score"] == 1


@pytest.mark.parametrize(
    ("verb", "body", "field"),
    [
        ("start", {"scheduled_time": "2026-12-18T16:00:00"}, "scheduled_time"),
        ("start", {"scheduled_time": "tomorrow"}, "scheduled_time"),
        ("start", {"scheduled_time": 7}, "scheduled_time"),
        ("start", {"scheduled_time": "0001-01-01T00:00:00+05:00"}, "scheduled_time"),
        ("start", {"when": None}, "when"),
        ("score", {}, "participant1_score"),
        ("score", {"participant1_score": True, "participant2_score": 0}, "participant1_score"),
        ("score", {"participant1_score": 1.0, "participant2_score": 0}, "participant1_score"),
        ("score", {"participant1_score": "1", "participant2_score": 0}, "participant1_score"),
        ("score", {"participant1_score": None, "participant2_score": 0}, "participant1_score"),
        ("score", {"participant1_score": 0, "participant2_score": -1}, "participant2_score"),
        ("score", {"participant1_score": 0, "participant2_score": 10**30}, "participant2_score"),
        ("score", {"participant1_score": 0, "participant2_score": 0, "version": "4"}, "version"),
        ("confirm", {"winner_id": 99}, "winner_id"),
        ("confirm", {"winner_id": [1]}, "winner_id"),
        ("confirm", {"walkover": 1}, "walkover"),
        ("confirm", {"notes": "x" * 501}, "notes"),
        ("confirm", {"notes": "\u0000"}, "notes"),
        ("confirm", {"participant1_tiebreak": 3}, "participant2_tiebreak"),
    ],
)
async def test_matches_refuse_by_field(
    organiser: Caller, verb: str, body: dict[str, object], field: str
) -> None:
    """422 with a sentence for the very field."""
    tournament_id = await organiser.create(2)
    reply = await organiser.post(match_path(tournament_id, 1, verb), body)
    assert reply.code == (422, "input.invalid")
    assert list(reply.json["problems"]) == [field]


async def test_wishes_that_do_not_fit_the_state(organiser: Caller) -> None:
    """409 with the state in the code."""
    tournament_id = await organiser.create(4)
    score = {"participant1_score": 1, "participant2_score": 1}
    assert (await organiser.post(match_path(tournament_id, 3, "start"), {})).code == (409, "match.locked")
    assert (await organiser.post(match_path(tournament_id, 1, "score"), score)).code == (
        409,
        "match.not_live",
    )
    await organiser.post(match_path(tournament_id, 1, "start"), {})
    assert (await organiser.post(match_path(tournament_id, 1, "start"), {})).code == (409, "match.not_ready")
    assert (await organiser.post(match_path(tournament_id, 1, "confirm"), {})).code == (409, "match.drawn")


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
