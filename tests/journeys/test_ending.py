"""How a worker ends while requests are on their way: each is answered, or its connection ends silently."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop

from quart_app.app import create_app
from quart_app.serving import server as serving
from quart_app.settings import Settings
from tests.databases import prepare
from tests.server import running

WAITING = 20
"""Requests that stand at the door when the worker begins."""

LOGIN = b'{"username":"nobody","password":"wrong"}'
REQUEST = (
    b"POST /api/token/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(LOGIN), LOGIN)
)
"""One that takes long: a password is checked."""


class WhenRunning(logging.Handler):
    """Sets an event some turns of the loop after the server says that it listens."""

    def __init__(self, event: asyncio.Event, turns: int) -> None:
        super().__init__()
        self._event = event
        self._turns = turns
        self._task: asyncio.Task[None] | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Begin to count where the record is the server's."""
        if record.getMessage().startswith("Running on"):
            self._task = asyncio.get_running_loop().create_task(self._count())

    async def _count(self) -> None:
        for _ in range(self._turns):
            await asyncio.sleep(0)
        self._event.set()


@pytest.mark.parametrize("turns", [0, 1, 2, 3, 5, 8, 13])
@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_stopped_as_it_begins(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    new_loop: Callable[[], asyncio.AbstractEventLoop],
    turns: int,
) -> None:
    """Hypercorn does not wait for the connection that it accepted last: that request must be answered too."""
    settings = Settings.for_tests(database_url=f"sqlite+aiosqlite:///{tmp_path}/ending.db")
    caplog.set_level(logging.INFO, "hypercorn.error")
    answers = []

    async def begin_and_stop() -> None:
        await prepare(settings.database_url)
        listening = serving.listen(settings)
        callers = [await asyncio.open_connection(*listening.getsockname()) for _ in range(WAITING)]
        for _, writer in callers:
            writer.write(REQUEST)
        stop = asyncio.Event()
        stopper = WhenRunning(stop, turns)
        logging.getLogger("hypercorn.error").addHandler(stopper)
        try:
            await serving.serve(create_app(settings), settings, listening, stop=stop)
        finally:
            logging.getLogger("hypercorn.error").removeHandler(stopper)
        # what the end of a process does to all that still runs
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        for reader, writer in callers:
            try:
                answers.append(await reader.read())
            except ConnectionResetError:
                answers.append(b"")
            writer.close()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(begin_and_stop())
    answered = [answer[9:12] for answer in answers if answer]
    assert set(answered) <= {b"401", b"429"}
    assert answered or (new_loop, turns) == (asyncio.new_event_loop, 0)


@pytest.mark.parametrize(
    ("path", "headers", "content_type", "words"),
    [
        ("/api/token/", {}, "application/problem+json", '"code":"service.unavailable"'),
        ("/staff/login/", {}, "text/html; charset=utf-8", "<h1>Not available right now</h1>"),
        ("/staff/login/", {"HX-Request": "true"}, "text/html; charset=utf-8", '<div class="problem"'),
    ],
)
def test_what_takes_longer_than_the_end_waits_is_told_so(
    tmp_path: Path, path: str, headers: dict[str, str], content_type: str, words: str
) -> None:
    """Where the server would send an empty 500."""
    settings = Settings.for_tests(database_url=f"sqlite+aiosqlite:///{tmp_path}/ending.db", drain_seconds=0.3)
    form = {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": "2"}
    lines = {"Host": "localhost", **form, **headers}

    async def begin_and_stop() -> str:
        async with running(settings) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
            head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
            writer.write(f"POST {path} HTTP/1.1\r\n{head}\r\n{{".encode())  # and the rest never comes
            await asyncio.sleep(0.1)
        answer = (await reader.read()).decode()
        writer.close()
        return answer

    # the loop that servers run on: on asyncio's own, from Python 3.12 on, Hypercorn waits for every client
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        answer = runner.run(begin_and_stop())
    assert answer.startswith("HTTP/1.1 503 ")
    assert "\r\nretry-after: 2\r\n" in answer
    assert f"\r\ncontent-type: {content_type}\r\n" in answer
    assert "\r\nx-content-type-options: nosniff\r\n" in answer
    assert words in answer
