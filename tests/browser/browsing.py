"""A real Chromium that looks at a real server, and what the browser tests ask of its pages."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Route,
    async_playwright,
)

from quart_app.show.templating import STATIC
from tests.web.live_page import Element, parse

CHROMIUM = "/usr/bin/chromium"
WINDOWLESS = shutil.which("chromium-headless-shell") or CHROMIUM
"""The same without a window and settings of its own, if it is there: little more than half as long."""
HALL = "hall.example"
"""A name of this machine that a browser trusts no more than any other on the network."""

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--host-resolver-rules=MAP {HALL} 127.0.0.1",
)

TRY_NOW = "document.getElementById('freshness').click()"
"""A press of the mark, which does nothing where the page has come back by itself meanwhile."""

VIEWERS_OWN = ("data-viewer-", "data-htmx-", "aria-pressed", "aria-expanded", "style")
"""Attributes that htmx and the viewer leave behind, as prefixes."""


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Debian's Chromium, which speaks to nobody but the pages it is sent to."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=WINDOWLESS, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Viewer:
    """A page in a context of its own. ``complaints`` are its console's errors and warnings."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    async def text(self, selector: str) -> str:
        """The text of the first element, white space folded."""
        return " ".join((await self.page.locator(selector).first.text_content() or "").split())

    async def until(self, expression: str, seconds: float = 8.0) -> None:
        """Wait until a JavaScript expression holds. Fails, with the page's state, when it does not."""
        # asked from outside: the page's own policy forbids to evaluate text in it
        deadline = time.monotonic() + seconds
        while not await self.page.evaluate(expression):
            if time.monotonic() > deadline:
                mark = await self.text("#freshness")
                raise AssertionError(f"{expression} never held; the mark says {mark!r}; {self.complaints}")
            await asyncio.sleep(0.02)

    async def keep_answers(self) -> None:
        """Load the page anew with the browser's cache, which is off while a request may be answered here."""
        await self.page.context.unroute_all()
        await self.page.reload()

    async def until_live(self) -> None:
        """Wait until the page says that it is live."""
        await self.until("document.getElementById('freshness').dataset.state === 'live'")

    async def region(self) -> Element:
        """The live region, less what is the viewer's own."""
        region = parse(await self.page.locator("#live-region").inner_html())
        assert region.find("following") is not None
        return _shared(region)


def _shared(element: Element) -> Element:
    own = element.attributes.get("id") == "following"
    attributes = {
        name: value
        for name, value in element.attributes.items()
        if not (name.startswith(VIEWERS_OWN) or (own and name == "hidden"))
    }
    children = (
        () if own else tuple(each if isinstance(each, str) else _shared(each) for each in element.children)
    )
    return Element(element.tag, attributes, children)


@asynccontextmanager
async def viewing(browser: Browser, url: str, **options: Any) -> AsyncIterator[Viewer]:
    """A viewer who has opened a page; ``options`` are the context's, such as its viewport."""
    context: BrowserContext = await browser.new_context(**options)
    # Chromium asks for the icon late; a test that is over by then would leave the server half an answer.
    await context.route("**/favicon.svg*", _icon)
    try:
        viewer = Viewer(await context.new_page())
        await viewer.page.goto(url)
        yield viewer
    finally:
        # what a test's route still holds is answered no more
        with contextlib.suppress(Error):  # of a page that has crashed
            for page in context.pages:
                await page.unroute_all(behavior="ignoreErrors")
            await context.unroute_all(behavior="ignoreErrors")
        await context.close()


async def _icon(route: Route) -> None:
    await route.fulfill(path=STATIC / "favicon.svg")


@dataclass
class Line:
    """A stretch of network between browser and server: it can be frozen, and carries on afterwards."""

    url: str
    port: int
    open: asyncio.Event = field(default_factory=asyncio.Event)

    def freeze(self) -> None:
        """Carry nothing more, and tell nobody."""
        self.open.clear()

    def thaw(self) -> None:
        """Carry again what comes from now on, and what waited."""
        self.open.set()


@asynccontextmanager
async def line_to(port: int) -> AsyncIterator[Line]:
    """A line to a server's port."""
    tasks: set[asyncio.Task[None]] = set()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                await line.open.wait()
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass  # the other end went away
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await line.open.wait()
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        for pair in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.create_task(carry(*pair))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connect, "127.0.0.1", 0)
    near = int(server.sockets[0].getsockname()[1])
    line = Line(f"http://127.0.0.1:{near}", near)
    line.thaw()
    try:
        yield line
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
