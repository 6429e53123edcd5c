"""Whom a viewer follows, how cards and pages tell who plays and who has won, and what stands on paper."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser

from quart_app.actions.matches import confirm_result
from quart_app.domain.commands import ConfirmResult
from tests.browser.browsing import viewing
from tests.browser.test_spectator import PHONE, score, started
from tests.server import Server


async def test_several_are_followed_each_with_the_next_match_on_top(server: Server, browser: Browser) -> None:
    """Two who meet have one card; what was chosen in another tab, or by an older version, counts too."""
    tid, url = await started(server, 8)
    async with viewing(browser, url) as viewer:
        await viewer.page.evaluate(f"localStorage.setItem('grandstand.follow.{tid}', '1')")
        await viewer.page.reload()
        assert (await viewer.text("#following")).startswith("You follow P1QF 1")
        star = viewer.page.locator("#match-3").get_by_role("button", name="Follow").first
        await star.click()
        await viewer.page.locator("#match-1").get_by_role("button", name="Follow").last.click()
        cards = "[...document.querySelectorAll('#following .match-label')].map((each) => each.textContent)"
        assert await viewer.page.evaluate(cards) == ["QF 1", "QF 3"]
        other = await viewer.page.context.new_page()
        await other.goto(url)
        await other.locator("#match-3 .star[aria-pressed=true]").click()
        await viewer.until("document.querySelectorAll('#following .match').length === 1")
        assert await star.get_attribute("aria-pressed") == "false"


@pytest.mark.parametrize("spot", [".name", ".score", ".match-label"])
async def test_a_card_opens_its_match_wherever_it_is_tapped(
    server: Server, browser: Browser, spot: str
) -> None:
    """On a phone as elsewhere; the star alone follows."""
    _, url = await started(server, 4)
    async with viewing(browser, url, has_touch=True, **PHONE) as viewer:
        await viewer.page.locator("#match-1 .star").first.tap()
        assert viewer.page.url == url
        assert await viewer.text("#following h2") == "You follow P1"
        box = await viewer.page.locator(f"#live-1 {spot}").first.bounding_box()
        assert box is not None
        await viewer.page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        await viewer.page.wait_for_url(f"{url}matches/1/")


async def test_a_match_says_which_it_is_and_who_plays(server: Server, browser: Browser) -> None:
    """Its heading is the pairing, also when that comes to be known while somebody looks."""
    tid, url = await started(server, 4)
    async with viewing(browser, f"{url}matches/3/") as viewer:
        await viewer.until_live()
        assert await viewer.text("h1") == "Winner of SF 1 v Winner of SF 2"
        assert await viewer.text(".facts") == "Final"
        await confirm_result(server.services, tid, ConfirmResult(match_id=1), None)
        await viewer.until("document.querySelector('h1').textContent === 'P1 v Winner of SF 2'")
        assert await viewer.page.title() == "P1 v Winner of SF 2 – Cup of 4"
        await viewer.page.goto(f"{url}matches/1/")
        assert await viewer.text(".facts") == "Semi-finals · match 1"


async def test_a_name_is_found_and_followed(server: Server, browser: Browser) -> None:
    """From sixteen on, by the keyboard alone; fewer are seen at a glance."""
    _, url = await started(server, 16)
    few = await server.tournament(8)
    async with viewing(browser, url) as viewer:
        await viewer.page.get_by_role("searchbox", name="Find a name").fill("p12")
        await viewer.page.keyboard.press("Tab")
        await viewer.page.keyboard.press("Enter")
        assert await viewer.text("#following h2") == "You follow P12"
        await viewer.page.locator("#find").focus()
        await viewer.page.keyboard.press("ArrowDown")
        assert (await viewer.page.evaluate("document.activeElement.textContent")).startswith("P12 R16")
        await viewer.page.keyboard.press("Enter")
        await viewer.page.wait_for_url("**/matches/*/")
        await viewer.page.goto(f"{server.url}/tournaments/{few.id}/")
        assert not await viewer.page.locator("#finder").is_visible()


async def test_on_paper_nothing_is_live(server: Server, browser: Browser) -> None:
    """It says of when it is instead."""
    _, url = await started(server, 4)
    async with viewing(browser, url) as viewer:
        await viewer.until_live()
        await viewer.page.emulate_media(media="print")
        await viewer.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert (await viewer.page.locator("#as-of").inner_text()).startswith("As of ")
        assert await viewer.page.locator(".badge.live:visible, .star:visible").count() == 0


async def test_the_front_page_is_live(server: Server, browser: Browser) -> None:
    """A score changes on it, and then there is a winner; nothing is complained about."""
    tid, _ = await started(server, 2)
    async with viewing(browser, server.url) as viewer:
        await viewer.until_live()
        await score(server, tid, 1, 3, 2)
        await viewer.until("document.querySelector('.front-score').textContent === '3–2'")
        await confirm_result(server.services, tid, ConfirmResult(match_id=1), None)
        await viewer.until("document.querySelector('.finished')?.textContent.includes('Winner P1')")
        assert viewer.complaints == []
