"""Below a base path: whatever is written leads back below it, and is answered, whichever way a proxy asks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client
from werkzeug.http import parse_cookie

from quart_app.actions import matches
from quart_app.actions.staff import add_staff
from quart_app.actions.tournaments import create_tournament
from quart_app.app import create_app
from quart_app.domain.commands import ConfirmResult, CreateTournament, EntrantLine, StartMatch, UpdateScore
from quart_app.domain.events import StageSettings
from quart_app.errors import BadSettings
from quart_app.readers import OWN_SEGMENTS
from quart_app.settings import Settings
from quart_app.show.paths import PAGE_VERSION, serve_below
from quart_app.web.api.describe.docs_page import docs_page
from quart_app.web.api.describe.openapi import description
from quart_app.web.doors.access import local_path
from tests.server import Feed, open_feed, running
from tests.web.api_client import Caller
from tests.web.hall import NAMES, PASSWORD, Hall
from tests.web.live_page import parse

BASE = "/cup"
ASKED = ("href", "src", "data-copy", "hx-get", "hx-sse:connect")
"""The attributes that hold an address to get."""

SENT_TO = ("action", "formaction", "hx-post")
"""The attributes that hold an address to post to."""

CUP = {"name": "Cup", "participants": [{"name": "A"}, {"name": "B"}]}


@pytest.fixture(name="settings")
def _settings(settings: Settings) -> Iterator[Settings]:
    """Settings of a service below BASE; afterwards the process is at the root again."""
    yield replace(settings, base_path=BASE)
    serve_below("")


def addresses(html: str, names: tuple[str, ...]) -> list[str]:
    """What the attributes of these names hold, less what stays on the page."""
    found = [each.attributes.get(name) for each in parse(html).walk() for name in names]
    return [address for address in found if address is not None and not address.startswith("#")]


def written(html: str) -> list[str]:
    """Every address of ours that stands in a text, wherever: what begins as our paths do."""
    return re.findall(rf"""["'](/(?:cup/?|{"|".join(OWN_SEGMENTS)}|\?)[^"'\s]*)""", html)


async def until_changed(feed: Feed) -> str:
    """The fragments of the next frame that has any."""
    frame = await feed.next()
    while frame.event is not None or not frame.data:
        frame = await feed.next()
    return frame.data


async def play(hall: Hall) -> None:
    """Tournaments in every state that has pages of its own."""
    await hall.tournament(generate=False)
    tournament = await hall.tournament()
    for match_id in (1, 2):
        await matches.start_match(hall.services, tournament.id, StartMatch(match_id=match_id), None)
    score = UpdateScore(match_id=1, participant1_score=2, participant2_score=0)
    await matches.update_score(hall.services, tournament.id, score, None)
    await matches.confirm_result(hall.services, tournament.id, ConfirmResult(match_id=1), None)
    entrants = tuple(EntrantLine(name=name) for name in NAMES)
    stage = StageSettings(format="swiss", rounds=2)
    swiss = CreateTournament(name="League", entrants=entrants, stages=(stage,))
    await create_tournament(hall.services, swiss, None, generate=True)


async def crawl(client: Client, prefix: str) -> tuple[set[str], set[str]]:
    """Follow everything from the two front pages as a browser behind a proxy does, which passes on what it is
    asked less ``prefix``. Gives what was asked and what could be posted to; fails where an address leads out
    or is not answered."""
    asked: set[str] = set()
    posted: set[str] = set()
    waiting = [f"{BASE}/", f"{BASE}/staff/", f"{BASE}/api/docs"]
    while waiting:
        page = waiting.pop()
        if page in asked or "/sse/" in page:
            continue
        asked.add(page)
        answer = await client.get(page.removeprefix(prefix))
        assert answer.status_code == 200, page
        if answer.mimetype != "text/html":
            continue
        html = await answer.get_data(as_text=True)
        links, forms = ([urljoin(page, each) for each in addresses(html, kind)] for kind in (ASKED, SENT_TO))
        for address in (*links, *forms, *written(html)):
            assert address.startswith(f"{BASE}/"), f"{page} leads to {address}"
        waiting += links
        posted.update(forms)
    for address in posted:  # a form may do anything; that there is a place for it is told without sending it
        answer = await client.put(address.removeprefix(prefix))
        assert (answer.status_code, "POST" in answer.headers.get("Allow", "")) == (405, True), address
    return asked, posted


@pytest.mark.parametrize("prefix", ["", BASE], ids=["passed on", "taken off"])
async def test_whatever_is_written_stays_below(app: Quart, prefix: str) -> None:
    """Pages, forms, scripts and sheets, from a login on; the proxy passes the base on, or does not."""
    hall = Hall(app)
    await add_staff(hall.services, "anna", PASSWORD, "organiser")
    await play(hall)
    client = app.test_client()
    wanted = await client.get(f"{BASE}/staff/?x=1".removeprefix(prefix), headers={"Accept": "text/html"})
    assert wanted.headers["Location"] == f"{BASE}/staff/login/?next={BASE}/staff/%3Fx%3D1"
    login = await client.get(wanted.headers["Location"].removeprefix(prefix))
    html = await login.get_data(as_text=True)
    (action,) = addresses(html, SENT_TO)
    (following,) = re.findall(r'name="next" value="([^"]+)"', html)
    form = {"name": "anna", "password": PASSWORD, "next": following}
    signed_in = await client.post(action.removeprefix(prefix), form=form)
    assert (signed_in.status_code, signed_in.headers["Location"]) == (303, f"{BASE}/staff/?x=1")
    # the jar of the test's client knows no proxy: the cookies' paths are looked at below
    named = [parse_cookie(line).to_dict() for line in signed_in.headers.getlist("Set-Cookie")]
    jar = {name: value for each in named for name, value in each.items() if name.startswith("grandstand_")}
    for name, value in jar.items():
        client.set_cookie("localhost", name, value)
    asked, posted = await crawl(client, prefix)
    assert any(re.fullmatch(rf"{BASE}/staff/tournaments/\d+/matches/\d+/correct/", each) for each in asked)
    assert any(each.startswith(f"{BASE}/static/vendor/") for each in asked)
    assert any(each.endswith("/stages/1/round/") for each in asked)
    assert len(posted) > 15
    out = await client.post(f"{BASE}/staff/logout/".removeprefix(prefix))
    assert out.headers["Location"] == f"{BASE}/"


async def test_cookies_are_for_below(app: Quart) -> None:
    """So that two services on one host do not overwrite each other's."""
    hall = Hall(app)
    await add_staff(hall.services, "anna", PASSWORD, "organiser")
    tournament = await hall.tournament()
    client = app.test_client()
    login = await client.post(f"{BASE}/staff/login/", form={"name": "anna", "password": PASSWORD})
    page = await client.get(f"{BASE}/tournaments/{tournament.id}/")
    out = await client.post(f"{BASE}/staff/logout/")
    paths = {
        (parts[0].partition("=")[0], part.strip())
        for answer in (login, page, out)
        for line in answer.headers.getlist("Set-Cookie")
        for parts in [line.split(";")]
        for part in parts
        if part.strip().startswith("Path=")
    }
    assert paths == {
        ("grandstand_session", f"Path={BASE}/"),
        ("grandstand_device", f"Path={BASE}/staff/login/"),
        ("feed_token", f"Path={BASE}/sse/tournaments/{tournament.id}/"),
    }


async def test_a_login_from_before_the_base_path_counts_no_more(app: Quart, settings: Settings) -> None:
    """Its cookie is the whole host's, so that signing out below the base would leave it there."""
    before = create_app(replace(settings, base_path=""))
    async with before.test_app():
        hall = Hall(before)
        await add_staff(hall.services, "anna", PASSWORD, "organiser")
        anna = await hall.sign_in("anna")
        assert (await anna.get("/staff/")).status == 200
    serve_below(BASE)
    (session,) = [each for each in anna.client.cookie_jar or () if each.name == "grandstand_session"]
    client = app.test_client()
    client.set_cookie("localhost", session.name, session.value or "")
    assert (await client.get(f"{BASE}/staff/")).status_code == 302


async def test_the_api_tells_addresses_below(app: Quart) -> None:
    """What it lists, makes and refuses, and its own description."""
    olga = await Caller.staff(app, "Olga", "organiser")
    made = await olga.post(f"{BASE}/api/tournaments/", CUP)
    tid = made.json["tournament_id"]
    assert made.json["url"] == f"{BASE}/tournaments/{tid}/"
    assert made.headers["Location"] == f"{BASE}/api/tournaments/{tid}/"
    await olga.post("/api/tournaments/", CUP)
    page = (await olga.get(f"{BASE}/api/tournaments/?limit=1")).json
    assert page["tournaments"][0]["url"] == f"{BASE}/api/tournaments/{tid + 1}/"
    assert (await olga.get(page["next"])).json["tournaments"][0]["url"] == made.headers["Location"]
    token = await olga.post(f"{BASE}/api/tournaments/{tid}/feed-token/", {})
    assert token.json["url"] == f"{BASE}/sse/tournaments/{tid}/"
    refused = await olga.get(f"{BASE}/api/tournaments/999/")
    assert refused.json["type"] == f"{BASE}/api/docs#not_found"
    assert (await olga.get(f"{BASE}/api/openapi.json")).json["servers"] == [{"url": BASE}]
    assert f"POST {BASE}/api/tournaments/" in docs_page()
    serve_below("")
    assert "servers" not in description()


async def test_a_feed_is_below_and_its_fragments_lead_below(settings: Settings) -> None:
    """On a real server, with the socket handed over; also for the browser's client of 0.1, which puts its
    base before the address that it is told."""
    async with running(settings) as server:
        tournament = await server.tournament(4)
        epoch = (await server.services.ledger.load(tournament.id)).epoch
        bearer = {"Authorization": f"Bearer {await server.feed_token(tournament.id)}"}
        feed = f"{BASE}/sse/tournaments/{tournament.id}/fragments/"
        for path in (feed, f"{BASE}{feed}", feed.removeprefix(BASE)):
            query = f"?page={PAGE_VERSION}&lastEventId={epoch}-1"
            async with open_feed(f"{server.url}{path}{query}", bearer) as following:
                changed = await until_changed(following)
                assert f'href="{BASE}/tournaments/{tournament.id}/matches/1/"' in changed
                assert all(each.startswith(f"{BASE}/") for each in written(changed))
        page = {"Referer": f"https://grandstand.example{BASE}/tournaments/{tournament.id}/"}
        async with open_feed(f"{server.url}{feed}", bearer | page) as outdated:
            assert f'hx-get="{BASE}/anew/"' in await until_changed(outdated)


async def test_the_base_without_its_slash_leads_to_it(app: Quart) -> None:
    """Its cookies are below the slash."""
    answer = await app.test_client().get(f"{BASE}?before=7")
    assert (answer.status_code, answer.headers["Location"]) == (308, f"{BASE}/?before=7")


async def test_health_is_told_at_the_root_too(app: Quart) -> None:
    """There a machine asks that knows of no proxy."""
    client = app.test_client()
    for path in ("/healthz", "/readyz", "/metrics"):
        assert [(await client.get(f"{base}{path}")).status_code for base in ("", BASE)] == [200, 200]


async def test_the_frameworks_own_redirects_stay_below(app: Quart) -> None:
    """Quart takes a doubled slash out."""
    for path in (f"{BASE}/tournaments//7/", "/tournaments//7/"):
        answer = await app.test_client().get(path)
        assert urlsplit(answer.headers["Location"]).path == f"{BASE}/tournaments/7/"


@pytest.mark.parametrize(
    "target", ["/", "/other/", "/cup", "/cupboard/", "/cup/../other/", "/cup/%2E%2e/other/", "//cup/"]
)
def test_a_login_leads_nowhere_else_on_the_host(settings: Settings, target: str) -> None:
    """What lies beside the base is another's."""
    serve_below(settings.base_path)
    assert local_path(target) == f"{BASE}/staff/"
    assert local_path(f"{BASE}/staff/?a=/..") == f"{BASE}/staff/?a=/.."


@pytest.mark.parametrize(
    ("text", "base"),
    [("/cup", "/cup"), ("/cup/", "/cup"), ("/clubs/a-1.b_c~d/", "/clubs/a-1.b_c~d"), ("/", "")],
)
def test_a_base_path_is_read(text: str, base: str) -> None:
    """With its last slash or without."""
    assert (
        Settings.from_env({"GRANDSTAND_ENV": "development", "GRANDSTAND_BASE_PATH": text}).base_path == base
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        *((text, f"'{text}' is not a path such as /cup") for text in ("cup", "//cup", "/a//b", "/a b", "/é")),
        *(
            (text, f"'{text}' is not a path such as /cup")
            for text in ("/..", "/a/./b", "/a?b", "https://a/b")
        ),
        ("/staff", "our own paths begin with /staff, too"),
        ("/api/cup", "our own paths begin with /api, too"),
    ],
)
def test_what_is_no_base_path_is_refused(text: str, sentence: str) -> None:
    """At the start, beside whatever else is wrong."""
    with pytest.raises(BadSettings) as refused:
        Settings.from_env({"GRANDSTAND_BASE_PATH": text, "PORT": "x"})
    assert f"GRANDSTAND_BASE_PATH: {sentence}" in refused.value.detail
    assert "PORT: " in refused.value.detail


def test_the_own_segments_are_those_of_the_routes(tmp_path: Path) -> None:
    """A base path can be told from every path of ours."""
    rules = create_app(Settings.for_tests(database_url=f"sqlite+aiosqlite:///{tmp_path}/g.db")).url_map
    assert {rule.rule.split("/")[1] for rule in rules.iter_rules()} - {""} == OWN_SEGMENTS
