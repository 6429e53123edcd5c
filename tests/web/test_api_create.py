"""The API: creating a tournament, and every way in which that is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from quart_app.web.answers.sizes import BODY_MAX, LIST_BODY_MAX
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
        ({"format": "ladder"}, "format"),
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
        ({"legs": 2}, "legs"),
        ({"groups": 4}, "groups"),
        ({"rounds": 5}, "rounds"),
        ({"ruleset": "football"}, "ruleset"),
        ({"ruleset": ["wins"]}, "ruleset"),
        ({"draws": True}, "draws"),
        ({"grand_final": "single"}, "grand_final"),
        ({"upper": True}, "upper"),
        ({"advance": 1}, "advance"),
        ({"crossing": ["A1", "B1"]}, "crossing"),
        ({"round_names": ["Last"]}, "round_names"),
        ({"format": "round_robin", "advance": 1}, "advance"),
        ({"format": "round_robin", "third_place": True}, "third_place"),
        ({"format": "swiss", "rounds": 1, "groups": 2}, "groups"),
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
    """413 beyond what a list of names may take, and elsewhere beyond one MiB."""
    tournament_id = await organiser.create(2)
    for path, most in (
        ("/api/tournaments/", LIST_BODY_MAX),
        (match_path(tournament_id, 1, "score"), BODY_MAX),
    ):
        reply = await organiser.post(path, b" " * (most + 1))
        assert reply.code == (413, "request.too_large")


async def test_the_largest_list_that_may_be_arrives(organiser: Caller) -> None:
    """1024 names of 100 emoji, in the longest JSON there is for them."""
    participants = [{"name": "\U0001f600" * 96 + f"{number:04}", "seed": number} for number in range(1, 1025)]
    body = json.dumps({"name": "Cup", "participants": participants}).encode()
    assert len(body) > 1024 * 1024
    reply = await organiser.post("/api/tournaments/", body)
    assert reply.status == 201
