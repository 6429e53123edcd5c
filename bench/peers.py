"""The servers that are measured: each is started alone, pinned to the server's core, and ended again."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from types import MappingProxyType

from bench import processes
from bench.load import compiled
from bench.machine import PEERS_PYTHON, CannotMeasure, Cores
from quart_app.actions import staff
from quart_app.actions.matches import start_match
from quart_app.actions.services import Services, utc_now
from quart_app.actions.tournaments import create_tournament
from quart_app.auth.tokens import Tokens
from quart_app.domain.commands import CreateTournament, EntrantLine, StartMatch
from quart_app.domain.events import StageSettings
from quart_app.live.bus.local import LocalBus
from quart_app.settings import Settings
from quart_app.store.database.engine import Database
from quart_app.store.database.schema import migrate
from quart_app.timeline.ledger import Ledger

CHANNEL = "bench"
MATCH_ID = 1
STAFF_NAME = "bench"

NCHAN_MODULE = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
NCHAN = """
load_module {module};
daemon off;
user {user};
worker_processes 1;
worker_rlimit_nofile 65536;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log warn;
events {{ worker_connections 65536; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  keepalive_requests 1000000;
  nchan_shared_memory_size 256M;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location = /feed/ {{
      nchan_subscriber eventsource;
      nchan_channel_id bench;
      nchan_subscriber_first_message newest;
    }}
    location = /publish/ {{
      nchan_publisher;
      nchan_channel_id bench;
      nchan_message_buffer_length 10000;
      nchan_message_timeout 10m;
    }}
  }}
}}
"""


def _no_headers(streams: int) -> Sequence[str]:
    return ()


@dataclass(kw_only=True)
class Server:
    """A running server: where its feeds are, and who publishes to them.

    The events take turns at the first ``turns`` of the ``paths``, and so do the streams at all of them.
    ``marker`` and ``offset`` are how ``sse_load`` finds an event's number, and ``catches_up`` says that one
    frame may stand for several events. ``headers(n)`` gives the header lines of n streams, none for a peer
    that lets everybody in.
    """

    pid: int
    port: int
    paths: Sequence[str]
    turns: int = 1
    publisher: Sequence[object] = ()
    publisher_env: Mapping[str, str] = field(default_factory=dict)
    marker: str = '"participant1_score":'
    offset: int = 0
    catches_up: bool = False
    headers: Callable[[int], Sequence[str]] = _no_headers
    next_number: int = 1


@dataclass(frozen=True)
class Peer:
    """A kind of server. ``start(folder, cores)`` runs one; more than ``streams_max`` it cannot serve."""

    name: str
    title: str
    start: Callable[[Path, Cores], AbstractContextManager[Server]]
    streams_max: int = 1_000_000


# This project


@dataclass(frozen=True)
class Seeded:
    """What the database holds before the server starts: tournaments, each with its first match live.

    ``epoch`` and ``head`` are those of the first one.
    """

    tournament_ids: tuple[int, ...]
    epoch: str
    head: int

    @property
    def tournament_id(self) -> int:
        """The first one."""
        return self.tournament_ids[0]


async def _seed(database_url: str, count: int, players: int, format: str, password: str) -> Seeded:
    await migrate(database_url)
    database = Database(database_url)
    services = Services(database, LocalBus(), Ledger(database))
    try:
        await staff.add_staff(services, STAFF_NAME, password, "scorer")
        entrants = tuple(EntrantLine(name=f"Player {number}") for number in range(1, players + 1))
        stages = (StageSettings(format=format),)
        command = CreateTournament(name="Bench cup", entrants=entrants, stages=stages)
        ids = []
        for _ in range(count):
            made = (await create_tournament(services, command, None, generate=True)).tournament
            await start_match(services, made.id, StartMatch(match_id=MATCH_ID), None)
            ids.append(made.id)
        first = await services.ledger.load(ids[0])
        return Seeded(tuple(ids), first.epoch, first.tournament.seq)
    finally:
        await database.close()


@dataclass(kw_only=True)
class Grandstand(Server):
    """This project, running, with what only it has."""

    settings: Settings
    seeded: Seeded
    password: str

    @property
    def position(self) -> str:
        """The id of the newest event before the first numbered one."""
        return f"{self.seeded.epoch}-{self.seeded.head}"


@contextlib.contextmanager
def grandstand(
    folder: Path,
    cores: Cores,
    *,
    wire: str = "ring",
    html: bool = False,
    workers: int = 1,
    tournaments: int = 1,
    turns: int = 1,
    players: int = 16,
    format: str = "single_elimination",
    database: str = "sqlite",
    redis: bool = True,
    overrides: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Grandstand]:
    """This project as an operator runs it, with a limit that lets all spectators come from one machine.

    Of so many ``tournaments`` something happens in ``turns``. The log's periodic reading is off: only the bus
    brings events, as with the peers. What ``overrides`` sets comes last.
    """
    with contextlib.ExitStack() as stack:
        url = f"sqlite:///{folder}/grandstand.db"
        if database == "postgresql":
            url = stack.enter_context(processes.postgres(folder, cores.rest))
        port = processes.free_port()
        environment = {
            "GRANDSTAND_ENV": "production",
            "GRANDSTAND_SECRET_KEYS": f"bench:{secrets.token_hex(32)}",
            "GRANDSTAND_HOST": "127.0.0.1",
            "GRANDSTAND_WIRE": wire,
            "GRANDSTAND_DEGRADED_POLL_SECONDS": "3600",
            "DATABASE_URL": url,
            "PORT": str(port),
            "WEB_CONCURRENCY": str(workers),
            "REDIS_URL": stack.enter_context(processes.redis(folder, cores.rest)) if redis else "",
            **_no_limits(),
            **overrides,
        }
        settings = Settings.from_env(environment)
        password = secrets.token_urlsafe(12)
        seeded = asyncio.run(_seed(settings.database_url, tournaments, players, format, password))
        pid = stack.enter_context(
            processes.running(
                [sys.executable, "-m", "quart_app", "serve"],
                cores=cores.everything[:workers],
                port=port,
                log=folder / "server.log",
                env=environment,
            )
        )
        tokens = Tokens(settings, utc_now)

        def headers(streams: int) -> Sequence[str]:
            """A token of its own for each spectator, as the page gives one."""
            watched = islice(cycle(seeded.tournament_ids), streams)
            issued = (tokens.issue_feed(tournament_id, staff=None)[0] for tournament_id in watched)
            return [f"Authorization: Bearer {token}" for token in issued]

        publisher = [sys.executable, "-m", "bench.publishers.grandstand", settings.database_url]
        publisher += [environment["REDIS_URL"], str(MATCH_ID), *map(str, seeded.tournament_ids[:turns])]
        # without conflation, so that every event counts even when a burst turns readers into laggards
        feed = f"{'fragments/' if html else ''}?conflate=0"
        server = Grandstand(
            pid=pid,
            port=port,
            paths=[f"/sse/tournaments/{each}/{feed}" for each in seeded.tournament_ids],
            turns=turns,
            publisher=publisher,
            headers=headers,
            settings=settings,
            seeded=seeded,
            password=password,
        )
        if html:
            server.marker, server.offset, server.catches_up = f"id: {seeded.epoch}-", seeded.head, True
        yield server


def _no_limits() -> dict[str, str]:
    """Every limit so high that it never bites: all spectators come from this one machine."""
    names = [spec.metadata["env"] for spec in dataclasses.fields(Settings) if isinstance(spec.default, int)]
    return {name: "1000000" for name in names if name.startswith("GRANDSTAND_LIMIT_")}


# The peers


@contextlib.contextmanager
def floor(folder: Path, cores: Cores) -> Iterator[Server]:
    """``sse_floor.c``."""
    port = processes.free_port()
    command = [compiled("sse_floor", folder), str(port)]
    with processes.running(command, cores=(cores.server,), port=port, log=folder / "floor.log") as pid:
        publisher = [sys.executable, "-m", "bench.publishers.floor", str(port)]
        yield Server(pid=pid, port=port, paths=["/"], publisher=publisher)


@contextlib.contextmanager
def nchan(folder: Path, cores: Cores) -> Iterator[Server]:
    """nginx with nchan, one worker, its messages in memory."""
    if not NCHAN_MODULE.exists():
        raise CannotMeasure("nchan is missing; `sh bench/system-packages` installs what the bench needs.")
    port = processes.free_port()
    user = folder.owner()
    config = folder / "nginx.conf"
    config.write_text(NCHAN.format(module=NCHAN_MODULE, folder=folder, port=port, user=user))
    command = [processes.program("nginx"), "-c", config, "-e", folder / "nginx.log"]
    with processes.running(command, cores=(cores.server,), port=port, log=folder / "nginx.log") as pid:
        publisher = [sys.executable, "-m", "bench.publishers.nchan", str(port), "/publish/"]
        yield Server(pid=pid, port=port, paths=["/feed/"], publisher=publisher)


@contextlib.contextmanager
def _listening(folder: Path, cores: Cores, command: Callable[[int], Sequence[object]]) -> Iterator[Server]:
    """A Python peer that hears a channel of Redis."""
    port = processes.free_port()
    with processes.redis(folder, cores.rest) as url:
        env = {"BENCH_REDIS_URL": url, "BENCH_CHANNEL": CHANNEL}
        log = folder / "server.log"
        with processes.running(command(port), cores=(cores.server,), port=port, log=log, env=env) as pid:
            publisher = [sys.executable, "-m", "bench.publishers.redis", url, CHANNEL]
            yield Server(pid=pid, port=port, paths=["/feed/"], publisher=publisher)


def starlette(folder: Path, cores: Cores) -> AbstractContextManager[Server]:
    """sse-starlette on uvicorn with uvloop and httptools."""
    start = [PEERS_PYTHON, "-m", "uvicorn", "bench.apps.starlette_app:app", "--loop", "uvloop"]
    start += ["--http", "httptools", "--log-level", "warning", "--timeout-graceful-shutdown", "1"]
    return _listening(folder, cores, lambda port: [*start, "--port", port])


def quart(folder: Path, cores: Cores) -> AbstractContextManager[Server]:
    """A generator with a queue per client, in Quart on Hypercorn with uvloop."""
    start = [sys.executable, "-m", "hypercorn", "bench.apps.quart_generator:app"]
    start += ["--worker-class", "uvloop", "--backlog", "4096"]
    return _listening(folder, cores, lambda port: [*start, "--bind", f"127.0.0.1:{port}"])


@contextlib.contextmanager
def channels(folder: Path, cores: Cores, *, layer: str) -> Iterator[Server]:
    """Channels on Daphne, with one of the two layers of channels-redis."""
    port = processes.free_port()
    with processes.redis(folder, cores.rest) as url:
        env = {"BENCH_REDIS_URL": url, "BENCH_CHANNEL_LAYER": layer}
        command = [PEERS_PYTHON, "-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "--verbosity", "0"]
        with processes.running(
            [*command, "bench.apps.channels_app:application"],
            cores=(cores.server,),
            port=port,
            log=folder / "server.log",
            env=env,
        ) as pid:
            yield Server(
                pid=pid,
                port=port,
                paths=["/feed/"],
                publisher=[PEERS_PYTHON, "-m", "bench.publishers.channels", "tournament"],
                publisher_env=env,
            )


def _grandstand_socket(folder: Path, cores: Cores) -> AbstractContextManager[Server]:
    return grandstand(folder, cores, wire="socket")


def _grandstand_asgi(folder: Path, cores: Cores) -> AbstractContextManager[Server]:
    return grandstand(folder, cores, wire="asgi")


def _grandstand_html(folder: Path, cores: Cores) -> AbstractContextManager[Server]:
    return grandstand(folder, cores, html=True)


def _channels_list(folder: Path, cores: Cores) -> AbstractContextManager[Server]:
    return channels(folder, cores, layer="channels_redis.core.RedisChannelLayer")


def _channels_pubsub(folder: Path, cores: Cores) -> AbstractContextManager[Server]:
    return channels(folder, cores, layer="channels_redis.pubsub.RedisPubSubChannelLayer")


FLOOR = Peer("floor", "floor: a C loop that only calls `write`", floor)
GRANDSTAND = Peer("grandstand", "**Grandstand**, JSON feed", grandstand)
GRANDSTAND_SOCKET = Peer("grandstand-socket", "Grandstand, JSON feed, without the ring", _grandstand_socket)
GRANDSTAND_ASGI = Peer("grandstand-asgi", "Grandstand, JSON feed, over ASGI `send`", _grandstand_asgi)
GRANDSTAND_HTML = Peer("grandstand-html", "Grandstand, HTML feed", _grandstand_html)
NCHAN_PEER = Peer("nchan", "nchan (nginx)", nchan)
STARLETTE = Peer("sse-starlette", "sse-starlette on uvicorn", starlette)
QUART = Peer("quart", "a queue per client, Quart on Hypercorn", quart)
CHANNELS = Peer("channels", "Channels on Daphne, `RedisChannelLayer`", _channels_list, streams_max=100)
CHANNELS_PUBSUB = Peer(
    "channels-pubsub", "Channels on Daphne, `RedisPubSubChannelLayer`", _channels_pubsub, streams_max=200
)

PEERS = {
    peer.name: peer
    for peer in (
        FLOOR,
        GRANDSTAND,
        GRANDSTAND_SOCKET,
        GRANDSTAND_ASGI,
        GRANDSTAND_HTML,
        NCHAN_PEER,
        STARLETTE,
        QUART,
        CHANNELS,
        CHANNELS_PUBSUB,
    )
}
"""Every peer by its name on the command line, in the order of the tables."""
