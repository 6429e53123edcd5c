"""Put off, called off, archived, deleted; void matches and changed draws: over the API and on the pages."""

from __future__ import annotations

from typing import Any

import pytest

from quart_app.actions import matches
from quart_app.actions.tournaments import create_tournament
from quart_app.domain.commands import CreateTournament, EntrantLine, StartMatch
from quart_app.web.staff.organising.lifecycle import read_postponement
from tests.web.api_client import Caller
from tests.web.hall import Browser, Hall

Json = dict[str, Any]


async def test_a_tournament_is_put_off_and_played_on(organiser: Caller, anyone: Caller) -> None:
    """The snapshot and the list say so; nothing begins meanwhile."""
    number = await organiser.create(4)
    path = f"/api/tournaments/{number}/"
    body = {"reason": "Rain", "until": "2026-11-26T18:00:00+01:00"}
    told = await organiser.post(f"{path}postpone/", body)
    state = told.json["tournament"]
    assert (state["status"], state["hold"]["because"], state["hold"]["until"]) == (
        "postponed",
        "Rain",
        "2026-11-26T17:00:00.000Z",
    )
    snapshot = (await anyone.get(path)).json
    assert (snapshot["tournament"], snapshot["position"]) == (state, told.json["position"])
    listed = (await anyone.get("/api/tournaments/?status=postponed")).json["tournaments"]
    assert [each["id"] for each in listed] == [number]
    assert (await organiser.post(f"{path}matches/1/start/", {})).code == (409, "tournament.held")
    await organiser.post(f"{path}cancel/", {"reason": "Flood"})
    assert (await organiser.post(f"{path}postpone/", {})).code == (409, "tournament.held")
    played_on = (await organiser.post(f"{path}resume/", {})).json["tournament"]
    assert ("hold" in played_on, played_on["status"]) == (False, "pending")
    assert (await organiser.post(f"{path}matches/1/start/", {})).status == 200


async def test_what_is_archived_is_on_no_list(organiser: Caller, anyone: Caller) -> None:
    """But where it was; and it comes back."""
    number = await organiser.create(4)
    path = f"/api/tournaments/{number}/"
    assert (await organiser.post(f"{path}archive/", {})).json["tournament"]["archived"] is True
    assert (await anyone.get("/api/tournaments/")).json["tournaments"] == []
    listed = (await anyone.get("/api/tournaments/?status=archived")).json["tournaments"]
    assert [each["status"] for each in listed] == ["archived"]
    assert (await anyone.get(path)).status == 200
    await organiser.post(f"{path}archive/", {"archived": False})
    assert [each["id"] for each in (await anyone.get("/api/tournaments/")).json["tournaments"]] == [number]


async def test_a_draft_is_deleted(hall: Hall, organiser: Caller) -> None:
    """It is gone from every list and address, for its makers too; a bracket is kept."""
    lines = tuple(EntrantLine(name=name) for name in ("Ana", "Bo"))
    anna = await hall.sign_in("anna")
    draft = await create_tournament(hall.services, CreateTournament(name="Wrong", entrants=lines), 1)
    number = draft.tournament.id
    path = f"/api/tournaments/{number}/"
    assert (await organiser.delete(path)).status == 200
    for answer in (
        await organiser.delete(path),
        await organiser.get(path),
        await organiser.get(f"{path}events/"),
        await organiser.post(f"{path}archive/", {}),
        await organiser.get(f"{path}standings/"),
    ):
        assert answer.code == (404, "not_found")
    for address in (f"/tournaments/{number}/", f"/staff/tournaments/{number}/"):
        assert (await anna.get(address)).status == 404
    assert "Wrong" not in (await anna.get("/staff/")).text + (await anna.get("/")).text
    kept = await organiser.create(2)
    assert (await organiser.delete(f"/api/tournaments/{kept}/")).code == (409, "bracket.exists")


async def test_a_match_is_voided(organiser: Caller, anyone: Caller) -> None:
    """With a preview, and the list where it reaches further."""
    number = await organiser.create(4)
    path = f"/api/tournaments/{number}/matches/1/"
    planned = await organiser.post(f"{path}void/", {"preview": True})
    assert (planned.json["match"]["status"], planned.json["affected"]) == ("void", [])
    assert (await anyone.get(f"/api/tournaments/{number}/")).json["matches"][0]["status"] == "ready"
    assert (await organiser.post(f"{path}void/", {"reason": "Neither came"})).json["match"][
        "status"
    ] == "void"
    back = await organiser.post(f"{path}reopen/", {})
    assert back.json["match"]["status"] == "ready"


async def test_a_draw_changes_over_the_api(organiser: Caller) -> None:
    """Two swap, one takes a bye, all is drawn again, somebody joins; until the first match begins."""
    number = await organiser.create(7)
    path = f"/api/tournaments/{number}/"

    def lines(answer: Json) -> list[int | None]:
        first = [match for match in answer["matches"] if match["round"] == 1]
        return [match[f"participant{side}_id"] for match in first for side in (1, 2)]

    assert lines((await organiser.get(path)).json) == [1, None, 4, 5, 2, 7, 3, 6]
    swapped = await organiser.post(f"{path}draw/", {"swap": [1, 2]})
    assert lines(swapped.json) == [2, None, 4, 5, 1, 7, 3, 6]
    moved = await organiser.post(f"{path}draw/", {"to_bye": [5, 1]})
    assert lines(moved.json) == [2, 5, 4, None, 1, 7, 3, 6]
    joined = await organiser.post(f"{path}participants/", {"name": "Late"})
    assert joined.json["participant_id"] == 8
    assert lines((await organiser.get(path)).json) == [2, 5, 4, 8, 1, 7, 3, 6]
    drawn = await organiser.post(f"{path}draw/", {"redraw": True})
    assert sorted(who or 0 for who in lines(drawn.json)) == list(range(1, 9))
    others = [{"name": "P3"}, {"name": "New"}]
    drawn = await organiser.post(f"{path}draw/", {"redraw": True, "shuffle": False, "participants": others})
    assert [each["id"] for each in drawn.json["participants"]] == [3, 9]
    assert (await organiser.post(f"{path}draw/", {"swap": [3, 9], "redraw": True})).code == (
        422,
        "input.invalid",
    )
    await organiser.post(f"{path}matches/1/start/", {})
    assert (await organiser.post(f"{path}draw/", {"redraw": True})).code == (409, "bracket.draw_fixed")


async def test_the_address_of_a_match_that_is_gone_leads_on(organiser: Caller, anna: Browser) -> None:
    """A new draw has fewer matches; its page and its pad say so, and where to look."""
    number = await organiser.create(4)
    two = [{"name": "P1"}, {"name": "P2"}]
    await organiser.post(f"/api/tournaments/{number}/draw/", {"redraw": True, "participants": two})
    for room in ("", "/staff"):
        answer = await anna.get(f"{room}/tournaments/{number}/matches/3/")
        assert (answer.status, f'href="{room}/tournaments/{number}/"' in answer.text) == (404, True)
    asked = organiser.with_headers(Accept="application/json")
    gone = await asked.get(f"/tournaments/{number}/matches/3/")
    assert (gone.code, gone.json["instead"]) == ((404, "not_found"), f"/tournaments/{number}/")


@pytest.mark.parametrize("verb", ["postpone", "cancel", "resume", "archive", "draw"])
async def test_only_organisers_do_that(organiser: Caller, scorer: Caller, verb: str) -> None:
    """A scorer may not."""
    number = await organiser.create(4)
    body = {"redraw": True} if verb == "draw" else {}
    assert (await scorer.post(f"/api/tournaments/{number}/{verb}/", body)).status == 403


async def test_the_pages_put_off_and_call_off(anna: Browser, hall: Hall) -> None:
    """Everybody reads why; a refused form comes back filled in."""
    number = (await hall.tournament()).id
    here = f"/staff/tournaments/{number}/"
    await anna.post(f"{here}postpone/", {"reason": "Rain", "until": "2026-11-26T18:00", "zone": "-60"})
    page = (await anna.get(f"/tournaments/{number}/")).text
    assert "Postponed until" in page
    assert "2026-11-26T17:00:00.000Z" in page
    assert "Rain" in page
    assert "Postponed" in (await anna.get("/")).text
    refused = await anna.post(f"{here}cancel/", {"cancel": "on", "reason": "x" * 201})
    assert (refused.status, f'value="{"x" * 201}"' in refused.text) == (422, True)
    await anna.post(f"{here}cancel/", {"cancel": "on", "reason": "Flood"})
    assert "Cancelled" in (await anna.get(f"/tournaments/{number}/")).text
    await anna.post(f"{here}resume/", {})
    assert "Flood" not in (await anna.get(f"/tournaments/{number}/")).text
    await anna.post(f"{here}archive/", {"archived": "on"})
    assert f'href="/tournaments/{number}/"' not in (await anna.get("/")).text
    assert "Off the lists" in (await anna.get("/staff/")).text
    history = (await anna.get(f"{here}history/")).text
    for words in ("Postponed the tournament", "Cancelled the tournament", "Resumed", "Took it off the lists"):
        assert words in history


async def test_what_is_being_played_says_that_it_stops(anna: Browser, hall: Hall) -> None:
    """Once it is called off: on its card, in the strip, at its pad and in the staff's list, in words that are
    read out too; and on the front page nothing is live. What is put off is played to its end."""
    number = (await hall.tournament()).id
    here = f"/staff/tournaments/{number}/"
    await anna.post(f"{here}matches/1/start/")
    shown = [f"/tournaments/{number}/", f"/tournaments/{number}/matches/1/", f"{here}matches/1/", here]
    for deed, word in (("postpone", ""), ("cancel", "Called off"), ("resume", "")):
        await anna.post(f"{here}{deed}/", {"reason": "Rain", "cancel": "on"})
        texts = [(await anna.get(path)).text for path in shown]
        for text in texts:
            assert ('class="badge live">Live' in text) == (not word), deed
            assert (f'class="badge">{word}</span>' in text) == bool(word), deed
        for text in texts[:2]:
            said = f"{word}: Ana and Bo are level at 0–0" if word else "Ana and Bo are playing, 0–0"
            assert f'data-status="{"called-off" if word else "live"}" data-says="{said}"' in text
        assert f'<h2 id="live-strip-title">{word or "Being played"}</h2>' in texts[0]
        assert ("1 live" in (await anna.get("/")).text) == (not word)


async def test_the_pages_change_a_draw(anna: Browser, hall: Hall) -> None:
    """Two change places, somebody joins too late, it is drawn again; not once a match has begun."""
    number = (await hall.tournament()).id
    here = f"/staff/tournaments/{number}/"
    assert "The draw can still change" in (await anna.get(here)).text
    answer = await anna.post(f"{here}draw/swap/", {"participant_id": "1", "other": "2"})
    assert answer.status == 303
    refused = await anna.post(f"{here}draw/swap/", {"participant_id": "1", "other": "bye-1"})
    assert refused.status == 422
    assert "There is no bye" in refused.text
    late = await anna.post(f"{here}late/", {"name": "Late"})
    assert late.status == 409
    assert "No bye is left" in late.text
    assert (await anna.post(f"{here}draw/again/", {})).status == 303
    listed = await anna.post(f"{here}draw/list/", {"participants": "Ana\nBo\nEve", "version": ""})
    assert listed.status == 303
    assert (await anna.post(f"{here}late/", {"name": "Late"})).status == 303
    await matches.start_match(hall.services, number, StartMatch(match_id=1), 1)
    assert "The draw can still change" not in (await anna.get(here)).text
    again = await anna.post(f"{here}draw/again/", {})
    assert again.status == 409
    assert "A match has begun" in again.text


async def test_what_was_entered_too_late_is_shown(anna: Browser, hall: Hall) -> None:
    """Somebody else has cancelled it, taken the last bye, or the player out: the form is there no more."""
    number = (await hall.tournament()).id
    here = f"/staff/tournaments/{number}/"
    late = await anna.post(f"{here}late/", {"name": "Zed"})
    assert (late.status, "You entered: Zed" in late.text) == (409, True)
    await anna.post(f"{here}people/1/withdraw/", {"reason": "Ill"})
    gone = await anna.post(f"{here}people/1/withdraw/", {"reason": "Injured"})
    assert (gone.status, "You entered: Injured" in gone.text) == (409, True)
    await anna.post(f"{here}cancel/", {"cancel": "on", "reason": "Flood"})
    off = await anna.post(f"{here}postpone/", {"reason": "Rain", "until": ""})
    assert (off.status, "You entered: Rain" in off.text) == (409, True)


async def test_the_pad_voids_a_match(anna: Browser, hall: Hall) -> None:
    """And lets it be played after all."""
    number = (await hall.tournament()).id
    pad = f"/staff/tournaments/{number}/matches/1/"
    assert (await anna.post(f"{pad}void/", {"void": "on", "reason": "Neither came"})).status == 303
    assert "counts for nothing" in (await anna.get(pad)).text
    story = (await anna.get(f"/tournaments/{number}/matches/1/")).text
    assert "Does not count" in story
    assert "Neither came" in story
    await anna.post(f"{pad}reopen/", {})
    assert "Start the match" in (await anna.get(pad)).text


def test_a_moment_is_read_by_the_viewers_clock() -> None:
    """Where a script tells how far it is behind."""
    assert (
        read_postponement({"until": "2026-07-01T12:00", "zone": "-120"}).until == "2026-07-01T10:00:00.000Z"
    )
    assert read_postponement({"until": "2026-07-01T12:00"}).until == "2026-07-01T12:00:00.000Z"
    assert read_postponement({}).until is None


async def test_seeds_are_set_by_number(anna: Browser, hall: Hall) -> None:
    """Those without a number have none; what cannot be comes back as it was typed."""
    lines = tuple(EntrantLine(name=name) for name in ("Ana", "Bo", "Cem"))
    made = await create_tournament(hall.services, CreateTournament(name="Cup", entrants=lines), 1)
    here = f"/staff/tournaments/{made.tournament.id}/"
    version = str(made.tournament.seq)
    for numbers, words in ((("1", "1", ""), "stands twice"), (("x", "", ""), "Number them")):
        form = {"order": "on", "version": version} | {
            f"place-{n}": each for n, each in enumerate(numbers, start=1)
        }
        refused = await anna.post(f"{here}order/", form)
        assert (refused.status, words in refused.text, refused.value("place-1")) == (422, True, numbers[0])
    form = {"order": "on", "version": version, "place-1": "", "place-2": "2", "place-3": "1"}
    assert (await anna.post(f"{here}order/", form)).status == 303
    entrants = (await hall.now(made.tournament.id)).entrants
    assert [(each.id, each.seed) for each in entrants] == [(1, None), (2, 2), (3, 1)]
    assert (await anna.post(f"{here}order/", form)).status == 409


async def test_the_order_of_a_given_draw_is_set_by_number(anna: Browser, hall: Hall) -> None:
    """Byes move like anybody else."""
    names = ("Ana", None, "Bo", "Cem")
    lines = tuple(EntrantLine(name=name) for name in names)
    command = CreateTournament(name="Cup", entrants=lines, seeding="given")
    made = await create_tournament(hall.services, command, 1)
    here = f"/staff/tournaments/{made.tournament.id}/"
    form = {"order": "on", "version": "2", "place-1": "4", "bye-1": "1", "place-2": "2", "place-3": "3"}
    assert (await anna.post(f"{here}order/", form | {"place-3": ""})).status == 422
    assert (await anna.post(f"{here}order/", form)).status == 303
    entrants = (await hall.now(made.tournament.id)).entrants
    assert [each.name for each in entrants] == [None, "Bo", "Cem", "Ana"]


async def test_seeds_stay_with_their_people(anna: Browser, hall: Hall) -> None:
    """Whatever becomes of the list between two saves."""
    lines = tuple(EntrantLine(name=name) for name in ("Ana", "Bo", "Cem", "Di"))
    made = await create_tournament(hall.services, CreateTournament(name="Cup", entrants=lines), 1)
    here = f"/staff/tournaments/{made.tournament.id}/"
    await anna.post(f"{here}participants/", {"participants": "Di\nCem\nBo", "version": "2"})
    form = {"order": "on", "version": "2", "place-3": "1", "place-4": "2"}
    refused = await anna.post(f"{here}order/", form)
    assert (refused.status, refused.value("place-3"), refused.value("place-4")) == (409, "1", "2")
    await anna.post(f"{here}order/", form | {"version": "3"})
    entrants = (await hall.now(made.tournament.id)).entrants
    assert [(each.name, each.seed) for each in entrants] == [("Di", 2), ("Cem", 1), ("Bo", None)]
    assert (await anna.post(f"{here}order/", {"order": "on", "place-3": "9" * 5000})).status == 422


async def test_a_draft_that_is_put_off_is_on_no_public_list(
    hall: Hall, organiser: Caller, anyone: Caller
) -> None:
    """As a draft is on none."""
    lines = tuple(EntrantLine(name=name) for name in ("Ana", "Bo"))
    made = await create_tournament(hall.services, CreateTournament(name="Wrong", entrants=lines), 1)
    await organiser.post(f"/api/tournaments/{made.tournament.id}/postpone/", {})
    assert "Wrong" not in (await hall.stranger().get("/")).text


async def test_no_moment_is_too_far(organiser: Caller) -> None:
    """It is refused by its name."""
    number = await organiser.create(4)
    for until in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        answer = await organiser.post(f"/api/tournaments/{number}/postpone/", {"until": until})
        assert (answer.status, list(answer.json["problems"])) == (422, ["until"])


async def test_a_round_of_what_is_not_paired(anna: Browser, hall: Hall) -> None:
    """Its form leads back to the tournament."""
    number = (await hall.tournament()).id
    answer = await anna.post(f"/staff/tournaments/{number}/stages/1/round/", {})
    assert (answer.status, answer.location) == (303, f"/staff/tournaments/{number}/")


async def test_a_correction_that_came_too_late_loses_nothing(anna: Browser, hall: Hall) -> None:
    """Somebody else has corrected the result, or taken it back, since the form was opened."""
    number = (await hall.tournament()).id
    pad = f"/staff/tournaments/{number}/matches/1/"
    await anna.post(f"{pad}confirm/", {"walkover": "on", "winner_id": "1"})
    seen = (await anna.get(f"{pad}correct/")).value("seen")
    form = {"seen": seen, "winner_id": "2", "reason": "Swapped"}
    assert (await anna.post(f"{pad}correct/", form)).status == 303
    late = await anna.post(f"{pad}correct/", {"seen": seen, "winner_id": "nobody", "reason": "Neither came"})
    assert (late.status, late.value("reason")) == (409, "Neither came")
    assert "This match was changed meanwhile" in late.text
    await anna.post(f"{pad}reopen/", {})
    late = await anna.post(f"{pad}correct/", {"seen": seen, "winner_id": "nobody", "reason": "Neither came"})
    assert (late.status, late.value("reason")) == (409, "Neither came")
