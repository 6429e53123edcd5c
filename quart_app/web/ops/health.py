"""What an operator's machines ask: is it alive, is it ready, and what does it count."""

from __future__ import annotations

import asyncio
from typing import Literal

import msgspec
from quart import Blueprint, Response

from quart_app.errors import DatabaseBehind, Unavailable
from quart_app.store.database.schema import require_current
from quart_app.web.answers.bodies import NOT_KEPT, json_answer
from quart_app.web.doors.context import context

READY_SECONDS = 3.0
"""How long the database may take to answer before this worker calls itself not ready."""

blueprint = Blueprint("health", __name__)


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """What ``/readyz`` answers: one word, and the state of each part behind it."""

    status: Literal["ok", "degraded", "unavailable"]
    checks: dict[str, str]


@blueprint.get("/healthz")
async def get_healthz() -> Response:
    """200 while this process answers at all; restart it when it does not."""
    return json_answer(Health(status="ok", checks={}), 200, cache=NOT_KEPT)


@blueprint.get("/readyz")
async def get_readyz() -> Response:
    """200 while this worker can serve; 503 without its database, while it drains, or when an event that is
    written does not arrive: send no traffic then.

    Without the bus, or where that cannot do all it should, it is ``degraded`` but ready: events come from the
    log, a little later.
    """
    database = await _database_state()
    delivery = await _delivery_state() if database == "ok" else "unknown"
    bus = context().services.bus.state  # after the canary has sung: it is announced like any event
    checks: dict[str, str] = {"database": database, "bus": bus, "delivery": delivery}
    if database != "ok" or delivery != "ok":
        return json_answer(Health(status="unavailable", checks=checks), 503, cache=NOT_KEPT)
    return json_answer(Health(status="ok" if bus == "ok" else "degraded", checks=checks), 200, cache=NOT_KEPT)


@blueprint.get("/metrics")
async def get_metrics() -> Response:
    """This worker's metrics, in the Prometheus text format."""
    metrics = context().metrics
    metrics.tasks.set(len(asyncio.all_tasks()))
    return Response(metrics.exposition(), content_type=metrics.content_type)


async def _database_state() -> str:
    try:
        async with asyncio.timeout(READY_SECONDS):
            await require_current(context().services.database)
    except DatabaseBehind:
        return "behind"
    except (TimeoutError, Unavailable):
        return "unreachable"
    return "ok"


async def _delivery_state() -> str:
    if context().hub.draining:
        return "draining"
    try:
        return "ok" if await context().canary.delivers() else "lost"
    except Unavailable:
        return "unknown"
