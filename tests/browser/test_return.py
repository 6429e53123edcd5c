"""Coming back: a page tries again soon and lets its viewer try now, and says it once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise
from urllib.parse import urlsplit

from playwright.async_api import Browser, Request

from quart_app.settings import Settings
from tests.browser.browsing import TRY_NOW, viewing
from tests.browser.test_stream import STATE, live_match
from tests.live.listening import until
from tests.server import Server, running

STEP = 1000
"""Milliseconds of the browser's time that pass at once."""


async def test_a_server_that_is_back_is_found_soon(settings: Settings, browser: Browser) -> None:
    """In the first minutes no two tries are more than 8 s apart, and its viewer can have one at once."""
    tries: list[int] = []
    begun: set[Request] = set()
    now = 0

    def asked(request: Request) -> None:
        begun.add(request)
        if "/sse/" in request.url:
            tries.append(now)

    async with viewing(browser, "about:blank") as viewer:
        page = viewer.page
        await page.clock.install()
        async with running(settings) as server:
            _, url = await live_match(server)
            await page.goto(url)
            await viewer.until_live()
        await viewer.until(f"{STATE} === 'reconnecting'")
        page.on("request", asked)
        page.on("requestfailed", lambda request: begun.discard(request))
        for now in range(0, 60_000, STEP):  # noqa: B007 - the listener reads it
            await page.clock.run_for(STEP)
            await asyncio.sleep(0.02)  # to be refused takes real time, and what follows waits for it
            await until(lambda: not begun)
            await page.evaluate("0")  # and what waited for that has gone on
        assert len(tries) > 6
        assert max(after - before for before, after in pairwise(tries)) <= 8000 + 2 * STEP
        async with running(replace(settings, port=urlsplit(url).port or 0)):
            await viewer.until("document.getElementById('freshness').textContent.endsWith('Try now')")
            await page.evaluate(TRY_NOW)
            await viewer.until_live()


async def test_what_comes_at_once_is_announced_at_once(server: Server, browser: Browser) -> None:
    """In one sentence, not in thirty."""
    _, url = await live_match(server)
    async with viewing(browser, url) as viewer:
        await viewer.until_live()
        told = await viewer.page.evaluate(
            """async () => {
              const region = document.getElementById("live-region");
              const announcer = document.getElementById("announcer");
              const told = [];
              const hear = new MutationObserver(() => told.push(announcer.textContent));
              hear.observe(announcer, { childList: true });
              for (let goals = 2; goals < 32; goals++) {
                const card = document.getElementById("match-1").cloneNode(true);
                card.dataset.says = `P1 lead P4 ${goals}–0`;
                const how = 'hx-target="#match-1" hx-swap="outerMorph"';
                const text = `<hx-partial ${how}>${card.outerHTML}</hx-partial>`;
                await htmx.swap({ sourceElement: region, swap: "none", text });
              }
              await new Promise((go) => setTimeout(go, 1000));
              return told;
            }"""
        )
        assert told[-1] == "P1 lead P4 31–0."
        assert len(told) <= 2
