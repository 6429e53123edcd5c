"""The organiser's forms for stages: what a form would make, rounds of a Swiss, lots, conduct, games on the
pad."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest

from tests.web.hall import Browser, Hall
from tests.web.live_page import parse

NEW = {
    "name": "Club Night",
    "participants": "Ann\nBen\nCem\nDee\nEve",
    "seeding": "standard",
    "visibility": "public",
}


async def made(anna: Browser, **fields: str) -> str:
    """The staff page of a tournament that was made by the form and drawn."""
    answer = await anna.post("/staff/tournaments/new/", NEW | fields)
    await anna.post(f"{answer.location}generate/", {})
    return answer.location


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "Single elimination from the quarter-finals, 4 matches."),
        ({"format": "double_elimination"}, "Double elimination from the winners' round 1, 9 matches."),
        ({"format": "round_robin"}, "5 rounds, 10 matches."),
        ({"format": "swiss", "rounds": "3"}, "3 rounds of 2 matches, 6 in all."),
        (
            {"format": "round_robin", "groups": "2", "then": "single_elimination", "advance": "2"},
            "2 groups of 3 and 2, 4 matches; then single elimination from the semi-finals, 3 matches; "
            "7 matches in all.",
        ),
        (
            {"format": "round_robin", "then": "single_elimination", "advance": "2"},
            "5 rounds, 10 matches; then single elimination from the final, 1 match; 11 matches in all.",
        ),
        ({"participants": "Ana\nBo", "format": "round_robin"}, "1 round, 1 match."),
        ({"format": "round_robin", "groups": "3"}, "3 groups need at least 6 participants; there are 5."),
        ({"name": ""}, "Give it a name, and this shows what will be played."),
    ],
)
async def test_the_form_tells_what_it_would_make(anna: Browser, fields: dict[str, str], told: str) -> None:
    """Or what keeps it from that; nothing is saved."""
    answer = await anna.post("/staff/tournaments/outline/", NEW | fields)
    assert (answer.status, told in answer.text.replace("&#39;", "'")) == (200, True)
    assert "Club Night" not in (await anna.get("/staff/")).text


async def test_who_is_signed_out_while_they_type_is_not_led_away(hall: Hall) -> None:
    """The form asks by itself: it says so, and where to sign in, and keeps what was typed."""
    answer = await hall.stranger().post("/staff/tournaments/outline/", NEW, htmx=True)
    assert (answer.status, "You are not signed in any more." in answer.text) == (200, True)
    assert 'href="/staff/login/?next=/staff/"' in answer.text


async def test_what_a_form_would_make_is_told_to_organisers_only(hall: Hall, bob: Browser) -> None:
    """Whoever else asks, and however, is refused as everywhere."""
    path = "/staff/tournaments/outline/"
    assert (await hall.stranger().post(path, NEW)).status == 401
    assert [(await bob.post(path, NEW, htmx=htmx)).status for htmx in (True, False)] == [403, 403]
    bad = {"Authorization": "Bearer bad"}
    assert (await hall.stranger().client.post(path, form=NEW, headers=bad)).status_code == 401


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"format": "round_robin", "groups": "2.5"}, ("groups", "Enter a whole number.", 'value="2.5"')),
        ({"format": "swiss", "rounds": "9"}, ("rounds", "A Swiss of 5 has 1 to 5 rounds.", 'value="9"')),
        ({"best_of": "2"}, ("best_of", "an odd number, so that it has a winner", "<option selected>2<")),
        ({"games": "by_hand", "to": "11", "by": "99"}, ("games", "A game goes to 1 to 999", 'value="99"')),
        ({"games": "by_hand", "to": ""}, ("games", "Say to how many points", 'value="by_hand" selected')),
        ({"games": "by_hand", "to": "x"}, ("to", "Enter a whole number.", 'value="x"')),
        (
            {"format": "round_robin", "groups": "2", "then": "single_elimination", "advance": "1"}
            | {"then_third_place": "on"},
            (
                "third_place",
                "Stage 2: A third-place match needs at least 4 participants.",
                "then_third_place",
            ),
        ),
        (
            {"format": "round_robin", "then": "swiss", "advance": "2"},
            ("stages", "What follows the first stage is one of", 'value="round_robin" checked'),
        ),
    ],
)
async def test_what_cannot_be_comes_back_with_its_problem_beside_it(
    anna: Browser, fields: dict[str, str], told: tuple[str, str, str]
) -> None:
    """And with all that was entered."""
    answer = await anna.post("/staff/tournaments/new/", NEW | fields)
    field, words, kept = told
    (shown,) = re.findall(rf'<p translate="no" class="error" id="{field}-error">([^<]*)</p>', answer.text)
    assert answer.status == 422
    assert words in shown
    assert (kept in answer.text, "Cem\nDee\nEve" in answer.text) == (True, True)


async def test_games_by_rules_of_ones_own_and_all_of_them_played(anna: Browser) -> None:
    """Two games to five each; one for either side is a draw, and the knock-out is best of three."""
    fields = {"format": "round_robin", "then": "single_elimination", "advance": "2", "best_of": "2"}
    by_hand = {"games": "by_hand", "to": "5", "by": "1", "cap": "0", "last_to": "0"}
    at = await made(anna, **fields, **by_hand, all_played="on", participants="Ann\nBen")
    pad = f"{at}matches/1/"
    await anna.post(f"{pad}start/", {})
    over = await anna.post(
        f"{pad}score/", {"participant1_score": "6", "participant2_score": "0", "games": ""}
    )
    assert (over.status, "Game 1 was over before 6–0." in over.text) == (422, True)
    await anna.post(f"{pad}score/", {"participant1_score": "3", "participant2_score": "5", "games": "5-4"})
    await anna.post(f"{pad}confirm/", {"notes": ""})
    page = (await anna.get(at.removeprefix("/staff"))).text
    assert ("2 games" in page, "Bo3" in page) == (True, True)
    assert "Ann and Ben drew 1–1." in (await anna.get(pad)).text.replace("\u2060", "")


async def test_a_swiss_is_paired_round_by_round(anna: Browser) -> None:
    """Proposed, published, played, and paired again; between the rounds the button is there."""
    at = await made(anna, format="swiss", rounds="2", games="chess")
    assert "Pair round 1" in (await anna.get(at)).text
    proposal = await anna.get(f"{at}stages/1/round/")
    assert proposal.status == 200
    form = hidden(proposal.text)
    form |= {"first-1": "1", "second-1": "3", "first-2": "4", "second-2": "2", "byes": "5"}
    assert (await anna.post(f"{at}stages/1/round/", form)).status == 303
    page = (await anna.get(at)).text
    assert "Take round 1 back" in page
    for match in (1, 2):
        await anna.post(f"{at}matches/{match}/start/", {})
        await anna.post(f"{at}matches/{match}/confirm/", {"result": "draw"})
    page = (await anna.get(at)).text
    assert ("Pair round 2" in page, "Take round 1 back" in page) == (True, False)


async def test_who_is_out_is_offered_no_board(anna: Browser) -> None:
    """Nor a bye; who is reinstated is."""
    at = await made(anna, format="swiss", rounds="2")
    for deed, offered in (("withdraw", False), ("reinstate", True)):
        assert (await anna.post(f"{at}people/3/{deed}/", {"reason": "Ill"})).status == 303
        assert (">Cem</option>" in (await anna.get(f"{at}stages/1/round/")).text) == offered


async def test_a_round_that_cannot_be_comes_back_as_it_was(anna: Browser) -> None:
    """With the reason; somebody stands twice here."""
    at = await made(anna, format="swiss", rounds="2")
    form = {"first-1": "1", "second-1": "3", "first-2": "3", "second-2": "2", "byes": "5"}
    answer = await anna.post(f"{at}stages/1/round/", form)
    assert answer.status == 422
    assert "Cem stands twice." in answer.text
    assert '<option value="3" selected>' in answer.text


async def test_a_round_that_cannot_be_proposed_is_paired_by_hand(anna: Browser) -> None:
    """All have had a round for nothing, so no pairing is left; an empty form is, with the reason, and what is
    wrong in it comes back as it was entered."""
    at = await made(anna, format="swiss", rounds="3", participants="Ann\nBen\nCem")
    for match, (pair, bye) in enumerate((((1, 2), 3), ((1, 3), 2)), start=1):
        board = {"first-1": str(pair[0]), "second-1": str(pair[1]), "byes": str(bye)}
        assert (await anna.post(f"{at}stages/1/round/", board)).status == 303
        await anna.post(f"{at}matches/{match}/confirm/", {"walkover": "on", "winner_id": "1"})
    empty = await anna.get(f"{at}stages/1/round/")
    assert (empty.status, "Pair this round by hand" in empty.text) == (200, True)
    assert " selected>" not in empty.text
    board = {"first-1": "2", "second-1": "2", "byes": "1", "absent": "3"}
    again = await anna.post(f"{at}stages/1/round/", board)
    assert (again.status, "Ben stands twice." in again.text) == (422, True)
    assert re.findall(r'value="(\d+)" selected', again.text) == ["2", "2", "1"]
    assert "Absent: Cem." in again.text
    board |= {"second-1": "3", "absent": ""}
    warned = await anna.post(f"{at}stages/1/round/", board)
    assert (warned.status, "Ann has had a bye before, or won without playing." in warned.text) == (422, True)
    assert (await anna.post(f"{at}stages/1/round/", board | hidden(warned.text))).status == 303


async def test_a_chess_swiss_says_who_has_white_who_has_the_bye_and_who_is_absent(anna: Browser) -> None:
    """Beside the boards; and its table counts no goals."""
    at = await made(anna, format="swiss", rounds="2", games="chess", participants="Ann\nBen\nCem\nDee")
    await anna.post(f"{at}stages/1/round/", {"first-1": "1", "second-1": "2", "byes": "3", "absent": "4"})
    text = re.sub(r"<[^>]+>", "|", (await anna.get(at.removeprefix("/staff"))).text)
    assert re.search(r"\|Ann\|+ \|+white\|.*\|Ben\|+ \|+black\|", text)
    assert ("|Bye: Cem|" in text, "|Absent: Dee|" in text) == (True, True)
    assert ("|Pts|" in text, "|Diff|" in text) == (True, False)


async def test_a_groups_matches_are_listed_by_round(anna: Browser) -> None:
    """Each under its name; two groups of three have three rounds of a match each."""
    people = "Ann\nBen\nCem\nDee\nEve\nFay"
    at = await made(anna, format="round_robin", groups="2", seeding="given", participants=people)
    page = (await anna.get(at.removeprefix("/staff"))).text
    found = re.findall(
        r'class="in-round">([^<]+)<|<bdi translate="no">(\w+)</bdi>', page.partition("Matches")[2]
    )
    told = [one or other for one, other in found][:9]
    assert told == ["Round 1", "Ben", "Cem", "Round 2", "Ann", "Ben", "Round 3", "Cem", "Ann"]


@pytest.mark.parametrize("format_", ["single_elimination", "double_elimination", "round_robin", "swiss"])
async def test_no_level_of_headings_is_left_out(anna: Browser, format_: str) -> None:
    """Those who go from heading to heading miss nothing; here nothing is left to play."""
    at = await made(anna, format=format_, rounds="1", participants="Ann\nBen\nCem\nDee")
    if format_ == "swiss":
        await anna.post(f"{at}stages/1/round/", {"first-1": "1", "second-1": "2", "byes": "3", "absent": "4"})
    for match in range(1, 8):
        await anna.post(f"{at}matches/{match}/confirm/", {"walkover": "on", "winner_id": "nobody"})
    levels = list(map(int, re.findall(r"<h([1-6])", (await anna.get(at.removeprefix("/staff"))).text)))
    assert levels[0] == 1
    assert all(below <= above + 1 for above, below in pairwise(levels))


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of a page's forms."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))


async def test_what_a_change_breaks_is_told_before_it_is_published(anna: Browser) -> None:
    """A rematch comes back once, with what was entered; sent again, it is meant. Other pairs are looked at
    anew."""
    at = await made(anna, format="swiss", rounds="3", games="chess", participants="Ann\nBen\nCem\nDee")
    round_ = f"{at}stages/1/round/"
    await anna.post(round_, {"first-1": "1", "second-1": "2", "first-2": "3", "second-2": "4"})
    for match in (1, 2):
        await anna.post(f"{at}matches/{match}/start/", {})
        await anna.post(f"{at}matches/{match}/confirm/", {"result": "draw"})
    form = hidden((await anna.get(round_)).text)
    form |= {"first-1": "2", "second-1": "1", "first-2": "3", "second-2": "4"}
    warned = await anna.post(round_, form)
    assert warned.status == 422
    told = ("Ben and Ann have met before.", "Cem and Dee have met before.", "Publish it all the same")
    assert [words in warned.text for words in told] == [True] * 3
    assert re.findall(r'value="(\d+)" selected', warned.text) == ["2", "1", "3", "4"]
    form |= hidden(warned.text)
    turned = await anna.post(round_, form | {"first-2": "4", "second-2": "3"})
    assert (turned.status, "Dee and Cem have met before." in turned.text) == (422, True)
    assert (await anna.post(round_, form)).status == 303


async def test_a_round_is_taken_back_and_somebody_joins(anna: Browser) -> None:
    """Until it begins."""
    at = await made(anna, format="swiss", rounds="2")
    form = {"first-1": "1", "second-1": "3", "first-2": "4", "second-2": "2", "byes": "5"}
    await anna.post(f"{at}stages/1/round/", form)
    assert (await anna.post(f"{at}stages/1/unpair/", {})).status == 303
    assert (await anna.post(f"{at}late/", {"name": "Finn"})).status == 303
    assert "Finn" in (await anna.get(f"{at}stages/1/round/")).text


async def test_lots_and_conduct(anna: Browser) -> None:
    """Offered where nothing separates; conduct comes before lots, and both are seen in the table."""
    at = await made(anna, format="round_robin", participants="Ann\nBen")
    public = at.removeprefix("/staff")
    await anna.post(f"{at}matches/1/start/", {})
    await anna.post(f"{at}matches/1/confirm/", {})
    assert 'Nothing separates <strong translate="no">Ann, Ben</strong>' in (await anna.get(at)).text
    assert (await anna.post(f"{at}stages/1/lots/", {"group": "A", "order": "1 2"})).status == 303
    assert "Draw lots" not in (await anna.get(at)).text
    await anna.post(f"{at}stages/1/conduct/", {"participant_id": "1", "points": "-3"})
    assert re.search(r'data-place="1" data-participant="2"', (await anna.get(public)).text)


async def test_lots_among_the_best_of_several_groups(anna: Browser) -> None:
    """Offered where nothing separates them, and the next stage waits for it."""
    fields = {
        "participants": "Ann\nBen\nCem\nDee",
        "seeding": "given",
        "format": "round_robin",
        "groups": "2",
    }
    at = await made(anna, **fields, then="single_elimination", advance="1", best_of_rest="1")
    for match in (1, 2):
        await anna.post(f"{at}matches/{match}/start/", {})
        await anna.post(f"{at}matches/{match}/score/", {"participant1_score": "1", "participant2_score": "0"})
        await anna.post(f"{at}matches/{match}/confirm/", {})
    page = (await anna.get(at)).text
    assert 'Nothing separates <strong translate="no">Ben, Dee</strong>' in page
    order = re.findall(r'name="group" value="">\s*<input type="hidden" name="order" value="([\d ]+)"', page)
    assert (await anna.post(f"{at}stages/1/lots/", {"group": "", "order": order[0]})).status == 303
    assert "Nothing separates" not in (await anna.get(at)).text


async def test_games_on_the_pad(anna: Browser) -> None:
    """The game at hand is scored; over, the next one is a tap away; decided, the match can be confirmed."""
    at = await made(
        anna, format="single_elimination", participants="Ann\nBen", best_of="3", games="table_tennis"
    )
    pad = f"{at}matches/1/"
    await anna.post(f"{pad}start/", {})
    score: dict[str, Any] = {"participant1_score": "10", "participant2_score": "8", "games": ""}
    text = (await posted(anna, pad, score)).text
    assert ("Game point" in text, "Next game" in text, "It takes 2 games" in text) == (True, False, True)
    text = (await posted(anna, pad, score | {"step": "participant1_plus"})).text
    assert "Next game" in text
    text = (await posted(anna, pad, score | {"games": "11-8"})).text
    assert "Match point" in text
    text = (await posted(anna, pad, score | {"games": "11-8", "participant1_score": "11"})).text
    assert "Ann beat Ben 2–0." in text.replace("\u2060", "")
    answer = await anna.post(f"{pad}score/", score | {"games": "11-8 11-8"})
    assert "decided before game 3" in answer.text


async def posted(anna: Browser, pad: str, score: dict[str, Any]) -> Any:
    """Post a score, and get the pad."""
    await anna.post(f"{pad}score/", score)
    return await anna.get(pad)


async def test_a_draw_of_chess_is_told_in_halves(anna: Browser, hall: Hall) -> None:
    """On the pad, the match's page and in the history, as on the card."""
    at = await made(anna, format="round_robin", participants="Ann\nBen", games="chess")
    pad = f"{at}matches/1/"
    await anna.post(f"{pad}start/", {})
    await anna.post(f"{pad}confirm/", {"result": "draw", "notes": ""})
    for address in (pad, f"{at}history/", f"{at.removeprefix('/staff')}matches/1/"):
        assert "Ann and Ben drew ½–½" in (await anna.get(address)).text.replace("\u2060", "")


async def test_a_draw_is_confirmed_on_the_pad(anna: Browser, hall: Hall) -> None:
    """Where there are draws, without a tie-break."""
    at = await made(anna, format="round_robin", participants="Ann\nBen")
    pad = f"{at}matches/1/"
    await anna.post(f"{pad}start/", {})
    assert "Ann and Ben drew 0–0." in (await anna.get(pad)).text.replace("\u2060", "")
    await anna.post(f"{pad}confirm/", {"notes": ""})
    assert "Ann and Ben drew 0–0." in (await anna.get(pad)).text.replace("\u2060", "")


async def test_a_match_of_several_is_drawn_where_no_time_is_left(anna: Browser) -> None:
    """Offered at one game each, where there are draws."""
    at = await made(anna, format="swiss", rounds="1", ruleset="tcg", best_of="3", participants="Ann\nBen")
    await anna.post(f"{at}stages/1/round/", {"first-1": "1", "second-1": "2"})
    pad = f"{at}matches/1/"
    await anna.post(f"{pad}start/", {})
    score = {"participant1_score": "1", "participant2_score": "0", "games": ""}
    assert "No time left" not in (await posted(anna, pad, score)).text
    text = (
        await posted(anna, pad, {"participant1_score": "0", "participant2_score": "1", "games": "1-0"})
    ).text
    assert ("No time left: a draw" in text, "Ann and Ben drew 1–1." in text.replace("\u2060", "")) == (
        True,
        True,
    )
    ids = [each.attributes["id"] for each in parse(text).walk() if "id" in each.attributes]
    assert len(ids) == len(set(ids))  # or a swap may turn one form into the other
    assert (await anna.post(f"{pad}confirm/", {"drawn": "on"})).status == 303
    assert "Ann and Ben drew 1–1." in (await anna.get(pad)).text.replace("\u2060", "")
