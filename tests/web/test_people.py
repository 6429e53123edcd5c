"""Names, substitutes, withdrawals and the history, over the API and on the staff's pages."""

from __future__ import annotations

from typing import Any

import pytest

from quart_app.actions import matches
from quart_app.actions.tournaments import create_tournament
from quart_app.domain.commands import CreateTournament, EntrantLine, StartMatch
from quart_app.domain.events import StageSettings
from tests.web.api_client import Caller
from tests.web.hall import Browser, Hall

Json = dict[str, Any]


def person(tournament_id: int, who: int, verb: str) -> str:
    """What is to be done about somebody."""
    return f"/api/tournaments/{tournament_id}/participants/{who}/{verb}/"


async def test_people_change_over_the_api(organiser: Caller, anyone: Caller) -> None:
    """Renamed, replaced, withdrawn and back; the snapshot says each."""
    number = await organiser.create(4)
    path = f"/api/tournaments/{number}/"
    renamed = await organiser.post(person(number, 1, "rename"), {"name": "Côte d’Ivoire"})
    assert renamed.json["participant"] == {"id": 1, "name": "Côte d’Ivoire", "seed": None}
    await organiser.post(person(number, 2, "replace"), {"name": "Late"})
    gone = await organiser.post(person(number, 1, "withdraw"), {"reason": "Injured", "disqualified": True})
    assert gone.json["participant"]["out"] == "disqualified"
    state = (await anyone.get(path)).json
    assert [each["name"] for each in state["participants"]] == ["Côte d’Ivoire", "Late", "P3", "P4"]
    assert (state["matches"][0]["status"], state["matches"][0]["winner_id"]) == ("walkover", 4)
    assert (await organiser.post(person(number, 1, "withdraw"), {})).code == (409, "participant.state")
    back = await organiser.post(person(number, 1, "reinstate"), {})
    assert "out" not in back.json["participant"]
    assert back.json["position"] == (await anyone.get(path)).json["position"]
    assert (await anyone.get(path)).json["matches"][0]["status"] == "ready"


@pytest.mark.parametrize(
    ("verb", "body", "status", "field"),
    [
        ("rename", {"name": "P2"}, 422, "name"),
        ("rename", {}, 422, "name"),
        ("replace", {"name": ""}, 422, "name"),
        ("withdraw", {"policy": "void_all"}, 422, "policy"),
        ("withdraw", {"policy": "perhaps"}, 422, "policy"),
        ("reinstate", {}, 409, ""),
    ],
)
async def test_what_cannot_be_is_refused(
    organiser: Caller, verb: str, body: Json, status: int, field: str
) -> None:
    """By the field, or the state."""
    number = await organiser.create(4)
    reply = await organiser.post(person(number, 1, verb), body)
    assert (reply.status, list(reply.json.get("problems", {}))) == (status, [field] if field else [])


async def test_only_organisers_change_people(organiser: Caller, scorer: Caller) -> None:
    """A scorer may not."""
    number = await organiser.create(4)
    assert (await scorer.post(person(number, 1, "rename"), {"name": "X"})).status == 403
    assert (await organiser.post(person(number, 9, "rename"), {"name": "X"})).status == 404


async def test_a_withdrawal_is_done_once(organiser: Caller) -> None:
    """Sent again with its key, it is answered as it was."""
    number = await organiser.create(4)
    keyed = organiser.with_headers(Idempotency_Key="once")
    first = await keyed.post(person(number, 1, "withdraw"), {})
    assert (await keyed.post(person(number, 1, "withdraw"), {})).body == first.body


async def test_the_pages_do_the_same(anna: Browser, hall: Hall) -> None:
    """The list, the page of one, and what is refused beside its field."""
    number = (await hall.tournament()).id
    at = f"/staff/tournaments/{number}/"
    listed = await anna.get(f"{at}people/")
    assert f'href="{at}people/2/"' in listed.text
    one = f"{at}people/1/"
    assert "Somebody else plays instead" in (await anna.get(one)).text
    assert (await anna.post(f"{one}rename/", {"name": "Anna-Lena"})).location == one
    refused = await anna.post(f"{one}rename/", {"name": "Bo"})
    assert (refused.status, refused.value("name")) == (422, "Bo")
    assert "could not tell them apart" in refused.problem("name")
    await matches.start_match(hall.services, number, StartMatch(match_id=1), 1)
    assert "Somebody else plays instead" not in (await anna.get(one)).text
    long = await anna.post(f"{one}withdraw/", {"reason": "x" * 201})
    assert (long.status, long.value("reason")) == (422, "x" * 201)
    assert (await anna.post(f"{one}withdraw/", {"reason": "Ill", "disqualified": "on"})).status == 303
    page = await anna.get(one)
    assert "Disqualified" in page.text
    assert "Let them play on" in page.text
    assert (await anna.post(f"{one}reinstate/")).status == 303
    assert (await hall.now(number)).matches[1].status.value == "live"
    assert (await anna.get(f"{at}people/99/")).status == 404


@pytest.mark.parametrize("policy", ["forfeit_rest", "void_all"])
async def test_the_pad_of_what_was_given_away_leads_to_who_is_out(
    anna: Browser, hall: Hall, policy: str
) -> None:
    """It offers nothing that is refused there; a scorer reads whom to ask. Once they are back, it is as
    ever."""
    group = StageSettings(format="round_robin")
    lines = tuple(EntrantLine(name=name) for name in ("Ana", "Bo", "Cem", "Di"))
    command = CreateTournament(name="Cup", entrants=lines, seeding="given", stages=(group,))
    number = (await create_tournament(hall.services, command, None, generate=True)).tournament.id
    of_cem = next(each for each in (await hall.now(number)).matches_of(3)).match_id
    at = f"/staff/tournaments/{number}/"
    bob = await hall.sign_in("bob")
    refused = ("Undo: take this result back", "Correct the result", "Void the match", "Play it after all")
    await anna.post(f"{at}people/3/withdraw/", {"reason": "Ill", "policy": policy})
    pad, scorers = [(await who.get(f"{at}matches/{of_cem}/")).text for who in (anna, bob)]
    assert [each for each in refused if each in pad + scorers] == []
    assert f'href="{at}people/3/">Let Cem play on</a>' in pad
    assert "Cem is withdrawn. An organiser can let them play on." in scorers
    assert f"{at}people/" not in scorers
    assert "Let them play on" in (await anna.get(f"{at}people/3/")).text
    await anna.post(f"{at}people/3/reinstate/")
    pad = (await anna.get(f"{at}matches/{of_cem}/")).text
    assert ("Cem is" in pad, "Start the match" in pad, "Void the match" in pad) == (False, True, True)


async def test_the_history_tells_it(anna: Browser, hall: Hall) -> None:
    """In words, newest first, by person and by match; a scorer may read it."""
    number = (await hall.tournament()).id
    at = f"/staff/tournaments/{number}/"
    await anna.post(f"{at}matches/1/start/")
    await anna.post(f"{at}people/3/withdraw/", {"reason": "Ill"})
    bob = await hall.sign_in("bob")
    await bob.post(f"{at}matches/1/confirm/", {"walkover": "on", "winner_id": "1", "notes": "Late"})
    await anna.post(f"{at}matches/1/reopen/", {"policy": "cascade"})
    told = (await bob.get(f"{at}history/")).text
    order = [
        "The result is taken back; they play on",
        "Confirmed: Ana beat Bo by walkover",
        "Di beat Cem by walkover, as somebody is out",
        "Withdrew Cem",
        "Started Ana v Bo",
        "Generated the bracket",
        "Entered 4 participants",
        "Created the tournament “Cup”",
    ]
    places = [told.find(each) for each in order]
    assert -1 not in places
    assert places == sorted(places)
    assert "<em>Ill</em>" in told
    by_bob = (await bob.get(f"{at}history/?by=2")).text
    assert ("by walkover" in by_bob, "Withdrew" in by_bob) == (True, False)
    of_two = (await bob.get(f"{at}history/?match=2")).text
    assert ("as somebody is out" in of_two, "Started" in of_two) == (True, False)
    for query in ("by=999", f"by={10**30}", f"match={10**30}", "before=1", f"before={-(10**30)}"):
        nothing = await bob.get(f"{at}history/?{query}")
        assert (nothing.status, "Nothing of the kind has happened." in nothing.text) == (200, True), query
    assert "Generated the bracket" in (await bob.get(f"{at}history/?before={10**30}")).text
    assert (await bob.get(f"{at}people/")).status == 403


async def test_the_history_says_who_corrected_whom(anna: Browser, hall: Hall) -> None:
    """Each stands beside their own word; what came from outside is nobody's of the staff."""
    number = (await hall.tournament()).id
    at = f"/staff/tournaments/{number}/"
    bob = await hall.sign_in("bob")
    await bob.post(f"{at}matches/1/confirm/", {"walkover": "on", "winner_id": "1"})
    await anna.post(f"{at}matches/1/correct/", {"winner_id": "2", "reason": "Swapped"})
    await anna.post(f"{at}people/4/replace/", {"name": "Dora"})
    await anna.post(f"{at}people/1/rename/", {"name": "Anna"})
    await matches.start_match(hall.services, number, StartMatch(match_id=2), None)
    told = (await anna.get(f"{at}history/")).text
    for words, who in (
        ("Renamed Ana to Anna", "anna"),
        ("Let Dora play in the place of Di", "anna"),
        ("Started Cem v Dora", "a source outside"),
        ("Corrected: Bo beat Ana by walkover", "anna"),
        ("The result is corrected <em>Swapped</em>", "anna"),
        ("Confirmed: Ana beat Bo by walkover", "bob"),
    ):
        assert f'{words} <small class="quiet">{who}</small>' in told, words
    assert '<option value="0">a source outside</option>' in told
    for query, deeds in (("by=0", 4), ("by=0&match=2", 1), ("by=0&match=1", 0), ("by=1&match=2", 0)):
        page = (await anna.get(f"{at}history/?{query}")).text
        assert page.count('class="story-line"') == page.count("a source outside</small>") == deeds, query
