"""What every route needs of the running app: one typed place, filled by ``app.create_app``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, cast

from quart import current_app

from quart_app.actions.services import Services
from quart_app.auth.tokens import Tokens
from quart_app.live.rooms.hub import Hub
from quart_app.live.wires.port import Fleet
from quart_app.settings import Settings
from quart_app.telemetry import Metrics
from quart_app.web.answers.stored import PageCache, StaticFiles
from quart_app.web.doors.limits import Limits

EXTENSION = "grandstand"


class Knowing(Protocol):
    """Who knows what this worker can do: ``ops.readiness.Readiness``."""

    async def health(self) -> Any:
        """What it saw last."""
        ...


@dataclass(frozen=True, slots=True)
class Context:
    """The parts that ``create_app`` put together."""

    settings: Settings
    services: Services
    hub: Hub
    tokens: Tokens
    metrics: Metrics
    readiness: Knowing
    limits: Limits
    fleet: Fleet | None
    pages: PageCache
    static: StaticFiles


def context() -> Context:
    """The parts of the app that answers the present request."""
    return cast(Context, current_app.extensions[EXTENSION])
