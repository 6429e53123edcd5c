"""Several tabs of one browser share a tournament's stream, and whoever reads it can go at any moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, Page, Request

from quart_app.actions import staff
from quart_app.actions.tournaments import change_visibility
from quart_app.domain.commands import ChangeVisibility
from quart_app.settings import Settings
from tests.browser.browsing import Viewer, line_to, viewing
from tests.browser.test_stream import LIVE_SCORES, STATE, live_match, score
from tests.server import PASSWORD, Server, running

HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
RECORD = """() => {
  window.marks = [];
  const mark = document.getElementById("freshness");
  new MutationObserver(() => marks.push(mark.textContent)).observe(mark, { childList: true });
}"""
BLOCK = "(milliseconds) => { const end = Date.now() + milliseconds; while (Date.now() < end); }"


@dataclass
class Tab(Viewer):
    """A tab beside others. ``streams`` and ``tokens`` are how often it has asked the server for one."""

    streams: int = 0
    tokens: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.page.on("request", self._asked)

    def _asked(self, request: Request) -> None:
        self.streams += "/sse/" in request.url
        self.tokens += request.url.endswith("/feed-token/")

    async def until_shows(self, scores: str, seconds: float = 8.0) -> None:
        """Wait until match 1 stands so on the tournament's page."""
        await self.until(f"{LIVE_SCORES} === '{scores}'", seconds)


@dataclass
class Window:
    """The tabs of one browser, in the order in which they were opened."""

    context: BrowserContext
    tabs: list[Tab] = field(default_factory=list)

    async def open(self, *urls: str) -> None:
        """Load each of these in a new tab, all at the same time, and wait until they are live."""
        new = [Tab(await self.context.new_page()) for _ in urls]
        self.tabs += new
        await asyncio.gather(*(tab.page.goto(url) for tab, url in zip(new, urls, strict=True)))
        await asyncio.gather(*(tab.until_live() for tab in new))

    @property
    def readers(self) -> list[Tab]:
        """The tabs that have asked the server for a stream so far."""
        return [tab for tab in self.tabs if tab.streams]

    def forget(self, tab: Tab) -> list[Tab]:
        """Count a tab no more. Gives those that are left."""
        self.tabs.remove(tab)
        return self.tabs

    async def until_all_show(self, scores: str, seconds: float = 8.0) -> None:
        """Wait until match 1 stands so in every tab."""
        await asyncio.gather(*(tab.until_shows(scores, seconds) for tab in self.tabs))

    @property
    def complaints(self) -> list[str]:
        """What all consoles have to say."""
        return [complaint for tab in self.tabs for complaint in tab.complaints]


@asynccontextmanager
async def window(browser: Browser, *urls: str) -> AsyncIterator[Window]:
    """A browser with live tabs."""
    async with viewing(browser, "about:blank") as viewer:
        opened = Window(viewer.page.context)
        await opened.open(*urls)
        yield opened


async def until_streams(server: Server, tournament_id: int, count: int) -> None:
    """Wait until a tournament has so many streams. Fails when it never does."""
    for _ in range(400):
        if server.hub.watching(tournament_id) == count:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{server.hub.watching(tournament_id)} streams are open, not {count}")


async def crash(page: Page) -> None:
    """Kill the process that runs a page."""
    session = await page.context.new_cdp_session(page)
    crashed = asyncio.Event()
    page.once("crash", lambda _: crashed.set())
    killing = asyncio.ensure_future(session.send("Page.crash"))  # nobody is left to answer
    await crashed.wait()
    killing.cancel()
    await asyncio.gather(killing, return_exceptions=True)


async def play_on(server: Server, tournament_id: int) -> None:
    """Post twenty scores of match 1, up to 20–0."""
    for goals in range(1, 21):
        await score(server, tournament_id, 1, goals, 0)
        await asyncio.sleep(0.01)


async def test_eight_tabs_load_and_show_a_score_within_a_second(server: Server, browser: Browser) -> None:
    """Over HTTP/1.1, where a seventh connection would have to wait, they live on one stream."""
    tid, url = await live_match(server)
    async with window(browser, *[url] * 8) as tabs:
        await score(server, tid, 1, 1, 1)
        await tabs.until_all_show("1–1", seconds=1.0)
        assert server.hub.watching(tid) == len(tabs.readers) == 1
        assert tabs.complaints == []


async def test_a_tab_that_closes_takes_nothing_with_it(server: Server, browser: Browser) -> None:
    """Whatever happens while another takes over, every page comes to equal a fresh one."""
    tid, url = await live_match(server)
    async with window(browser, *[url] * 3) as tabs:
        [reader] = tabs.readers
        left = list(tabs.forget(reader))
        await asyncio.gather(play_on(server, tid), reader.page.close())
        await tabs.until_all_show("20–0")
        await tabs.open(url)
        fresh = await tabs.tabs[-1].region()
        assert [await tab.region() for tab in left] == [fresh] * 2
        assert server.hub.watching(tid) == len(tabs.readers) == 1
        assert tabs.complaints == []


async def test_a_tab_that_crashes_takes_nothing_with_it(server: Server, browser: Browser) -> None:
    """Killed, it can say nothing to anyone; the browser gives its lock to another."""
    tid, url = await live_match(server)
    async with window(browser, *[url] * 3) as tabs:
        [reader] = tabs.readers
        tabs.forget(reader)
        await asyncio.gather(play_on(server, tid), crash(reader.page))
        await tabs.until_all_show("20–0")
        assert server.hub.watching(tid) == len(tabs.readers) == 1


async def test_a_tab_that_hangs_is_relieved(settings: Settings, browser: Browser) -> None:
    """The others notice its silence, say so, and go on without it; it follows when it comes to."""
    async with running(replace(settings, heartbeat_seconds=0.3)) as server:
        tid, url = await live_match(server)
        async with window(browser, *[url] * 3) as tabs:
            [reader] = tabs.readers
            others = list(tabs.forget(reader))
            hanging = asyncio.ensure_future(reader.page.evaluate(BLOCK, 5500))
            await score(server, tid, 1, 2, 2)
            await asyncio.gather(*(tab.until(f"{STATE} === 'reconnecting'") for tab in others))
            await tabs.until_all_show("2–2")
            await hanging
            await score(server, tid, 1, 3, 2)
            await reader.until_shows("3–2")
            await until_streams(server, tid, 1)


async def test_a_hidden_tab_hands_its_stream_over(server: Server, browser: Browser) -> None:
    """Out of sight it rests, and the others read on; looked at again, it catches up and follows them."""
    tid, url = await live_match(server)
    async with window(browser, *[url] * 2) as tabs:
        [reader] = tabs.readers
        await reader.page.evaluate(HIDE, True)
        await play_on(server, tid)
        tabs.forget(reader)
        await tabs.until_all_show("20–0")
        await reader.page.evaluate(HIDE, False)
        await reader.until_live()
        await reader.until_shows("20–0")
        await until_streams(server, tid, 1)


async def test_a_tab_opened_in_the_background_waits_until_it_is_looked_at(
    server: Server, browser: Browser
) -> None:
    """It takes no stream before, and is live as soon as somebody sees it."""
    tid, url = await live_match(server)
    hidden = "Object.defineProperty(document, 'hidden', { value: true, configurable: true });"
    async with viewing(browser, "about:blank") as viewer:
        await viewer.page.add_init_script(hidden)
        await viewer.page.goto(url)
        await asyncio.sleep(0.5)
        assert server.hub.watching(tid) == 0
        await viewer.page.evaluate(HIDE, False)
        await viewer.until_live()


async def test_a_tab_that_has_missed_something_catches_up_by_itself(server: Server, browser: Browser) -> None:
    """Its page is older than the stream of the others: it reads one of its own until it is where they are."""
    tid, url = await live_match(server)
    async with window(browser, url) as tabs:
        old = (await server.client.get(url)).text
        await score(server, tid, 1, 3, 3)
        await tabs.until_all_show("3–3")
        await tabs.context.route(url, lambda route: route.fulfill(body=old, content_type="text/html"))
        await tabs.open(url)
        await tabs.until_all_show("3–3")
        await until_streams(server, tid, 1)
        await score(server, tid, 1, 4, 3)
        await tabs.until_all_show("4–3")
        assert [tab.streams for tab in tabs.tabs] == [1, 1]


async def test_all_tabs_come_back_after_a_restart(settings: Settings, browser: Browser) -> None:
    """Each says that it reconnects; then all catch up, with one stream again."""
    async with viewing(browser, "about:blank") as viewer:
        tabs = Window(viewer.page.context)
        async with running(settings) as server:
            tid, url = await live_match(server)
            await tabs.open(*[url] * 3)
        await asyncio.gather(*(tab.until(f"{STATE} === 'reconnecting'") for tab in tabs.tabs))
        async with running(replace(settings, port=urlsplit(url).port or 0)) as server:
            await score(server, tid, 1, 4, 2)
            await tabs.until_all_show("4–2")
            await asyncio.gather(*(tab.until_live() for tab in tabs.tabs))
            await until_streams(server, tid, 1)


async def test_all_tabs_notice_a_line_gone_dead(settings: Settings, browser: Browser) -> None:
    """Without signs of life none calls itself live, however much the tabs have to say to each other."""
    async with running(replace(settings, heartbeat_seconds=0.5)) as server:
        tid, url = await live_match(server)
        async with (
            line_to(urlsplit(url).port or 0) as line,
            window(browser, *[f"{line.url}/tournaments/{tid}/"] * 2) as tabs,
        ):
            line.freeze()
            await asyncio.gather(*(tab.until(f"{STATE} === 'reconnecting'") for tab in tabs.tabs))
            line.thaw()
            await asyncio.gather(*(tab.until_live() for tab in tabs.tabs))


async def test_tabs_that_wake_after_an_hour_say_so_and_catch_up(server: Server, browser: Browser) -> None:
    """As on a phone that slept: the mark has the age of what is shown, until it is live again."""
    tid, url = await live_match(server)
    async with window(browser) as tabs:
        await tabs.context.clock.install()
        await tabs.open(url, url)
        for tab in tabs.tabs:
            await tab.page.evaluate(RECORD)
        await score(server, tid, 1, 2, 1)
        await tabs.context.clock.fast_forward("01:00:00")
        await asyncio.gather(
            *(
                tab.until("marks.some((mark) => mark.startsWith('Not live · last update 1 h ago'))")
                for tab in tabs.tabs
            )
        )
        await asyncio.gather(*(tab.until_live() for tab in tabs.tabs))
        await score(server, tid, 1, 2, 2)
        await tabs.until_all_show("2–2")
        await until_streams(server, tid, 1)


async def test_all_tabs_stop_when_nobody_may_watch_any_more(server: Server, browser: Browser) -> None:
    """Made private, the tournament's pages say so, the one that read the stream and those that did not."""
    tid, url = await live_match(server)
    async with window(browser, *[url] * 3) as tabs:
        await change_visibility(server.services, tid, ChangeVisibility(visibility="private"), None)
        stopped = "!document.getElementById('stopped').hidden && " + f"{STATE} === 'stale'"
        await asyncio.gather(*(tab.until(stopped) for tab in tabs.tabs))
        assert server.hub.watching(tid) == 0


async def test_one_tab_renews_the_token_for_all(settings: Settings, browser: Browser) -> None:
    """It is in a cookie, which all have."""
    async with running(replace(settings, feed_token_seconds=1.0)) as server:
        _, url = await live_match(server)
        async with window(browser, *[url] * 3) as tabs:
            [reader] = tabs.readers
            await asyncio.sleep(2.0)
            async with asyncio.timeout(15):
                while reader.tokens == 0:  # noqa: ASYNC110 - another process sets no event
                    await asyncio.sleep(0.05)
            assert sum(tab.tokens for tab in tabs.tabs) == reader.tokens


async def test_pages_of_all_kinds_share(server: Server, browser: Browser) -> None:
    """The bracket, a match and the scoring pad of a tournament live on one stream; another has its own."""
    tid, url = await live_match(server)
    pages = (url, f"{url}matches/1/", f"{server.url}/staff/tournaments/{tid}/matches/1/")
    other = await server.tournament(4)
    await staff.add_staff(server.services, "Ref", PASSWORD, "scorer")
    async with window(browser) as tabs:
        page = await tabs.context.new_page()
        await page.goto(f"{server.url}/staff/login/")
        await page.fill("#name", "Ref")
        await page.fill("#password", PASSWORD)
        await page.click("main button[type=submit]")
        await tabs.open(*pages, f"{server.url}/tournaments/{other.id}/")
        await score(server, tid, 1, 6, 4)
        shown = "document.querySelector('#match-1 .score')?.textContent === '6'"
        await asyncio.gather(*(tab.until(shown) for tab in tabs.tabs[:3]))
        assert (server.hub.watching(tid), server.hub.watching(other.id)) == (1, 1)
        assert tabs.complaints == []


async def test_without_locks_each_tab_has_its_own_stream(server: Server, browser: Browser) -> None:
    """As in a hall's network over plain HTTP, which browsers do not trust with locks."""
    tid, url = await live_match(server)
    async with window(browser) as tabs:
        await tabs.context.add_init_script("delete Navigator.prototype.locks")
        await tabs.open(url, url)
        await score(server, tid, 1, 1, 5)
        await tabs.until_all_show("1–5")
        assert server.hub.watching(tid) == 2


async def test_every_tab_says_how_many_watch(server: Server, browser: Browser) -> None:
    """Browsers, not tabs, and also in the tab that comes last."""
    tid, url = await live_match(server)
    async with server.feed(tid), window(browser, url, f"{url}matches/1/") as tabs:
        two = "document.getElementById('watching').textContent === '2 watching'"
        await asyncio.gather(*(tab.until(two) for tab in tabs.tabs))
        await tabs.open(url)
        await asyncio.gather(*(tab.until(two) for tab in tabs.tabs))
