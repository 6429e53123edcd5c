"""Lists of participants through the organiser's forms: shown as they were read, before they are saved."""

from __future__ import annotations

import re

from quart_app.web.answers.sizes import LIST_BODY_MAX
from tests.web.hall import Browser, Hall

NEW = {
    "name": "Hall Cup",
    "participants": "Ana, 1\n\nBo\nCem",
    "seeding": "standard",
    "visibility": "private",
    "third_place": "",
}


async def test_a_list_that_may_mean_more_is_shown_before_it_is_saved(hall: Hall, anna: Browser) -> None:
    """Each line as it was read, what was typed with it; saved as it is shown once that is confirmed."""
    form = NEW | {"participants": "Nr,Name,Club\n7,Ana,Rome\n3,Bo,Bern\n", "visibility": "public"}
    answer = await anna.post("/staff/tournaments/new/", form)
    assert (answer.status, answer.value("participants")) == (422, form["participants"])
    rows = re.findall(r"<tr>(.*?)</tr>", answer.text)
    assert [re.sub(r"<[^>]*>", "|", row).strip("|") for row in rows] == [
        "Line||Name||Seed||Left out",
        "1|||Heading||||||Nr,Name,Club",
        "2|||Ana||||||7 · Rome",
        "3|||Bo||||||3 · Bern",
    ]
    assert "autofocus" in answer.tag('name="split"')
    saved = await anna.post(
        "/staff/tournaments/new/", form | {"seen": answer.value("seen"), "split": "comma", "heading": "on"}
    )
    assert saved.status == 303
    tournament = await hall.now(int(saved.location.split("/")[-2]))
    assert [(entrant.name, entrant.seed) for entrant in tournament.entrants] == [("Ana", None), ("Bo", None)]


async def test_a_choice_of_columns_is_shown_before_it_is_saved(hall: Hall, anna: Browser) -> None:
    """A draft's list: the other reading comes back with its own columns, to be confirmed."""
    tournament = await hall.tournament(generate=False)
    path = f"/staff/tournaments/{tournament.id}/participants/"
    form = {"participants": "7\tAna\tRome\n3\tBo\tBern"}
    answer = await anna.post(path, form)
    chosen = form | {"split": "tab", "tab_1": "", "tab_2": "", "tab_3": "name", "seen": answer.value("seen")}
    again = await anna.post(path, chosen)
    assert (again.status, again.value("participants")) == (422, form["participants"])
    assert re.findall(r'<td><bdi translate="no">(.*?)</bdi>', again.text) == ["Rome", "Bern"]
    assert (await anna.post(path, chosen | {"seen": again.value("seen")})).status == 303
    assert [entrant.name for entrant in (await hall.now(tournament.id)).entrants] == ["Rome", "Bern"]


async def test_all_the_problems_of_a_list_are_told_at_once(anna: Browser) -> None:
    """Each with the number of its line, also while the list is only being looked at."""
    answer = await anna.post("/staff/tournaments/new/", NEW | {"participants": "Ana;x\n\nana;y\nZo\ufffd;z"})
    assert answer.problem("participants").splitlines() == [
        "“ana” stands on lines 1 and 3; spectators could not tell them apart.",
        "The name on line 4 has lost a letter (U+FFFD): it was read in another encoding than it was written "
        "in.",
    ]
    assert "How your list was read" in answer.text


async def test_the_largest_list_that_may_be_arrives(hall: Hall, anna: Browser) -> None:
    """1024 names of 100 emoji, of which a form makes 12 bytes each."""
    names = "\r\n".join("\U0001f600" * 96 + f"{number:04}, {number}" for number in range(1, 1025))
    answer = await anna.post("/staff/tournaments/new/", NEW | {"participants": names})
    assert answer.status == 303
    assert len((await hall.now(int(answer.location.split("/")[-2]))).entrants) == 1024


async def test_a_list_that_is_too_large_is_refused_in_words(anna: Browser) -> None:
    """The page says how to come back to it; with scripts, the form says so before it is sent."""
    form = {"name": "Cup", "participants": "x" * LIST_BODY_MAX}
    answer = await anna.post("/staff/tournaments/new/", form)
    assert (answer.status, "what you entered is still there" in answer.text) == (413, True)
    assert f'data-bytes-max="{LIST_BODY_MAX}"' in (await anna.get("/staff/tournaments/new/")).text
