"""The API: running a match from its start to its result."""

from __future__ import annotations

from typing import Any

import pytest

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
