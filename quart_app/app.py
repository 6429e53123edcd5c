"""The composition root: ``create_app(settings)`` puts the rooms together, and nothing else does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping
from pathlib import Path
from typing import cast

import structlog
from quart import Quart

from quart_app.actions.services import Services
from quart_app.auth import sessions, tokens
from quart_app.auth.tokens import Tokens
from quart_app.live.bus.local import LocalBus
from quart_app.live.bus.port import Bus
from quart_app.live.bus.redis import RedisBus
from quart_app.live.crowd.presence import LocalPresence, RedisPresence
from quart_app.live.rooms.hub import Hub
from quart_app.live.rooms.watch import Sources, Standing
from quart_app.live.streams.join import Ticket
from quart_app.live.wires.ring import Ring
from quart_app.live.wires.socket import WRITES
from quart_app.settings import Settings
from quart_app.show import paths
from quart_app.store import event_log
from quart_app.store.database import schema
from quart_app.store.database.engine import Database
from quart_app.store.staff import select_standings
from quart_app.telemetry import Metrics
from quart_app.timeline.ledger import Ledger
from quart_app.web.answers import problems, sizes
from quart_app.web.answers.stored import PageCache, StaticFiles
from quart_app.web.api import corrections as api_corrections
from quart_app.web.api import description as api_description
from quart_app.web.api import matches as api_matches
from quart_app.web.api import people as api_people
from quart_app.web.api import stages as api_stages
from quart_app.web.api import tournaments as api_tournaments
from quart_app.web.doors import access, proxies, security
from quart_app.web.doors.context import EXTENSION, Context
from quart_app.web.doors.limits import Limits
from quart_app.web.express import doorstep
from quart_app.web.express.handover import StreamConnection
from quart_app.web.express.mount import Mounted
from quart_app.web.express.underway import Underway
from quart_app.web.express.way import ExpressWay
from quart_app.web.express.whole import NoWebSocket
from quart_app.web.feeds import express as feed_express
from quart_app.web.feeds import feeds
from quart_app.web.feeds import lobby as lobby_feed
from quart_app.web.feeds import tokens as token_routes
from quart_app.web.ops import health, metering
from quart_app.web.ops.canary import Canary
from quart_app.web.ops.readiness import Readiness
from quart_app.web.spectators import express as page_express
from quart_app.web.spectators import front, pages
from quart_app.web.staff import login
from quart_app.web.staff import matches as staff_matches
from quart_app.web.staff import stages as staff_stages
from quart_app.web.staff import tournaments as staff_tournaments
from quart_app.web.staff.organising import draw as staff_draw
from quart_app.web.staff.organising import lifecycle as staff_lifecycle
from quart_app.web.staff.organising import people as staff_people

STATIC = Path(__file__).parent.parent / "static"

ROUTES = (
    front,
    pages,
    login,
    staff_tournaments,
    staff_matches,
    staff_people,
    staff_stages,
    staff_draw,
    staff_lifecycle,
    api_tournaments,
    api_matches,
    api_corrections,
    api_people,
    api_stages,
    api_description,
    token_routes,
    feeds,
    lobby_feed,
    health,
)
"""The modules whose ``blueprint`` the app serves."""

EXPRESS = {
    page_express.PATH: page_express.page_way,
    feed_express.PATH: feed_express.feed_way,
    feed_express.CATCH_UP_PATH: feed_express.catch_up_way,
}
"""What is answered past Quart, where it can be."""

ENTRANCES = {feed_express.PATH: feed_express.feed_entrance}
"""The streams that begin before Hypercorn hears of them, where they can."""

LOOKS_APART_POLLS = 5
"""How often, in polls of the log without the bus, a worker looks whether it is ready."""

log = structlog.stdlib.get_logger(__name__)


def create_app(settings: Settings) -> Quart:
    """The whole application, ready for any ASGI server.

    Its lifespan checks the database, runs the hub, and closes everything again. Raises BadSettings.
    """
    paths.serve_below(settings.base_path)
    app = Quart("quart_app", static_folder=None, template_folder=None)
    app.asgi_http_class = StreamConnection
    app.asgi_websocket_class = NoWebSocket
    app.request_class = sizes.SizedRequest
    app.config.update(sessions.session_config(settings))
    app.url_map.strict_slashes = False
    app.url_map.converters["id"] = sizes.IdConverter

    metrics = Metrics()
    database = Database(settings.database_url, settings.database_connections)
    bus = _bus(settings, metrics)
    ledger = Ledger(database, tail_max=settings.replay_events_max, mebibytes_max=settings.kept_mebibytes)
    services = Services(database, bus, ledger, count=metrics.events_appended.inc)
    signer = Tokens(settings, services.clock)
    presence = LocalPresence() if settings.redis_url is None else RedisPresence(settings.redis_url)
    limits = Limits(settings)
    ring = Ring(on_state=metrics.ring_state)
    hub = Hub(settings, bus, presence, ledger, _sources(services, signer), metrics)
    readiness = Readiness(
        services, hub, Canary(services, hub), apart=LOOKS_APART_POLLS * settings.degraded_poll_seconds
    )
    parts = Context(
        settings=settings,
        services=services,
        hub=hub,
        tokens=signer,
        metrics=metrics,
        readiness=readiness,
        limits=limits,
        fleet=ring if settings.wire == "ring" else WRITES if settings.wire == "socket" else None,
        pages=PageCache(),
        static=StaticFiles(STATIC),
    )
    app.extensions[EXTENSION] = parts
    app.extensions[doorstep.EXTENSION] = doorstep.Doorstep(parts, ENTRANCES)

    sessions.session_manager(settings).init_app(app)
    problems.register(app)
    security.register(app)
    metering.register(app)
    for room in ROUTES:
        app.register_blueprint(room.blueprint)
    app.asgi_app = ExpressWay(app.asgi_app, parts, EXPRESS)  # type: ignore[method-assign]
    if settings.base_path:
        app.asgi_app = Mounted(app.asgi_app, settings)  # type: ignore[method-assign]
    if settings.trusted_proxies:
        app.asgi_app = proxies.TrustedProxies(app.asgi_app, settings.trusted_proxies)  # type: ignore[method-assign]
    underway = Underway(app.asgi_app, settings)
    app.asgi_app = underway  # type: ignore[method-assign]

    @app.while_serving
    async def lifespan() -> AsyncGenerator[None, None]:
        await schema.require_current(database)
        if parts.fleet is ring:
            ring.open()
        running = asyncio.create_task(_keep_running(hub))
        looking = asyncio.create_task(readiness.run())
        yield
        readiness.end()
        await hub.drain(0.0)
        await underway.ended(settings.drain_seconds)
        await asyncio.wait((looking,), timeout=settings.drain_seconds)
        for task in (looking, running):
            task.cancel()
        await asyncio.gather(looking, running, return_exceptions=True)
        if services.underway:
            await asyncio.wait(services.underway, timeout=settings.drain_seconds)
        ring.close()
        await presence.close()
        await limits.close()
        await bus.close()
        await database.close()

    return app


def _bus(settings: Settings, metrics: Metrics) -> Bus:
    if settings.redis_url is None:
        return LocalBus(on_state=metrics.bus_state)
    return RedisBus(settings.redis_url, on_state=metrics.bus_state)


def _sources(services: Services, signer: Tokens) -> Sources:
    async def read_heads(tournament_ids: Collection[int]) -> Mapping[int, event_log.Head]:
        async with services.database.reading() as connection:
            return await event_log.select_heads(connection, tournament_ids)

    async def read_standings(staff_ids: Collection[int]) -> Mapping[int, Standing]:
        async with services.database.reading() as connection:
            return await select_standings(connection, staff_ids)

    async def renew(grant: Ticket, visibility: str) -> tuple[str, Ticket]:
        held = cast(tokens.Grant, grant)
        await access.check_grant(services, held, visibility)
        return signer.renew_feed(held)

    return Sources(
        read_heads=read_heads,
        read_standings=read_standings,
        read_front=front.FrontReader(services),
        renew=renew,
    )


async def _keep_running(hub: Hub) -> None:
    """Run the hub; should it fail, say so and run it again: open streams are worth more than a clean exit."""
    while True:
        try:
            await hub.run()
        except Exception:
            log.exception("hub_failed")
            await asyncio.sleep(1)
