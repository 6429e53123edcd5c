"""htmx 4 with hx-sse, as the real tournament page has it: what it got is what the page shows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import httpx
from playwright.async_api import Browser, Response, Route

from tests.browser.browsing import Viewer
from tests.conformance.clients import Client
from tests.conformance.sessions import Event, Feed, Session


class HtmxSession(Session):
    """A page that follows its stream."""

    def __init__(self, viewer: Viewer, feed: Feed) -> None:
        super().__init__()
        self._viewer = viewer
        self._feed = feed
        viewer.page.on("response", self._answered)

    def _answered(self, response: Response) -> None:
        if urlsplit(response.url).path == f"{self._feed.path}fragments/":
            ok = response.status == 200
            self.note({"kind": "open"} if ok else {"kind": "refused", "status": response.status})

    async def until_open(self, times: int = 1) -> None:
        """Wait until the page calls itself live."""
        await super().until_open(times)
        await self._viewer.until_live()

    async def until_holds(self, expected: list[Event]) -> None:
        """Wait until the page shows, element for element, what a new page shows."""
        async with _opened(self._viewer.page.context.browser, self._feed) as newcomer:
            await newcomer.until_live()
            fresh = await newcomer.region()
        deadline = time.monotonic() + 30.0
        while await self._viewer.region() != fresh:
            state = await self._viewer.text("#freshness")
            told = f"{state!r}, {self.opened} opened, {self.refusals} refused, {self._viewer.complaints[-3:]}"
            assert time.monotonic() < deadline, f"the page never showed what a new page shows: {told}"
            await asyncio.sleep(0.05)

    async def until_stopped(self) -> None:
        """Wait until the page says that it has stopped."""
        await self._viewer.until("!document.getElementById('stopped').hidden")
        self.closed = True


class Htmx(Client):
    """htmx 4 and our own ``live.js`` around it: an expired token is renewed (401), a refusal is the end
    (403), and over a limit or without a server it tries again, ever more rarely."""

    name = "htmx"
    gives_up_on = (403,)
    renews_on = (401,)
    tells_status = True

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    @asynccontextmanager
    async def follow(self, feed: Feed) -> AsyncIterator[Session]:
        """Open the tournament's page, fresh or as it was when ``feed.page`` was read."""
        async with _opened(self._browser, feed, feed.page or await page_of(feed)) as viewer:
            session = HtmxSession(viewer, feed)
            await viewer.page.goto(_address(feed))
            yield session


async def page_of(feed: Feed) -> str:
    """The page as it is now."""
    async with httpx.AsyncClient(timeout=30) as client:
        answer = await client.get(_address(feed))
    answer.raise_for_status()
    return answer.text


def _address(feed: Feed) -> str:
    return f"{feed.url}/tournaments/{feed.tournament_id}/"


@asynccontextmanager
async def _opened(browser: Browser | None, feed: Feed, html: str | None = None) -> AsyncIterator[Viewer]:
    """A viewer; with ``html``, one who is about to get that page, and whose feed token is ``feed.token``."""
    assert browser is not None
    context = await browser.new_context()
    try:
        viewer = Viewer(await context.new_page())
        if html is None:
            await viewer.page.goto(_address(feed))
        else:
            # the page's own answer would set a good token
            await context.route(_address(feed), _answer_with(html))
            if feed.token is not None:
                cookie = {"name": "feed_token", "value": feed.token, "url": feed.url + feed.path}
                await context.add_cookies([cookie])  # type: ignore[list-item]
        yield viewer
    finally:
        await context.close()


def _answer_with(html: str) -> Callable[[Route], object]:
    async def answer(route: Route) -> None:
        await route.fulfill(status=200, body=html, content_type="text/html; charset=utf-8")

    return answer
