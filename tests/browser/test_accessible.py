"""What axe has to say of the pages: nothing. On every screen, light and dark, in every format."""

from __future__ import annotations

from functools import cache

import pytest
from playwright.async_api import Browser

from tests.browser.browsing import Viewer, viewing
from tests.browser.test_formats import SCREENS, STAGES, made
from tests.browser.test_pad import add_referees, refereeing
from tests.conformance.clients import ROOT
from tests.server import Server

FINDINGS = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations.flatMap(
  ({ id, nodes }) => nodes.map(({ target, failureSummary }) => [id, ...target, failureSummary].join(" ")))"""


@cache
def axe() -> str:
    """The script of axe-core, of the locked package."""
    script = ROOT / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists():
        pytest.fail("node_modules/axe-core is missing; run `make setup`", pytrace=False)
    return script.read_text()


async def findings(viewer: Viewer) -> list[str]:
    """What axe finds wrong with the page as it stands."""
    await viewer.page.evaluate(axe())
    found: list[str] = await viewer.page.evaluate(FINDINGS)
    return found


async def test_it_has_something_to_say(server: Server, browser: Browser) -> None:
    """Of a page that is not well made."""
    async with viewing(browser, f"{server.url}/") as viewer:
        await viewer.page.evaluate("document.body.append(new Image())")
        assert any(found.startswith("image-alt ") for found in await findings(viewer))


@pytest.mark.parametrize("name", STAGES)
async def test_spectators_pages(server: Server, browser: Browser, name: str) -> None:
    """A tournament's page, while a match is played."""
    _, url = await made(server, name)
    async with viewing(browser, url) as viewer:
        await viewer.until_live()
        found = {}
        for where, (width, height) in SCREENS.items():
            await viewer.page.set_viewport_size({"width": width, "height": height})
            # as in a hall
            await viewer.page.emulate_media(color_scheme="dark" if where == "wall" else "light")
            found[where] = await findings(viewer)
        assert not any(found.values()), found


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_other_pages(server: Server, browser: Browser, scheme: str) -> None:
    """The front page, a match's, and those of the staff, from the login on."""
    tid = await add_referees(server)
    staff, public = f"{server.url}/staff/", f"{server.url}/tournaments/{tid}/"
    paths = [f"{server.url}/", f"{public}matches/1/", f"{server.url}/staff/login/"]
    hall = f"{staff}tournaments/{tid}/"
    paths += [staff, f"{staff}tournaments/new/", hall, f"{hall}matches/1/", f"{hall}matches/2/"]
    paths += [f"{hall}participants/", f"{hall}history/"]
    found = {}
    async with refereeing(browser, server, staff, "anna", color_scheme=scheme) as pad:
        for path in paths:
            answer = await pad.page.goto(path)
            assert answer is not None
            assert answer.status == 200
            found[path] = await findings(pad)
    assert not any(found.values()), found
