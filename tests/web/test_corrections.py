"""Changes of mind over the API and on the staff's pages: results taken back and corrected."""

from __future__ import annotations

from typing import Any

import pytest

from quart_app.actions import matches
from quart_app.domain.commands import ConfirmResult, StartMatch, UpdateScore
from quart_app.show.views.staff.pad import pad
from quart_app.store.staff import select_staff
from tests.web.api_client import Caller
from tests.web.hall import Browser, Hall

Json = dict[str, Any]


def api_path(tournament_id: int, match_id: int, verb: str) -> str:
    """What is to be done with a match."""
    return f"/api/tournaments/{tournament_id}/matches/{match_id}/{verb}/"


async def played(caller: Caller, tournament_id: int, match_id: int, *score: int) -> None:
    """A match, from its start to its result."""
    for verb, body in (
        ("start", {}),
        ("score", {"participant1_score": score[0], "participant2_score": score[1]}),
        ("confirm", {}),
    ):
        assert (await caller.post(api_path(tournament_id, match_id, verb), body)).status == 200


async def semi_finals(organiser: Caller) -> int:
    """Four, of whom two are in a final that stands 1–0."""
    tournament_id = await organiser.create(4)
    for match_id in (1, 2):
        await played(organiser, tournament_id, match_id, 2, 1)
    await organiser.post(api_path(tournament_id, 3, "start"), {})
    score = {"participant1_score": 1, "participant2_score": 0}
    await organiser.post(api_path(tournament_id, 3, "score"), score)
    return tournament_id


SWAPPED = {"participant1_score": 1, "participant2_score": 2, "reason": "The sides were swapped."}


async def test_a_correction_is_previewed_refused_and_carried_out(organiser: Caller, anyone: Caller) -> None:
    """The preview says what the deed does, and does nothing; a refusal says the same."""
    tournament_id = await semi_finals(organiser)
    path, page = api_path(tournament_id, 1, "correct"), f"/api/tournaments/{tournament_id}/"
    before = (await anyone.get(page)).json
    affected = [{"match_id": 3, "label": "Final", "status": "live", "score": [1, 0], "becomes": "ready"}]

    seen = (await organiser.post(path, SWAPPED | {"preview": True})).json
    assert (seen["affected"], seen["position"]) == (affected, before["position"])
    assert (seen["match"]["winner_id"], (await anyone.get(page)).json) == (4, before)

    refused = await organiser.post(path, SWAPPED)
    assert refused.code == (409, "match.results_affected")
    assert (refused.json["affected"], refused.json["version"]) == (affected, seen["version"])

    wish = SWAPPED | {"policy": "cascade", "version": seen["version"]}
    done = await organiser.post(path, wish)
    assert (done.status, done.json["affected"], done.json["match"]["winner_id"]) == (200, affected, 4)
    after = (await anyone.get(page)).json
    assert after["position"] == done.json["position"]
    final = after["matches"][2]
    assert (final["status"], final["participant1_id"], final["participant1_score"]) == ("ready", 4, None)

    events = (await anyone.get(f"{page}events/?after={before['position'].split('-')[1]}")).json["events"]
    assert [(each["type"], each["data"].get("match_id")) for each in events] == [
        ("match_reopened", 3),
        ("match_reopened", 1),
        ("match_completed", 1),
        ("bracket_updated", None),
    ]


async def test_two_who_correct_at_once(organiser: Caller) -> None:
    """The second is shown what the first has done: the version of the preview is no longer that."""
    tournament_id = await semi_finals(organiser)
    path = api_path(tournament_id, 1, "correct")
    version = (await organiser.post(path, SWAPPED | {"preview": True})).json["version"]
    same_winner = {"participant1_score": 3, "participant2_score": 1}
    assert (await organiser.post(path, same_winner)).status == 200
    late = await organiser.post(path, SWAPPED | {"policy": "cascade", "version": version})
    assert late.code == (409, "match.version_conflict")
    assert [each["label"] for each in late.json["affected"]] == ["Final"]


async def test_a_goal_elsewhere_does_not_disturb_a_preview(organiser: Caller) -> None:
    """Only what the change reaches makes it another one."""
    tournament_id = await organiser.create(8)
    await played(organiser, tournament_id, 1, 2, 1)
    path = api_path(tournament_id, 1, "correct")
    version = (await organiser.post(path, SWAPPED | {"preview": True})).json["version"]
    await played(organiser, tournament_id, 3, 2, 1)
    assert (await organiser.post(path, SWAPPED | {"version": version})).status == 200


async def test_a_correction_is_done_once(organiser: Caller) -> None:
    """Sent again with its key, it is answered as it was."""
    tournament_id = await semi_finals(organiser)
    keyed = organiser.with_headers(Idempotency_Key="once")
    wish = SWAPPED | {"policy": "cascade"}
    first = await keyed.post(api_path(tournament_id, 1, "correct"), wish)
    again = await keyed.post(api_path(tournament_id, 1, "correct"), wish)
    assert (again.status, again.body) == (200, first.body)


async def test_a_scorer_takes_back_their_own_alone(organiser: Caller, scorer: Caller) -> None:
    """And corrects nothing."""
    tournament_id = await organiser.create(4)
    for who, match_id in ((scorer, 1), (organiser, 2)):
        await played(who, tournament_id, match_id, 2, 1)
    assert (await scorer.post(api_path(tournament_id, 1, "correct"), SWAPPED)).status == 403
    assert (await scorer.post(api_path(tournament_id, 2, "reopen"), {})).code == (409, "match.undo_refused")
    undone = await scorer.post(api_path(tournament_id, 1, "reopen"), {})
    assert (undone.status, undone.json["match"]["status"]) == (200, "live")
    assert undone.json["match"]["participant1_score"] == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"participant1_score": 1}, "participant2_score"),
        ({"policy": "perhaps"}, "policy"),
        ({"reason": "x" * 201}, "reason"),
        ({"games": [[1]]}, "games[0]"),
        ({"winner_id": 99, "walkover": True}, "winner_id"),
    ],
)
async def test_a_correction_that_cannot_be_read(organiser: Caller, body: Json, field: str) -> None:
    """By the field that is wrong."""
    tournament_id = await semi_finals(organiser)
    reply = await organiser.post(api_path(tournament_id, 1, "correct"), body)
    assert (reply.status, list(reply.json["problems"])) == (422, [field])


# ---------------------------------------------------------------------- the pages


async def over(hall: Hall, *, final: bool) -> str:
    """The path of the first semi-final of four, which Ana has won 2–1; the final has begun or not."""
    tournament = await hall.tournament()
    for match_id in (1, 2, 3):
        await matches.start_match(hall.services, tournament.id, StartMatch(match_id=match_id), 1)
        if match_id == 3:
            break
        scored = UpdateScore(match_id=match_id, participant1_score=2, participant2_score=1)
        await matches.update_score(hall.services, tournament.id, scored, 1)
        await matches.confirm_result(hall.services, tournament.id, ConfirmResult(match_id=match_id), 1)
        if match_id == 2 and not final:
            break
    return f"/staff/tournaments/{tournament.id}/matches/1/"


async def test_the_pad_undoes_a_confirmation(anna: Browser, hall: Hall) -> None:
    """Where it was confirmed; the match is live again at its score."""
    path = await over(hall, final=False)
    pad = await anna.get(path)
    assert "Undo: take this result back" in pad.text
    answer = await anna.post(f"{path}reopen/", {}, htmx=True)
    assert (answer.status, answer.value("participant1_score")) == (200, "2")
    assert "Taken back by you" in answer.text


async def test_an_undo_that_reaches_further_says_so(anna: Browser, hall: Hall) -> None:
    """And is done at the second word."""
    path = await over(hall, final=True)
    refused = await anna.post(f"{path}reopen/", {}, htmx=True)
    assert (refused.status, "Take all of this back" in refused.text, "Final" in refused.text) == (
        409,
        True,
        True,
    )
    form = {"policy": "cascade", "version": refused.value("version")}
    answer = await anna.post(f"{path}reopen/", form, htmx=True)
    assert (answer.status, answer.value("participant1_score")) == (200, "2")


async def test_a_scorer_undoes_only_their_own(hall: Hall) -> None:
    """What somebody else has confirmed has no button, and is refused."""
    path, bob = await over(hall, final=False), await hall.sign_in("bob")
    pad = await bob.get(path)
    assert "Undo" not in pad.text
    assert "Correct the result" not in pad.text
    refused = await bob.post(f"{path}reopen/", {})
    assert (refused.status, "an organiser can take it back" in refused.text) == (409, True)
    assert (await bob.get(f"{path}correct/")).status == 403


async def test_the_button_is_for_who_confirmed_it(hall: Hall) -> None:
    """The rule is that of the decision, whatever was last told of the match, such as that it counts again."""
    tournament = await hall.tournament()
    score = UpdateScore(match_id=1, participant1_score=2, participant2_score=1)
    await matches.start_match(hall.services, tournament.id, StartMatch(match_id=1), 2)
    await matches.update_score(hall.services, tournament.id, score, 2)
    await matches.confirm_result(hall.services, tournament.id, ConfirmResult(match_id=1), 2)
    now = await hall.now(tournament.id)
    async with hall.services.database.reading() as connection:
        staff = [await select_staff(connection, number) for number in (1, 2)]
    offered = [pad(now, now.matches[1], None, each, organiser=False).undo for each in staff if each]
    assert offered == [False, True]


async def test_a_start_by_mistake_is_taken_back(anna: Browser, hall: Hall) -> None:
    """From the pad."""
    tournament = await hall.tournament()
    path = f"/staff/tournaments/{tournament.id}/matches/1/"
    await anna.post(f"{path}start/")
    assert "Started by mistake" in (await anna.get(path)).text
    await anna.post(f"{path}reopen/")
    assert "Start the match" in (await anna.get(path)).text


async def test_the_form_corrects(anna: Browser, hall: Hall) -> None:
    """It holds what stands; the card says corrected, and the match's page tells the story."""
    path = await over(hall, final=False)
    form = await anna.get(f"{path}correct/")
    assert (form.value("participant1_score"), form.value("participant2_score")) == ("2", "1")
    wish = {"participant1_score": "1", "participant2_score": "2", "winner_id": "", "reason": "Swapped"}
    answer = await anna.post(f"{path}correct/", wish)
    assert (answer.status, answer.location) == (303, path)
    page = (await anna.get(path.removeprefix("/staff"))).text
    assert '<span class="badge">Corrected</span>' in page
    assert "Corrected: Bo beat Ana 2–1" in page
    assert "Ana beat Bo 2–1" in page
    assert "<em>Swapped</em>" in page


async def test_the_story_stays_as_it_was(anna: Browser, hall: Hall) -> None:
    """A final that Di has won, as side 2, is taken back by a semi-final that she has lost after all."""
    await over(hall, final=True)
    at = "/staff/tournaments/1/matches/"
    await anna.post(
        f"{at}2/correct/", {"participant1_score": "1", "participant2_score": "2", "policy": "cascade"}
    )
    await anna.post(f"{at}3/start/")
    await anna.post(f"{at}3/score/", {"participant1_score": "0", "participant2_score": "3"})
    await anna.post(f"{at}3/confirm/", {})
    await anna.post(
        f"{at}2/correct/", {"participant1_score": "2", "participant2_score": "1", "policy": "cascade"}
    )
    for path in ("/tournaments/1/matches/3/", "/staff/tournaments/1/history/"):
        told = (await anna.get(path)).text
        assert "Di beat Ana 3–0" in told
        assert "Taken back, as SF 2 has another result" in told


async def test_a_correction_that_reaches_further_is_shown_first(anna: Browser, hall: Hall) -> None:
    """With everything that was entered; then it is done."""
    path = await over(hall, final=True)
    wish = {"participant1_score": "0", "participant2_score": "2", "winner_id": "", "reason": "Swapped"}
    shown = await anna.post(f"{path}correct/", wish)
    assert (shown.status, "This reaches further" in shown.text) == (409, True)
    assert (shown.value("participant2_score"), shown.value("reason")) == ("2", "Swapped")
    done = await anna.post(f"{path}correct/", wish | {"policy": "cascade", "version": shown.value("version")})
    assert done.status == 303
    final = (await hall.now(1)).matches[3]
    assert (final.status.value, final.slots[0].participant_id) == ("ready", 2)


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"participant1_score": "x", "participant2_score": "2"}, "participant1_score"),
        ({"participant1_score": "1", "participant2_score": "2", "reason": "x" * 201}, "reason"),
        ({"winner_id": "somebody"}, "winner_id"),
    ],
)
async def test_a_form_that_cannot_be_read_comes_back(
    anna: Browser, hall: Hall, wish: dict[str, str], field: str
) -> None:
    """As it was entered, with the problem beside the field."""
    path = await over(hall, final=False)
    answer = await anna.post(f"{path}correct/", wish)
    assert (answer.status, f'id="{field}-error"' in answer.text) == (422, True)
    if field != "winner_id":
        assert answer.value(field) == wish[field]


async def test_a_form_that_is_sent_twice_is_done_once(anna: Browser, hall: Hall) -> None:
    """By a second tap, or from a page that was kept: the second is no error, and adds nothing to the log."""
    path = await over(hall, final=False)
    seen = (await anna.get(f"{path}correct/")).value("seen")
    wish = {"participant1_score": "1", "participant2_score": "2", "winner_id": "", "seen": seen}
    assert (await anna.post(f"{path}correct/", wish)).status == 303
    seq = (await hall.now(1)).seq
    assert (await anna.post(f"{path}correct/", wish)).status == 303
    assert (await hall.now(1)).seq == seq


async def test_what_came_since_is_told_though_the_form_could_not_be_read(anna: Browser, hall: Hall) -> None:
    """The form that comes back was still written of the result that was seen."""
    path = await over(hall, final=False)
    seen = (await anna.get(f"{path}correct/")).value("seen")
    wish = {"participant1_score": "4", "participant2_score": "1", "winner_id": ""}
    assert (await anna.post(f"{path}correct/", wish)).status == 303
    unread = await anna.post(f"{path}correct/", wish | {"participant1_score": "x", "seen": seen})
    assert (unread.status, unread.value("seen")) == (422, seen)
    told = await anna.post(f"{path}correct/", wish | {"participant1_score": "5", "seen": seen})
    assert (told.status, "It stands at 4–1 now" in told.text) == (409, True)
    again = await anna.post(
        f"{path}correct/", wish | {"participant1_score": "5", "seen": told.value("seen") or ""}
    )
    assert again.status == 303


async def test_games_are_corrected_as_text(anna: Browser, hall: Hall) -> None:
    """Game by game, however people write them."""
    form = {"name": "Cup", "participants": "Ana\nBo", "format": "single_elimination", "best_of": "3"}
    at = (
        await anna.post("/staff/tournaments/new/", form | {"visibility": "public", "seeding": "given"})
    ).location
    await anna.post(f"{at}generate/", {})
    path = f"{at}matches/1/"
    await anna.post(f"{path}start/")
    for games, score in (("", ("11", "5")), ("11-5", ("11", "7"))):
        body = {"games": games, "participant1_score": score[0], "participant2_score": score[1]}
        await anna.post(f"{path}score/", body)
    assert (await anna.post(f"{path}confirm/", {})).status == 303
    assert (await anna.get(f"{path}correct/")).value("games") == "11-5 11-7"
    bad = await anna.post(f"{path}correct/", {"games": "eleven", "winner_id": ""})
    assert (bad.status, bad.value("games")) == (422, "eleven")
    assert (await anna.post(f"{path}correct/", {"games": "5:11, 11:7, 9:11", "winner_id": ""})).status == 303
    match = (await hall.now(int(at.split("/")[3]))).matches[1]
    assert (match.games, match.score) == (((5, 11), (11, 7), (9, 11)), (1, 2))


async def test_only_a_confirmed_result_has_the_form(anna: Browser, hall: Hall) -> None:
    """Before, there is nothing to correct."""
    tournament = await hall.tournament()
    assert (await anna.get(f"/staff/tournaments/{tournament.id}/matches/1/correct/")).status == 404
