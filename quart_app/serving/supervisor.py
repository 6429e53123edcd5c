"""Several workers on one port: a crashed one is started again without touching the others, and the end is
passed on to all of them.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from dataclasses import replace
from pathlib import Path

from quart_app.serving.server import listen, log
from quart_app.settings import Settings

RESTART_SECONDS = 1.0


async def supervise(settings: Settings) -> None:
    """Run ``settings.workers`` worker processes until SIGTERM or SIGINT."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for ending in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(ending, stopping.set)
    # held open here, so that connections waiting at a crashed worker's socket reach its successor
    sockets = [listen(settings, shared=True)]
    same_port = replace(settings, port=sockets[0].getsockname()[1])
    sockets += [listen(same_port, shared=True) for _ in range(settings.workers - 1)]
    async with asyncio.TaskGroup() as tasks:
        for number, sock in enumerate(sockets, start=1):
            tasks.create_task(_keep_worker(number, sock, stopping))
    for sock in sockets:
        sock.close()


async def _keep_worker(number: int, sock: socket.socket, stopping: asyncio.Event) -> None:
    while not stopping.is_set():
        started = time.monotonic()
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "quart_app",
                "serve",
                "--worker-fd",
                str(sock.fileno()),
                pass_fds=(sock.fileno(),),
                cwd=Path(__file__).parents[2],
                env={**os.environ, "WEB_CONCURRENCY": "1"},
            )
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
            process.terminate()
        code = await ended
        log.info("worker_ended", worker=number, pid=process.pid, exit_code=code)
        if not stopping.is_set() and time.monotonic() - started < RESTART_SECONDS:
            await asyncio.sleep(RESTART_SECONDS)
