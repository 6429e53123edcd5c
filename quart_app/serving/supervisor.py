"""Several workers on one port: a crashed one is started again without touching the others, and the end is
passed on to all of them.

Each worker has a socket of its own on the port, and listens once it can serve. It is the only one that holds
that socket, so what waits at it when the worker dies is not kept waiting for a successor: the kernel ends it,
and whoever comes again gets to a living one. A worker that loses its supervisor ends, and one that does not
end is killed.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

from quart_app.serving.server import bind, log
from quart_app.settings import Settings

RESTART_SECONDS = 1.0

STUCK_SECONDS = 5.0
"""How much longer than twice the drain, of streams and then of requests, a worker may take to end."""


async def supervise(settings: Settings) -> None:
    """Run ``settings.workers`` worker processes until SIGTERM or SIGINT.

    Raises BadSettings when the port is taken, by another server of ours as well, or not allowed.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for ending in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(ending, stopping.set)
    bind(settings).close()  # a shared port would let us in beside somebody who listens on it already
    with bind(settings, shared=True) as reserved:
        same_port = replace(settings, port=reserved.getsockname()[1])
        async with asyncio.TaskGroup() as tasks:
            for number in range(1, settings.workers + 1):
                tasks.create_task(_keep_worker(number, same_port, stopping))


async def _keep_worker(number: int, settings: Settings, stopping: asyncio.Event) -> None:
    lifeline, held = os.pipe()
    try:
        while not stopping.is_set():
            started = time.monotonic()
            try:
                process = await _start(settings, lifeline)
            except OSError as error:
                # out of memory or processes, say: the other workers go on, and this one is tried again
                log.warning("worker_not_started", worker=number, reason=str(error))
                await asyncio.sleep(RESTART_SECONDS)
                continue
            log.info("worker_started", worker=number, pid=process.pid)
            ended = asyncio.ensure_future(process.wait())
            stop = asyncio.ensure_future(stopping.wait())
            await asyncio.wait((ended, stop), return_when=asyncio.FIRST_COMPLETED)
            stop.cancel()
            if not ended.done():
                await _end(number, process, ended, settings)
            log.info("worker_ended", worker=number, pid=process.pid, exit_code=await ended)
            if not stopping.is_set() and time.monotonic() - started < RESTART_SECONDS:
                await asyncio.sleep(RESTART_SECONDS)
    finally:
        os.close(held)
        os.close(lifeline)


async def _start(settings: Settings, lifeline: int) -> asyncio.subprocess.Process:
    with bind(settings, shared=True) as sock:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "quart_app", "serve"),
            *("--worker-fd", str(sock.fileno()), "--lifeline-fd", str(lifeline)),
            pass_fds=(sock.fileno(), lifeline),
            cwd=Path(__file__).parents[2],
            env={**os.environ, "WEB_CONCURRENCY": "1"},
        )


async def _end(
    number: int, process: asyncio.subprocess.Process, ended: asyncio.Future[int], settings: Settings
) -> None:
    """Ask a worker to end; kill it when its loop is stuck, so that a stop comes to an end."""
    process.terminate()
    await asyncio.wait((ended,), timeout=2 * settings.drain_seconds + STUCK_SECONDS)
    if not ended.done():
        log.error("worker_stuck", worker=number, pid=process.pid)
        process.kill()
