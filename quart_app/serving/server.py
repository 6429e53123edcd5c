"""One worker process: Hypercorn on uvloop, and an end that lets every stream say goodbye."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import signal
import socket
from collections.abc import Awaitable, Callable
from functools import partial

import structlog
from hypercorn.asyncio import serve as hypercorn_serve
from hypercorn.config import Config
from quart import Quart

from quart_app.errors import BadSettings
from quart_app.serving.memory import calm_the_collector, give_memory_back, sweep
from quart_app.settings import Settings
from quart_app.web.doors.context import EXTENSION, Context
from quart_app.web.express.doorstep import EXTENSION as DOORSTEP
from quart_app.web.express.doorstep import Doorstep
from quart_app.web.express.leaving import PromptServer, notice_leaving

BACKLOG = 4096

KEEP_ALIVE_SECONDS = 75.0
"""How long an idle connection is kept: longer than any proxy keeps its side (nginx 60 s, HAProxy and ELB
less), or a post that comes in the moment of our closing is lost to it."""

log = structlog.stdlib.get_logger(__name__)


def listen(settings: Settings) -> socket.socket:
    """A listening socket at the settings' address.

    Raises BadSettings when the port is taken or not allowed.
    """
    sock = bind(settings)
    sock.listen(BACKLOG)
    return sock


def bind(settings: Settings, *, shared: bool = False) -> socket.socket:
    """A socket at the settings' address that does not listen yet; ``shared`` lets several have the port.

    Raises BadSettings when the port is taken or not allowed.
    """
    family = socket.AF_INET6 if ":" in settings.bind_host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        sock.bind((settings.bind_host, settings.port))
    except OSError as error:
        sock.close()
        raise BadSettings(
            f"PORT: cannot listen on {settings.bind_host}:{settings.port} ({error.strerror}); "
            "choose another with PORT=…"
        ) from None
    return sock


def allow_many_streams() -> None:
    """Let this process have as many open files, and so streams, as it may: a login allows few at first."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError):  # macOS calls them unlimited, and refuses that
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def hypercorn_config(settings: Settings, sock: socket.socket) -> Config:
    """Hypercorn's settings for one worker on ``sock``, which is Hypercorn's from now on."""
    config = Config()
    config.bind = [f"fd://{sock.detach()}"]
    config.backlog = BACKLOG
    config.accesslog = None  # its lines hold query strings, and so tokens
    config.errorlog = logging.getLogger("hypercorn.error")
    config.include_server_header = False
    config.keep_alive_timeout = KEEP_ALIVE_SECONDS
    config.graceful_timeout = settings.drain_seconds
    config.shutdown_timeout = settings.drain_seconds + 1
    return config


async def serve(
    app: Quart,
    settings: Settings,
    sock: socket.socket,
    *,
    stop: asyncio.Event | None = None,
    lifeline: int | None = None,
    beside: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Serve until SIGTERM, SIGINT or ``stop``; then drain the streams before the server cuts anything.

    ``lifeline`` is the reading end of a pipe: when its other end is gone, so is the supervisor, and this ends
    too. ``beside`` is run next to the server, and cancelled when it stops. Without ``stop`` the process is
    the worker's own, and so are its signals and Python's collector.
    """
    allow_many_streams()
    stopping = stop or asyncio.Event()
    if stop is None:
        loop = asyncio.get_running_loop()
        for ending in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(ending, stopping.set)
    if lifeline is not None:
        asyncio.get_running_loop().add_reader(lifeline, stopping.set)
    context: Context = app.extensions[EXTENSION]
    doorstep: Doorstep = app.extensions[DOORSTEP]
    config = hypercorn_config(settings, sock)

    async def drained() -> None:
        await stopping.wait()
        await context.hub.drain(settings.drain_seconds)
        doorstep.close()

    sparing = notice_leaving() and stop is None
    calm_the_collector(sparing=sparing)
    sweeping = partial(sweep, lambda: PromptServer.left_behind) if sparing else None
    companions = [
        asyncio.ensure_future(each()) for each in (give_memory_back, sweeping, beside) if each is not None
    ]
    try:
        with doorstep.before(config):
            await hypercorn_serve(app, config, shutdown_trigger=drained)
    finally:
        for companion in companions:
            companion.cancel()
        await asyncio.gather(*companions, return_exceptions=True)
