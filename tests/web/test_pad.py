"""The scoring pad: every deed and every refusal, as a plain form and through htmx, and who else scores."""

from __future__ import annotations

import re

import pytest

from quart_app.actions import matches
from quart_app.domain.commands import StartMatch, UpdateScore
from tests.web.hall import Browser, Hall, Play

# ---------------------------------------------------------------------- the pad


async def test_the_pad_of_a_ready_match_starts_it(hall: Hall, anna: Browser) -> None:
    """Without a script: a post, a redirect, and the pad with its score."""
    tournament = await hall.tournament()
    path = f"/staff/tournaments/{tournament.id}/matches/1/"
    answer = await anna.post(f"{path}start/")
    assert (answer.status, answer.location) == (303, path)
    assert (await anna.get(path)).value("participant1_score") == "0"


async def test_htmx_gets_the_pad_alone(play: Play) -> None:
    """The answer is swapped in place: the section, no page around it."""
    form = {"participant1_score": "1", "participant2_score": "0", "version": await play.version()}
    answer = await play.anna.post(f"{play.path}score/", form, htmx=True)
    assert (answer.status, answer.value("participant1_score")) == (200, "1")
    assert answer.text.lstrip().startswith('<section id="pad"')


@pytest.mark.parametrize(("htmx", "kept"), [(True, "no-store"), (False, "no-cache, private")])
async def test_only_the_page_is_kept_for_the_back_button(play: Play, htmx: bool, kept: str) -> None:
    """The fragment has the page's address, and must never be shown in its place."""
    headers = {"HX-Request": "true"} if htmx else {}
    response = await play.anna.client.get(play.path, headers=headers)
    assert (response.headers["Cache-Control"], "HX-Request" in response.vary) == (kept, True)


async def test_the_score_is_set_without_a_script(play: Play) -> None:
    """A typed score is a post and a redirect."""
    form = {"participant1_score": "12", "participant2_score": "3", "version": await play.version()}
    answer = await play.anna.post(f"{play.path}score/", form)
    assert (answer.status, answer.location, await play.score()) == (303, play.path, (12, 3))


async def test_plus_works_without_a_script(play: Play) -> None:
    """The button adds to the score beside it."""
    form = {"participant1_score": "0", "participant2_score": "0", "version": await play.version()}
    await play.anna.post(f"{play.path}score/", form | {"step": "participant2_plus"})
    assert await play.score() == (0, 1)


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize("typed", ["two", "10000", "-1", ""])
async def test_a_score_that_cannot_be_is_kept_and_told(play: Play, typed: str, htmx: bool) -> None:
    """What was typed stands in its field, the problem beside it; nothing is saved."""
    form = {"participant1_score": "1", "participant2_score": typed, "version": await play.version()}
    answer = await play.anna.post(f"{play.path}score/", form, htmx=htmx)
    assert (answer.status, answer.value("participant1_score"), answer.value("participant2_score")) == (
        422,
        "1",
        typed,
    )
    assert "whole number" in answer.problem("participant2_score")
    assert await play.score() == (0, 0)


@pytest.mark.parametrize("htmx", [False, True])
async def test_two_referees_cannot_overwrite_each_other_unseen(play: Play, htmx: bool) -> None:
    """The later one gets the present score, what they entered, and one tap to enter it after all."""
    form = {"participant1_score": "1", "participant2_score": "0", "version": await play.version()}
    await play.anna.post(f"{play.path}score/", form)
    answer = await play.anna.post(f"{play.path}score/", form | {"participant2_score": "5"}, htmx=htmx)
    assert answer.status == 409
    assert "It stands at 1–0; you entered 1–5." in answer.alert
    assert "Set it to 1–5 after all" in answer.text
    assert answer.tag("pad-number").count('value="1"') == 1


async def test_after_the_conflict_the_offered_form_is_accepted(play: Play) -> None:
    """It builds on the version that the person has now seen."""
    form = {"participant1_score": "1", "participant2_score": "0", "version": await play.version()}
    await play.anna.post(f"{play.path}score/", form)
    refused = await play.anna.post(f"{play.path}score/", form | {"participant2_score": "5"})
    answer = await play.anna.post(
        f"{play.path}score/", form | {"participant2_score": "5", "version": refused.value("version")}
    )
    assert (answer.status, await play.score()) == (303, (1, 5))


async def test_a_score_for_a_match_that_is_over_is_told_back(play: Play) -> None:
    """What was entered is still to be read."""
    form = {"participant1_score": "1", "participant2_score": "0", "version": await play.version()}
    await play.anna.post(f"{play.path}score/", form)
    await play.anna.post(f"{play.path}confirm/")
    answer = await play.anna.post(f"{play.path}score/", form | {"participant2_score": "3"})
    assert (answer.status, answer.alert) == (409, "This match has a confirmed result.")
    assert "You entered 1–3." in answer.text


async def test_a_damaged_version_is_told(play: Play) -> None:
    """It is not taken for none."""
    form = {"participant1_score": "1", "participant2_score": "0", "version": "x"}
    answer = await play.anna.post(f"{play.path}score/", form)
    assert (answer.status, answer.alert) == (422, "This form is out of date; load the page again.")


async def test_the_confirmation_spells_the_result_out(play: Play) -> None:
    """Before the last tap, in a disclosure that needs no script."""
    form = {"participant1_score": "1", "participant2_score": "2", "version": await play.version()}
    await play.anna.post(f"{play.path}score/", form)
    text = (await play.anna.get(play.path)).text.replace("\u2060", "")
    assert "Bo beat Ana 2–1." in text


@pytest.mark.parametrize("htmx", [False, True])
async def test_a_result_is_confirmed(play: Play, htmx: bool) -> None:
    """The winner goes on, with the notes, and the pad shows who waits next."""
    form = {"participant1_score": "2", "participant2_score": "1", "version": await play.version()}
    await play.anna.post(f"{play.path}score/", form)
    await play.anna.post(
        f"{play.path}confirm/", {"notes": " after extra time ", "version": await play.version()}, htmx=htmx
    )
    text = (await play.anna.get(play.path)).text.replace("\u2060", "")
    assert "Ana beat Bo 2–1." in text
    assert "after extra time" in text
    assert re.search(r"Final.*Ana.*Winner of SF 2", text, re.DOTALL)


async def test_a_level_match_asks_for_the_tie_break(play: Play) -> None:
    """The pad offers it, and a confirmation without it is refused in words."""
    answer = await play.anna.post(f"{play.path}confirm/", {"notes": "", "version": await play.version()})
    assert (answer.status, "this match needs a winner" in answer.alert) == (409, True)
    assert " open>" in answer.tag("pad-confirm")
    assert "autofocus" in answer.tag('name="participant1_tiebreak"')


async def test_a_tie_break_decides(play: Play) -> None:
    """Its winner goes on."""
    form = {"participant1_tiebreak": "2", "participant2_tiebreak": "4", "version": await play.version()}
    await play.anna.post(f"{play.path}confirm/", form)
    text = (await play.anna.get(play.path)).text.replace("\u2060", "")
    assert "Bo beat Ana 4–2 in the tie-break, after 0–0." in text


@pytest.mark.parametrize(
    ("first", "second", "field", "sentence"),
    [
        ("4", "", "participant2_tiebreak", "Enter both sides"),
        ("4", "4", "participant1_tiebreak", "needs a winner"),
        ("x", "4", "participant1_tiebreak", "whole number"),
    ],
)
async def test_a_problem_of_the_tie_break_stands_beside_its_field(
    play: Play, first: str, second: str, field: str, sentence: str
) -> None:
    """And both numbers and the notes are kept."""
    form = {"participant1_tiebreak": first, "participant2_tiebreak": second, "notes": "pens"}
    answer = await play.anna.post(f"{play.path}confirm/", form | {"version": await play.version()}, htmx=True)
    kept = [answer.value(name) for name in ("participant1_tiebreak", "participant2_tiebreak", "notes")]
    assert (answer.status, kept) == (422, [first, second, "pens"])
    assert sentence in answer.problem(field)


async def test_notes_that_are_too_long_are_kept_and_told(play: Play) -> None:
    """Beside the notes, nothing lost."""
    form = {"participant1_score": "2", "participant2_score": "1", "version": await play.version()}
    await play.anna.post(f"{play.path}score/", form)
    answer = await play.anna.post(f"{play.path}confirm/", {"notes": "n" * 501})
    assert (answer.status, answer.value("notes")) == (422, "n" * 501)
    assert "within 500 characters" in answer.problem("notes")


async def test_a_confirmation_of_a_score_that_has_changed_is_refused(play: Play) -> None:
    """Nobody confirms a sentence that they have not read; the notes are kept."""
    version = await play.version()
    form = {"participant1_score": "2", "participant2_score": "1", "version": version}
    await play.anna.post(f"{play.path}score/", form)
    answer = await play.anna.post(f"{play.path}confirm/", {"notes": "late", "version": version})
    assert (answer.status, answer.value("notes")) == (409, "late")
    assert "It stands at 2–1." in answer.alert


async def test_what_was_written_to_a_result_that_came_too_late_is_told_back(play: Play) -> None:
    """There is no field left that could hold it."""
    decided = {"participant1_tiebreak": "2", "participant2_tiebreak": "4"}
    await play.anna.post(f"{play.path}confirm/", decided)
    late = {"participant1_tiebreak": "5", "participant2_tiebreak": "4", "notes": "seven rounds"}
    answer = await play.anna.post(f"{play.path}confirm/", late, htmx=True)
    assert (answer.status, answer.alert) == (409, "This match has a confirmed result.")
    assert "You entered the tie-break 5–4." in answer.text
    assert "You wrote: seven rounds" in answer.text


@pytest.mark.parametrize(
    ("choice", "outcome"),
    [
        ("1", "Ana beat Bo by walkover"),
        ("2", "Bo beat Ana by walkover"),
        ("nobody", "Neither Ana nor Bo goes on"),
    ],
)
async def test_a_walkover_is_recorded(hall: Hall, anna: Browser, choice: str, outcome: str) -> None:
    """Either side goes on, or neither, before any play."""
    tournament = await hall.tournament()
    path = f"/staff/tournaments/{tournament.id}/matches/1/"
    await anna.post(f"{path}confirm/", {"walkover": "on", "winner_id": choice, "notes": ""})
    assert outcome in (await anna.get(path)).text


async def test_a_walkover_must_say_who_goes_on(play: Play) -> None:
    """Its disclosure is open, the notes kept, the problem beside the choice."""
    answer = await play.anna.post(f"{play.path}confirm/", {"walkover": "on", "notes": "flu"}, htmx=True)
    assert (answer.status, answer.problem("winner_id")) == (422, "Choose who goes on, or neither.")
    assert " open>" in answer.tag("pad-walkover")
    assert "\nflu</textarea>" in answer.text


async def test_a_match_that_waits_cannot_be_started(hall: Hall, anna: Browser) -> None:
    """The pad says what it waits for, and the post is refused in words."""
    tournament = await hall.tournament()
    path = f"/staff/tournaments/{tournament.id}/matches/3/"
    answer = await anna.post(f"{path}start/")
    assert (answer.status, answer.alert) == (409, "A participant of this match is not known yet.")
    assert "Winner of SF 1" in answer.text


async def test_a_second_start_is_told(play: Play) -> None:
    """A double tap without a script does no harm."""
    answer = await play.anna.post(f"{play.path}start/")
    assert (answer.status, answer.alert) == (409, "This match has been started already.")


@pytest.mark.parametrize("match_id", [1, 99])
async def test_a_bye_and_an_unknown_match_have_no_pad(hall: Hall, anna: Browser, match_id: int) -> None:
    """There is nothing to score."""
    tournament = await hall.tournament("Ana", "bye", "Bo", "Cem")
    assert (await anna.get(f"/staff/tournaments/{tournament.id}/matches/{match_id}/")).status == 404


# ---------------------------------------------------------------------- who else scores


async def test_the_pad_shows_ones_own_last_deed(play: Play) -> None:
    """Told from the log."""
    assert "Started by you" in (await play.anna.get(play.path)).text


async def test_the_pad_warns_of_somebody_else_who_scores(play: Play, bob: Browser) -> None:
    """By name."""
    form = {"participant1_score": "1", "participant2_score": "0", "version": await play.version()}
    await play.anna.post(f"{play.path}score/", form)
    text = (await bob.get(play.path)).text
    assert "Last score by anna" in text
    assert "anna is scoring this match too." in text


async def test_who_takes_a_result_back_is_not_scoring(play: Play, bob: Browser) -> None:
    """The scorer plays on, and reads who it was."""
    form = {"participant1_score": "1", "participant2_score": "0", "version": await play.version()}
    await bob.post(f"{play.path}score/", form)
    await bob.post(f"{play.path}confirm/")
    await play.anna.post(f"{play.path}reopen/")
    text = (await bob.get(play.path)).text
    assert "Taken back by anna" in text
    assert "is scoring this match too" not in text


async def test_nobody_is_warned_of_themselves(play: Play) -> None:
    """One referee alone sees no warning."""
    assert "is scoring this match too" not in (await play.anna.get(play.path)).text


async def test_a_source_outside_is_no_member_of_staff(hall: Hall, anna: Browser) -> None:
    """What came from outside the app is told as that."""
    tournament = await hall.tournament()
    await matches.start_match(hall.services, tournament.id, StartMatch(match_id=1), None)
    score = UpdateScore(match_id=1, participant1_score=1, participant2_score=0)
    await matches.update_score(hall.services, tournament.id, score, None)
    assert (
        "Last score by a source outside"
        in (await anna.get(f"/staff/tournaments/{tournament.id}/matches/1/")).text
    )


async def test_a_result_elsewhere_is_no_deed_on_this_match(play: Play) -> None:
    """The final has a participant, but nobody has done anything with it yet."""
    form = {"participant1_score": "1", "participant2_score": "0", "version": await play.version()}
    await play.anna.post(f"{play.path}score/", form)
    await play.anna.post(f"{play.path}confirm/")
    answer = await play.anna.get(f"/staff/tournaments/{play.tournament_id}/matches/3/")
    assert '<p translate="no" class="pad-touch quiet"></p>' in answer.text


@pytest.mark.parametrize("deed", ["start", "score", "confirm"])
async def test_a_walkover_without_notes_comes_back(play: Play, deed: str) -> None:
    """A form that lacks a field, as a script may send it, is refused like any other."""
    answer = await play.anna.post(f"/staff/tournaments/1/matches/1/{deed}/", {"walkover": "on"})
    assert answer.status in (303, 409, 422)
