"""The API of stages: rounds that are paired one by one, tables, lots, conduct, what cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.api_client import Caller

GROUPS: dict[str, Any] = {"format": "round_robin", "groups": 2, "advance": 1}
RANK: dict[str, Any] = {"rank_of": {"stage": 1, "group": "A", "place": 1}}


async def drawn(organiser: Caller, tournament_id: int, *match_ids: int) -> None:
    """These matches of a tournament are played, and nobody wins."""
    for match_id in match_ids:
        match = f"/api/tournaments/{tournament_id}/matches/{match_id}/"
        await organiser.post(f"{match}start/", {})
        assert (await organiser.post(f"{match}confirm/", {"drawn": True})).status == 200


async def test_a_round_is_proposed_changed_and_published(organiser: Caller) -> None:
    """What somebody's own pairing breaks is told before it is published; a stale one is not published."""
    number = await organiser.create(5, format="swiss", rounds=3, games="chess", seeding="given")
    stage = f"/api/tournaments/{number}/stages/1/"
    first = (await organiser.post(f"{stage}proposal/", {})).json
    assert [(pair["participant1_id"], pair["participant2_id"]) for pair in first["pairs"]] == [(1, 3), (4, 2)]
    assert (first["round"], first["byes"], first["warnings"]) == (1, [5], [])
    assert (await organiser.post(f"{stage}rounds/", {"version": first["version"]})).status == 200
    assert (await organiser.post(f"{stage}rounds/", {})).code == (409, "stage.round")
    await drawn(organiser, number, 1, 2)
    own = {"pairs": [[3, 1], [2, 4]], "byes": [5]}
    looked_at = (await organiser.post(f"{stage}proposal/", own)).json
    assert looked_at["warnings"] == [
        "P3 and P1 have met before.",
        "P2 and P4 have met before.",
        "P5 has had a bye before, or won without playing.",
    ]
    stale = await organiser.post(f"{stage}rounds/", own | {"version": looked_at["version"] - 1})
    assert stale.code == (409, "conflict")
    published = await organiser.post(f"{stage}rounds/", own | {"version": looked_at["version"]})
    assert published.json["match_ids"] == [3, 4]
    table = (await organiser.get(f"/api/tournaments/{number}/standings/")).json["stages"][0]["groups"][0]
    assert next((row["name"], row["points"]) for row in table["standings"]) == ("P5", 2)
    report = (await organiser.get(f"{stage}report.trf")).body.decode()
    assert report.splitlines()[:3] == ["012 Cup", "062 5", "XXR 3"]
    assert (await organiser.post(f"{stage}unpair/", {})).json["match_ids"] == [3, 4]


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        ({"pairs": [[1, 2]]}, {"pairs": "P3 is missing: pair everybody, or give them a bye."}),
        ({"pairs": [[1, 2], [3, 3]], "byes": [4]}, {"pairs": "P3 stands twice."}),
        ({"pairs": [[1, 2], [3, 9]], "byes": [4]}, {"pairs": "Participant 9 is not in this stage."}),
        ({"pairs": [[1, 2], [3]], "byes": [4]}, {"pairs": "pairs[1] must name two participants."}),
        ({"pairs": [], "byes": [1, 2, 3, 4]}, {"pairs": "A round has at least one match."}),
        ({"pairs": [[1, 2], ["3", 4]]}, {"pairs[1][0]": "pairs[1][0] must be a whole number, not a text."}),
    ],
)
async def test_pairs_that_cannot_be(
    organiser: Caller, body: dict[str, Any], problems: dict[str, str]
) -> None:
    """By whom it is about; looked at or published alike."""
    number = await organiser.create(4, format="swiss", rounds=3)
    for what in ("proposal", "rounds"):
        reply = await organiser.post(f"/api/tournaments/{number}/stages/1/{what}/", body)
        assert (reply.status, reply.json["problems"]) == (422, problems)


async def test_lots_and_conduct_decide_who_goes_on(organiser: Caller) -> None:
    """Conduct before lots, as the rule set has it; a number that cannot be is told."""
    number = await organiser.create(4, seeding="given", stages=[GROUPS, {"format": "single_elimination"}])
    at = f"/api/tournaments/{number}/"
    await drawn(organiser, number, 1, 2)
    assert (await organiser.post(f"{at}participants/1/conduct/", {"points": 10_000})).status == 422
    assert (await organiser.post(f"{at}participants/1/conduct/", {"points": -3})).status == 200
    assert (await organiser.post(f"{at}stages/1/lots/", {"group": "B", "participants": [3]})).status == 422
    assert (await organiser.post(f"{at}stages/1/lots/", {"group": "B", "order": [4, 3]})).status == 200
    state = (await organiser.get(at)).json
    final = state["matches"][-1]
    assert (final["status"], final["participant1_id"], final["participant2_id"]) == ("ready", 2, 4)
    rows = [row for group in state["stages"][0]["groups"] for row in group["standings"]]
    assert [(row["name"], row["why"], row["outcome"]) for row in rows] == [
        ("P2", None, "through"),
        ("P1", "below P2 by conduct: \N{MINUS SIGN}3 against 0", "out"),
        ("P4", None, "through"),
        ("P3", "below P4 by lots", "out"),
    ]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"stages": [GROUPS, {"format": "round_robin"}]}, "stages"),
        ({"stages": [GROUPS, {"format": "swiss", "rounds": 1}]}, "stages"),
        ({"stages": [GROUPS, {"matches": [{"match_id": 1, "round": 1, "slots": [RANK, RANK]}]}]}, "matches"),
        ({"games": {"to": 0}}, "games"),
        ({"format": "round_robin", "ruleset": []}, "ruleset"),
    ],
)
async def test_what_could_not_be_played_is_refused(
    organiser: Caller, change: dict[str, Any], field: str
) -> None:
    """By its field; nothing is created."""
    body = {"name": "Cup", "participants": [{"name": f"P{n}"} for n in range(4)]} | change
    reply = await organiser.post("/api/tournaments/", body)
    assert (reply.status, list(reply.json["problems"])) == (422, [field])
