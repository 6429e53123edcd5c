"""Answers that are not the server's own: what a proxy or a hall's network says for it is never believed."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from playwright.async_api import Browser

from quart_app.actions.matches import update_score
from quart_app.domain.commands import UpdateScore
from tests.browser.browsing import viewing
from tests.browser.proxy import Nginx
from tests.browser.test_pad import NOT_SAVED, add_referees, refereeing, scored
from tests.browser.test_stream import LIVE_SCORES, STATE, live_match
from tests.server import Server

LEAVING_IS_FREE = "() => dispatchEvent(new Event('beforeunload', { cancelable: true }))"


async def test_a_score_that_something_else_answered_is_sent_again(server: Server, browser: Browser) -> None:
    """The pad stays, says so in our words, warns who leaves, and what was tapped meanwhile arrives."""
    tid = await add_referees(server)
    async with (
        Nginx.before(urlsplit(server.url).port or 0) as proxy,
        refereeing(browser, server, f"{proxy.url}/staff/tournaments/{tid}/matches/1/", "anna") as pad,
    ):
        await pad.until_live()
        proxy.trouble("portal")
        await pad.tap(1, 2)
        await pad.until(NOT_SAVED)
        assert "(200)" in await pad.text("#pad-trouble")
        assert not await pad.page.evaluate(LEAVING_IS_FREE)
        proxy.mend()
        await scored(server, tid, (2, 0))
        await pad.until(f"!{NOT_SAVED}")
        await pad.reads("2–0")
        assert await pad.page.evaluate(LEAVING_IS_FREE)


async def test_a_pad_that_could_not_ask_asks_again(server: Server, browser: Browser) -> None:
    """The stream tells of another's score, and what comes for the pad is not ours: it is never shown."""
    tid = await add_referees(server)
    async with (
        Nginx.before(urlsplit(server.url).port or 0) as proxy,
        refereeing(browser, server, f"{proxy.url}/staff/tournaments/{tid}/matches/1/", "anna") as pad,
    ):
        await pad.until_live()
        proxy.trouble("gateway")
        score = UpdateScore(match_id=1, participant1_score=0, participant2_score=1)
        await update_score(server.services, tid, score, None)
        await pad.until(f"{LIVE_SCORES.replace('live-1', 'match-1')} === '0–1'")
        await asyncio.sleep(0.3)
        assert "nginx" not in await pad.page.content()
        await pad.reads("0–0")
        proxy.mend()
        await pad.reads("0–1")


async def test_a_refusal_that_is_not_ours_stops_no_page(server: Server, browser: Browser) -> None:
    """Only the server may say that somebody may no longer watch."""
    _, url = await live_match(server)
    async with (
        Nginx.before(urlsplit(server.url).port or 0) as proxy,
        viewing(browser, "about:blank") as viewer,
    ):
        proxy.trouble("forbidden")
        await viewer.page.goto(url.replace(server.url, proxy.url))
        await viewer.until(f"{STATE} === 'reconnecting'")
        proxy.mend()
        await viewer.until_live()
        assert not await viewer.page.locator("#stopped").is_visible()
