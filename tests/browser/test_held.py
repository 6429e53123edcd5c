"""Streams that something on the way holds back: no page calls itself live, and each follows by asking."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser

from quart_app.settings import Settings
from tests.browser.browsing import Viewer, viewing
from tests.browser.holding import Held, holding_proxy
from tests.browser.proxy import COMPRESSING, Nginx
from tests.browser.test_pad import add_referees, refereeing
from tests.browser.test_stream import LIVE_SCORES, STATE, live_match, score
from tests.server import Server, running

RECORD = """
window.states = [];
new MutationObserver(() => {
  const state = document.getElementById("freshness")?.dataset.state;
  if (state && state !== window.states.at(-1)) window.states.push(state);
}).observe(document, { subtree: true, childList: true, attributes: true });
"""
CARD = LIVE_SCORES.replace("live-1", "match-1")
FOLLOWING = "Following every few seconds"

PATIENCE, TRIAL, ASKED_WITHIN = 7_000, 15_000, 13_000
"""How long, in milliseconds, a page waits for a first heartbeat, then for a stream to prove itself, and at
most until it asks again: see line.js. Only waiting is passed over, never what comes."""


@asynccontextmanager
async def opened(browser: Browser, server: Server, url: str, page: str) -> AsyncIterator[tuple[Viewer, int]]:
    """A tournament's page or a referee's pad, opened at ``url`` in place of the server's own address, and the
    tournament's id; all states of the mark stand in ``states``."""
    async with AsyncExitStack() as stack:
        if page == "pad":
            tid = await add_referees(server)
            viewer: Viewer = await stack.enter_async_context(
                refereeing(browser, server, "about:blank", "anna")
            )
            path = f"/staff/tournaments/{tid}/matches/1/"
        else:
            tid, _ = await live_match(server)
            viewer = await stack.enter_async_context(viewing(browser, "about:blank"))
            path = f"/tournaments/{tid}/"
        await viewer.page.add_init_script(RECORD)
        await viewer.page.context.clock.install()
        await viewer.page.goto(url + path)
        yield viewer, tid


async def pass_time(server: Server, viewer: Viewer, tid: int, milliseconds: int) -> None:
    """Let the page have waited for so long, once its stream is open at the server."""
    for _ in range(400):
        if server.hub.watching(tid):
            break
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.3)
    await viewer.page.context.clock.fast_forward(milliseconds)


@pytest.mark.parametrize("held", ["head", "body", "chunks"])
@pytest.mark.parametrize("page", ["page", "pad"])
async def test_a_stream_that_is_held_back_is_not_believed(
    server: Server, browser: Browser, held: Held, page: str
) -> None:
    """The page says that it follows every few seconds, and does, with never a word of being live."""
    async with (
        holding_proxy(urlsplit(server.url).port or 0, held) as (url, _),
        opened(browser, server, url, page) as (viewer, tid),
    ):
        if held != "chunks":  # those come, and their lateness is what the page has to notice
            await pass_time(server, viewer, tid, PATIENCE)
        await viewer.until(f"{STATE} === 'asking'")
        assert await viewer.text("#freshness") == FOLLOWING
        await score(server, tid, 1, 3, 2)
        await viewer.page.context.clock.fast_forward(ASKED_WITHIN)
        await viewer.until(f"{CARD} === '3–2'")
        assert "live" not in await viewer.page.evaluate("states")
        assert viewer.complaints == []


async def test_a_page_that_nothing_holds_back_stays_live(server: Server, browser: Browser) -> None:
    """Through quiet and busy times: it never doubts a stream that is good, nor asks."""
    tid, url = await live_match(server)
    asked: list[str] = []
    async with viewing(browser, "about:blank") as viewer:
        viewer.page.on("request", lambda each: asked.append(each.url))
        await viewer.page.add_init_script(RECORD)
        await viewer.page.goto(url)
        await viewer.until_live()
        for goals in range(3):
            await score(server, tid, 1, goals, goals)
            await asyncio.sleep(0.3)
        await asyncio.sleep(5)
        assert await viewer.page.evaluate("states") == ["connecting", "live"]
        assert not [each for each in asked if "catch-up" in each]


async def test_a_page_behind_an_nginx_that_compresses_follows(server: Server, browser: Browser) -> None:
    """It fills a buffer for its compression, and passes on no more than a head."""
    async with (
        Nginx.before(urlsplit(server.url).port or 0, buffering=COMPRESSING) as proxy,
        opened(browser, server, proxy.url, "page") as (viewer, tid),
    ):
        await pass_time(server, viewer, tid, PATIENCE)
        await viewer.until(f"{STATE} === 'asking'")
        await score(server, tid, 1, 3, 2)
        await viewer.page.context.clock.fast_forward(ASKED_WITHIN)
        await viewer.until(f"{CARD} === '3–2'")
        assert "live" not in await viewer.page.evaluate("states")


async def test_a_page_is_live_again_when_streams_get_through(server: Server, browser: Browser) -> None:
    """It tries one beside its asking, and is live as soon as that has proved itself."""
    async with (
        holding_proxy(urlsplit(server.url).port or 0, "body") as (url, mended),
        opened(browser, server, url, "page") as (viewer, tid),
    ):
        await pass_time(server, viewer, tid, PATIENCE)
        await viewer.until(f"{STATE} === 'asking'")
        # The first stream stays held; the next must pass, and no jump of the clock may make it look late.
        mended.set()
        await viewer.page.context.clock.fast_forward(TRIAL)
        await viewer.until(f"{STATE} === 'live'", 20)
        await score(server, tid, 1, 2, 2)
        await viewer.until(f"{CARD} === '2–2'")
        assert server.hub.watching(tid) == 1


async def test_a_line_gone_dead_is_replaced_before_the_stream_is_missed(
    settings: Settings, browser: Browser
) -> None:
    """Only the stream's connection is dead: the heartbeat that does not come is noticed, the page asks and
    shows what it has missed, and reads another stream."""
    async with (
        running(settings) as server,
        holding_proxy(urlsplit(server.url).port or 0, "nothing") as (url, silenced),
        opened(browser, server, url, "page") as (viewer, tid),
    ):
        await viewer.until_live()
        silenced.set()
        await score(server, tid, 1, 4, 4)
        begun = time.monotonic()
        await viewer.until(f"{CARD} === '4–4'", seconds=12)
        assert time.monotonic() - begun < settings.heartbeat_seconds
        await viewer.page.context.clock.fast_forward(TRIAL)
        await viewer.until(f"{STATE} === 'live'", 20)
