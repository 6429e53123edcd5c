"""The staff's pages: signing in, roles, making a tournament and its draw; and that no garbage breaks them."""

from __future__ import annotations

import re
from urllib.parse import urljoin

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.web.hall import PASSWORD, Browser, Hall, Play

NEW = {
    "name": "Hall Cup",
    "participants": "Ana, 1\n\nBo\nCem",
    "seeding": "standard",
    "visibility": "private",
    "third_place": "",
}


# ---------------------------------------------------------------------- signing in


async def test_signing_in_leads_to_the_page_that_was_asked_for(hall: Hall) -> None:
    """`next` is followed when it is a path of ours."""
    form = {"name": "Anna", "password": PASSWORD, "next": "/staff/tournaments/new/"}
    answer = await hall.stranger().post("/staff/login/", form)
    assert (answer.status, answer.location) == (303, "/staff/tournaments/new/")


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "/\\evil.example", ""])
async def test_signing_in_never_leads_to_another_site(hall: Hall, target: str) -> None:
    """Anything else leads to the tournaments to run."""
    answer = await hall.stranger().post(
        "/staff/login/", {"name": "anna", "password": PASSWORD, "next": target}
    )
    assert answer.location == "/staff/"


async def test_a_wrong_name_and_a_wrong_password_look_alike(hall: Hall) -> None:
    """Nobody learns which names exist."""
    known = await hall.stranger().post("/staff/login/", {"name": "anna", "password": "wrong one"})
    unknown = await hall.stranger().post("/staff/login/", {"name": "nana", "password": "wrong one"})
    assert known.status == unknown.status == 422
    assert known.text.replace("anna", "nana") == unknown.text


async def test_a_refused_login_keeps_the_name_and_the_target_but_never_the_password(hall: Hall) -> None:
    """Only the password is typed again."""
    form = {"name": "anna", "password": "wrong one", "next": "/staff/tournaments/new/"}
    answer = await hall.stranger().post("/staff/login/", form)
    assert (answer.value("name"), answer.value("next")) == ("anna", "/staff/tournaments/new/")
    assert "wrong one" not in answer.text


async def test_an_empty_login_says_what_is_missing(hall: Hall) -> None:
    """The problem stands beside the first empty field."""
    answer = await hall.stranger().post("/staff/login/", {"name": " ", "password": ""})
    assert (answer.status, answer.problem("name")) == (422, "Enter your name.")


async def test_the_login_of_who_is_signed_in_goes_on(anna: Browser) -> None:
    """A bookmarked login page is no dead end."""
    answer = await anna.get("/staff/login/?next=/staff/tournaments/new/")
    assert (answer.status, answer.location) == (302, "/staff/tournaments/new/")


async def test_signing_out_ends_it(anna: Browser) -> None:
    """The same browser has to sign in again."""
    await anna.post("/staff/logout/")
    answer = await anna.get("/staff/")
    assert (answer.status, answer.location) == (302, "/staff/login/?next=/staff/")


async def test_signing_out_needs_a_post(anna: Browser) -> None:
    """No link or picture can do it."""
    assert (await anna.get("/staff/logout/")).location == "../"
    assert (await anna.get("/staff/")).status == 200


@pytest.mark.parametrize(
    ("sent", "page"),
    [
        ("participants/", ""),
        ("draw/swap/", ""),
        ("matches/1/score/", "matches/1/"),
        ("people/1/rename/", "people/1/"),
        ("stages/1/lots/", ""),
    ],
)
async def test_where_a_refused_form_stands_a_reload_is_answered(
    hall: Hall, anna: Browser, sent: str, page: str
) -> None:
    """With the page whose form it is; no program is led anywhere."""
    path = f"/staff/tournaments/{(await hall.tournament()).id}/"
    assert (await anna.post(path + sent, {"version": "x"})).status >= 400
    answer = await anna.get(path + sent)
    assert answer.status == 303
    assert urljoin(path + sent, answer.location) == path + page
    assert (await anna.get(path + page)).status == 200
    assert (await anna.get("/api/token/")).status == 405


# ---------------------------------------------------------------------- roles

ORGANISERS = ("tournaments/new/", "participants/", "generate/", "visibility/")


@pytest.mark.parametrize("path", ["tournaments/new/", "tournaments/1/", "tournaments/1/matches/1/"])
async def test_a_stranger_is_sent_to_the_login_and_back(hall: Hall, path: str) -> None:
    """Every staff page."""
    answer = await hall.stranger().get(f"/staff/{path}")
    assert (answer.status, answer.location) == (302, f"/staff/login/?next=/staff/{path}")


@pytest.mark.parametrize("deed", ["start", "score", "confirm"])
async def test_a_stranger_scores_nothing(hall: Hall, play: Play, deed: str) -> None:
    """A form without a login is refused."""
    assert (await hall.stranger().post(f"{play.path}{deed}/")).status == 401


async def test_a_login_that_ended_while_scoring_says_what_was_not_saved(hall: Hall, play: Play) -> None:
    """The login to which htmx is sent tells it, and leads back to the pad; who only read lost nothing."""
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://localhost{play.path}"}
    stranger = hall.stranger()
    lost = await stranger.client.post(f"{play.path}score/", form={}, headers=headers)
    page = await stranger.get(lost.headers["HX-Redirect"])
    assert (page.alert, page.value("next")) == (
        "Your login has ended, and what you just sent was not saved. Sign in, and you come back to it.",
        play.path,
    )
    read = await stranger.client.get(play.path, headers=headers)
    assert (await stranger.get(read.headers["HX-Redirect"])).alert == ""


@pytest.mark.parametrize("deed", ORGANISERS)
async def test_a_scorer_does_nothing_of_an_organiser(hall: Hall, bob: Browser, deed: str) -> None:
    """Making, drawing and hiding tournaments is refused, whatever is sent."""
    tournament = await hall.tournament(generate=False)
    path = f"/staff/{deed}" if "/new/" in deed else f"/staff/tournaments/{tournament.id}/{deed}"
    assert (await bob.post(path, NEW)).status == 403


async def test_a_scorer_sees_no_button_that_would_be_refused(hall: Hall, bob: Browser) -> None:
    """Neither in the list nor on a draft."""
    tournament = await hall.tournament(generate=False)
    pages = (await bob.get("/staff/")).text + (await bob.get(f"/staff/tournaments/{tournament.id}/")).text
    assert not re.search(
        r"New tournament|Generate the bracket|Change the participants|Make it private", pages
    )


async def test_a_scorer_scores(hall: Hall, bob: Browser) -> None:
    """That is what the role is for."""
    tournament = await hall.tournament()
    answer = await bob.post(f"/staff/tournaments/{tournament.id}/matches/1/start/")
    assert answer.status == 303


# ---------------------------------------------------------------------- the list


async def test_an_empty_hall_tells_what_to_do(anna: Browser) -> None:
    """The first page of a new organiser is no blank."""
    assert "No tournament yet" in (await anna.get("/staff/")).text


async def test_the_tournaments_stand_under_what_there_is_to_do(hall: Hall, play: Play) -> None:
    """Under way first, then what is to be prepared."""
    await hall.tournament(generate=False)
    text = (await play.anna.get("/staff/")).text
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", text)
    assert headings == ["Under way", "To prepare"]


# ---------------------------------------------------------------------- a new tournament


async def test_a_tournament_is_made_and_leads_to_its_draw(hall: Hall, anna: Browser) -> None:
    """A pasted list becomes a draft, whose first round is shown with its bye."""
    answer = await anna.post("/staff/tournaments/new/", NEW)
    assert answer.status == 303
    text = (await anna.get(answer.location)).text
    draw = re.findall(r'<span class="draw-line[^>]*>(?:<bdi[^>]*>)?([^<]*)', text)
    assert [line.strip() for line in draw] == ["Ana", "Bye", "Bo", "Cem"]


async def test_a_refused_tournament_keeps_everything_that_was_entered(anna: Browser) -> None:
    """Name, list, draw, third place and visibility stand as they were."""
    form = NEW | {"participants": "Ana\n\nBo, 4711", "third_place": "on", "seeding": "given"}
    answer = await anna.post("/staff/tournaments/new/", form)
    checked = re.findall(r'name="(\w+)"(?: value="(\w+)")? checked', answer.text)
    assert answer.status == 422
    assert answer.value("name") == "Hall Cup"
    assert answer.value("participants") == "Ana\n\nBo, 4711"
    assert checked == [
        ("format", "single_elimination"),
        ("seeding", "given"),
        ("third_place", ""),
        ("visibility", "private"),
    ]


@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        ({"name": " "}, "name", "The tournament's name is empty."),
        ({"name": "x" * 101}, "name", "longer than 100 characters"),
        ({"participants": ""}, "participants", "at least 2 participants"),
        ({"participants": "Ana\n\nBo, 4711"}, "participants", "The seed on line 3"),
        ({"participants": "Ana\nana"}, "participants", "lines 1 and 2"),
        ({"participants": "Ana\nBo\nbye"}, "participants", "bye"),
        ({"third_place": "on"}, "third_place", "at least 4 participants"),
        ({"seeding": "lots"}, "seeding", "standard, given"),
        ({"visibility": "all"}, "visibility", "public, private"),
    ],
)
async def test_a_problem_of_a_tournament_stands_beside_its_field(
    anna: Browser, changed: dict[str, str], field: str, sentence: str
) -> None:
    """Each rule of the domain reaches the field it is about."""
    answer = await anna.post("/staff/tournaments/new/", NEW | changed)
    assert answer.status == 422
    assert sentence in answer.problem(field)


async def test_a_name_is_shown_as_text(anna: Browser) -> None:
    """Markup in a name stays what it is."""
    answer = await anna.post(
        "/staff/tournaments/new/", NEW | {"name": "<b>Cup", "participants": "<i>A\n</textarea>B"}
    )
    text = (await anna.get(answer.location)).text
    assert not re.search(r"<b>|<i>|</textarea>B", text)


# ---------------------------------------------------------------------- a draft


async def test_the_list_of_a_draft_can_change(hall: Hall, anna: Browser) -> None:
    """And is shown as it was entered."""
    tournament = await hall.tournament(generate=False)
    path = f"/staff/tournaments/{tournament.id}/"
    answer = await anna.post(f"{path}participants/", {"participants": 'Eva, 1\nbye\nFay\n"Gus, 3"'})
    assert (answer.status, answer.location) == (303, path)
    assert (await anna.get(path)).value("participants") == 'Eva, 1\nbye\nFay\n"Gus, 3"'


async def test_two_lists_never_overwrite_each_other_unseen(hall: Hall, anna: Browser) -> None:
    """Of two tabs the second is told, with its list in the form; saved once more it replaces the other's."""
    tournament = await hall.tournament(generate=False)
    path = f"/staff/tournaments/{tournament.id}/"
    version = (await anna.get(path)).value("version")
    await anna.post(f"{path}participants/", {"participants": "Eva\nFay", "version": version})
    second = {"participants": "Gus\nHal", "version": version}
    answer = await anna.post(f"{path}participants/", second)
    assert (answer.status, answer.value("participants")) == (409, "Gus\nHal")
    assert "This tournament was changed meanwhile" in answer.alert
    again = await anna.post(f"{path}participants/", {**second, "version": answer.value("version")})
    assert (again.status, (await anna.get(path)).value("participants")) == (303, "Gus\nHal")


async def test_a_refused_list_is_kept_and_told(hall: Hall, anna: Browser) -> None:
    """The disclosure is open, the text as typed, the problem beside it."""
    tournament = await hall.tournament(generate=False)
    answer = await anna.post(
        f"/staff/tournaments/{tournament.id}/participants/", {"participants": "Eva\n\nEva"}
    )
    assert (answer.status, answer.value("participants")) == (422, "Eva\n\nEva")
    assert "lines 1 and 3" in answer.problem("participants")
    assert " open>" in answer.tag("staff-participants")


async def test_generating_gives_the_matches_to_score(hall: Hall, anna: Browser) -> None:
    """The first round is ready, the final waits."""
    tournament = await hall.tournament(generate=False)
    path = f"/staff/tournaments/{tournament.id}/"
    await anna.post(f"{path}generate/")
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", (await anna.get(path)).text)
    assert headings[0] == "Ready to start"


@pytest.mark.parametrize("deed", ["generate", "participants"])
async def test_after_the_draw_it_stays(hall: Hall, anna: Browser, deed: str) -> None:
    """A second generation, and a late list, are refused in words."""
    tournament = await hall.tournament()
    answer = await anna.post(f"/staff/tournaments/{tournament.id}/{deed}/", {"participants": "Eva\nFay"})
    assert (answer.status, answer.alert) == (
        409,
        "The bracket has been generated. Until its first match begins, draw it again.",
    )


async def test_a_list_that_came_after_the_draw_is_told_back(hall: Hall, anna: Browser) -> None:
    """What was typed for minutes is not lost because somebody else generated the bracket: it can be drawn
    from, or once a match has begun be copied."""
    tournament = await hall.tournament()
    path = f"/staff/tournaments/{tournament.id}/participants/"
    answer = await anna.post(path, {"participants": "Eva\nFay"})
    assert (answer.status, answer.value("participants")) == (409, "Eva\nFay")
    assert "Draw from this list" in answer.text
    await anna.post(f"/staff/tournaments/{tournament.id}/matches/1/start/")
    answer = await anna.post(path, {"participants": "Eva\nFay"})
    assert re.search(r"<textarea[^>]* readonly>\nEva\nFay</textarea>", answer.text)


async def test_the_visibility_switches(hall: Hall, anna: Browser) -> None:
    """A private one is gone for strangers, and says so to the organiser."""
    tournament = await hall.tournament()
    path = f"/tournaments/{tournament.id}/"
    await anna.post(f"/staff{path}visibility/", {"visibility": "private"})
    assert (await hall.stranger().get(path)).status == 404
    assert "Only staff can watch" in (await anna.get(f"/staff{path}")).text


async def test_an_unknown_visibility_is_refused(hall: Hall, anna: Browser) -> None:
    """With the page that it came from."""
    tournament = await hall.tournament()
    answer = await anna.post(f"/staff/tournaments/{tournament.id}/visibility/", {"visibility": "x"})
    assert answer.status == 422


@pytest.mark.parametrize("path", ["/staff/tournaments/99/", "/staff/tournaments/99/matches/1/"])
async def test_an_unknown_tournament_is_not_found(anna: Browser, path: str) -> None:
    """In a page with a way back."""
    answer = await anna.get(path)
    assert (answer.status, 'href="/"' in answer.text) == (404, True)


# ---------------------------------------------------------------------- the feed, and garbage


@pytest.mark.parametrize("path", ["", "matches/1/"])
async def test_a_staff_page_follows_the_feed_from_the_state_it_shows(
    hall: Hall, anna: Browser, path: str
) -> None:
    """Its connection starts at the head of the log, and the browser gets a token for it."""
    tournament = await hall.tournament()
    shown = await hall.services.ledger.load(tournament.id)
    response = await anna.client.get(f"/staff/tournaments/{tournament.id}/{path}")
    text = await response.get_data(as_text=True)
    assert f"lastEventId={shown.position}" in text
    assert f"Path=/sse/tournaments/{tournament.id}/" in response.headers["Set-Cookie"]


FIELDS = (
    "name",
    "password",
    "next",
    "participants",
    "seeding",
    "third_place",
    "visibility",
    "participant1_score",
    "participant2_score",
    "participant1_tiebreak",
    "participant2_tiebreak",
    "step",
    "version",
    "walkover",
    "winner_id",
    "notes",
)
PATHS = (
    "/staff/login/",
    "/staff/tournaments/new/",
    *(f"/staff/tournaments/{{}}/{deed}/" for deed in ("participants", "generate", "visibility")),
    *(f"/staff/tournaments/{{}}/matches/{{}}/{deed}/" for deed in ("start", "score", "confirm")),
)
garbage = st.one_of(
    st.text(max_size=50), st.from_regex(r"[+-]?\d{1,5000}", fullmatch=True), st.sampled_from(["on", "nobody"])
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(PATHS),
    ids=st.tuples(*(st.sampled_from(["1", "2", "0", "-1", "9" * 40, "x", "%00"]) for _ in range(2))),
    form=st.dictionaries(st.sampled_from(FIELDS), garbage),
    htmx=st.booleans(),
)
async def test_garbage_is_refused_and_never_breaks_anything(
    hall: Hall, play: Play, path: str, ids: tuple[str, str], form: dict[str, str], htmx: bool
) -> None:
    """Whatever stands in any field of any form, the answer is a page or a refusal."""
    answer = await play.anna.post(path.format(*ids), form, htmx=htmx)
    assert answer.status < 500


@pytest.mark.parametrize(
    "body", [b"\xff\xfe=\xff&name=%ff%00", b"name", b"=&=&&;", b"participants=" + b"%0a" * 5000]
)
async def test_a_broken_body_is_refused(play: Play, body: bytes) -> None:
    """Bytes that are no form, too."""
    response = await play.anna.client.post(
        "/staff/tournaments/new/", data=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert response.status_code == 422
