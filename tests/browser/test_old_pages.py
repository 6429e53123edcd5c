"""A page that was open while the server was upgraded says that it must load itself anew, and does.

``pages-0.1.0.json.gz`` has the pages of a tournament and of a match as version 0.1.0 rendered them – four
players, the first match at 1–0 – and that version's own scripts, by their addresses. Its htmx is the one that
is still locked, so that is today's.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Route

from quart_app.actions.matches import confirm_result
from quart_app.domain.commands import ConfirmResult
from quart_app.show.templating import STATIC
from tests.browser.browsing import Viewer
from tests.browser.test_spectator import score, started
from tests.server import Server

FIXTURE = Path(__file__).resolve().parents[1] / "fixtures" / "pages-0.1.0.json.gz"
OLD: dict[str, str] = json.loads(gzip.decompress(FIXTURE.read_bytes()))
POSITION = re.compile(r"lastEventId=[\w-]+")
OLDER = "This page is of an older version"
OF_TODAY = r'#live-region[hx-sse\:connect*="page=2"]'


@asynccontextmanager
async def old_page(browser: Browser, url: str) -> AsyncIterator[tuple[Viewer, list[str]]]:
    """Who has a page of 0.1.0 open on a server of today, and which pages that server was asked for.

    Only the first time the page is the old one; its position and its cookie are those of the server.
    """
    path = urlsplit(url).path
    loads: list[str] = []
    context = await browser.new_context()

    async def page(route: Route) -> None:
        loads.append(route.request.url)
        if len(loads) > 1:
            await route.continue_()
            return
        today = await route.fetch()
        here = POSITION.search(await today.text())
        assert here is not None
        await route.fulfill(response=today, body=POSITION.sub(here[0], OLD[path]))

    async def script(route: Route) -> None:
        asked = urlsplit(route.request.url)
        if f"{asked.path}?{asked.query}" in OLD[path] and asked.path in OLD:
            await route.fulfill(body=OLD[asked.path], content_type="text/javascript")
        else:
            await route.continue_()

    await context.route("**/favicon.svg*", lambda route: route.fulfill(path=STATIC / "favicon.svg"))
    await context.route("**/static/*.js*", script)
    await context.route(url, page)
    try:
        viewer = Viewer(await context.new_page())
        await viewer.page.goto(url)
        yield viewer, loads
    finally:
        await context.close()


async def test_an_old_page_says_so_plays_on_and_loads_itself_anew(server: Server, browser: Browser) -> None:
    """It understands what it is told, shows what is played meanwhile, and is a page of today then."""
    tid, url = await started(server, 4)
    async with old_page(browser, url) as (viewer, loads):
        await viewer.page.get_by_text(OLDER).wait_for()
        assert await viewer.page.locator(OF_TODAY).count() == 0
        await score(server, tid, 1, 2, 0)
        await viewer.until("document.querySelector('#match-1 .score').textContent === '2'")
        assert await viewer.text("#freshness") == "Live"
        assert await viewer.page.locator(OF_TODAY).count() == 0, "it was shown by the page of today"
        await viewer.page.locator(OF_TODAY).wait_for(state="attached")
        await viewer.until_live()
        assert await viewer.page.get_by_text(OLDER).count() == 0
        await confirm_result(server.services, tid, ConfirmResult(match_id=1), None)
        await viewer.until("document.querySelector('#match-1').dataset.status === 'completed'")
        assert (len(loads), viewer.complaints) == (2, [])


async def test_an_old_page_of_a_match_loads_itself_anew_at_once(server: Server, browser: Browser) -> None:
    """It has no place to say so: it takes the word that its position is lost."""
    _, url = await started(server, 4)
    async with old_page(browser, f"{url}matches/1/") as (viewer, loads):
        await viewer.page.locator(OF_TODAY).wait_for(state="attached")
        await viewer.until_live()
        assert (len(loads), viewer.complaints) == (2, [])


@pytest.mark.parametrize("path", sorted(path for path in OLD if not path.startswith("/static/")))
def test_the_old_pages_are_old(path: str) -> None:
    """They ask for the scripts that are kept with them, and for no other."""
    asked = set(re.findall(r'src="(/static/\w+\.js)\?', OLD[path]))
    assert asked == {each for each in OLD if each.startswith("/static/")}
    assert "page=" not in OLD[path]
