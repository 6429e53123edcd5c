"""What an operator's machines ask: is it alive, is it ready, and what does it count."""

from __future__ import annotations

import asyncio

from quart import Blueprint, Response

from quart_app.web.answers.bodies import NOT_KEPT, json_answer
from quart_app.web.doors.context import context
from quart_app.web.ops.readiness import Health

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
async def get_healthz() -> Response:
    """200 while this process answers at all; restart it when it does not."""
    return json_answer(Health(status="ok", checks={}), 200, cache=NOT_KEPT)


@blueprint.get("/readyz")
async def get_readyz() -> Response:
    """200 ``ok`` or ``degraded`` while this worker serves, 503 ``unavailable`` while it cannot: send no
    traffic then.

    Degraded says what is missing: without its database it goes on from memory, without the bus events are a
    little late. Unavailable is a worker that drains, whose deliveries do not arrive, or that is older than
    its database.
    """
    health = await context().readiness.health()
    return json_answer(health, 503 if health.status == "unavailable" else 200, cache=NOT_KEPT)


@blueprint.get("/metrics")
async def get_metrics() -> Response:
    """This worker's metrics, in the Prometheus text format."""
    metrics = context().metrics
    metrics.tasks.set(len(asyncio.all_tasks()))
    return Response(metrics.exposition(), content_type=metrics.content_type)
