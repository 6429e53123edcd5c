"""A browser that keeps no cookies follows by the token itself, or says why it cannot."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from urllib.parse import urlsplit

from playwright.async_api import Browser, async_playwright

from tests.browser.browsing import ARGUMENTS, CHROMIUM, TRY_NOW, Viewer, viewing
from tests.browser.proxy import Nginx
from tests.browser.test_stream import LIVE_SCORES, live_match, score
from tests.server import Server

COOKIES_BLOCKED = {"profile": {"default_content_setting_values": {"cookies": 2}}}
LOCKS_DENIED = "navigator.locks.request('any', () => false).catch(() => true)"


async def test_a_browser_that_blocks_cookies_follows(server: Server, tmp_path: Path) -> None:
    """With Chromium's own setting, which denies the locks that tabs share a stream by, too."""
    profile = tmp_path / "Default"
    profile.mkdir()
    (profile / "Preferences").write_text(json.dumps(COOKIES_BLOCKED))
    tid, url = await live_match(server)
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            tmp_path, executable_path=CHROMIUM, args=ARGUMENTS
        )
        try:
            viewer = Viewer(context.pages[0])
            await viewer.page.goto(url)
            await viewer.until_live()
            assert await context.cookies() == []
            assert await viewer.page.evaluate(LOCKS_DENIED)
            await score(server, tid, 1, 2, 0)
            await viewer.until(f"{LIVE_SCORES} === '2–0'")
        finally:
            await context.close()


async def test_a_page_that_is_refused_with_a_fresh_token_says_why(server: Server, browser: Browser) -> None:
    """Behind a proxy that passes neither the cookie nor the token on; it tries ever more rarely, and is live
    when it may."""
    _, url = await live_match(server)
    statuses: list[int] = []
    async with (
        Nginx.before(urlsplit(server.url).port or 0) as proxy,
        viewing(browser, "about:blank") as viewer,
    ):
        viewer.page.on("response", lambda each: statuses.append(each.status) if "/sse/" in each.url else None)
        proxy.trouble("stripped")
        await viewer.page.goto(url.replace(server.url, proxy.url))
        await viewer.until("!document.getElementById('stopped').hidden")
        assert "takes its pass out" in await viewer.text("#stopped")
        await asyncio.sleep(2)
        assert 2 <= len(statuses) <= 8
        assert set(statuses) == {401}
        proxy.mend()
        await viewer.page.evaluate(TRY_NOW)
        await viewer.until_live()
        assert not await viewer.page.locator("#stopped").is_visible()
