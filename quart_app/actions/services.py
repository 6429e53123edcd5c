"""What every use case works with; ``app.create_app`` puts it together, tests do as they like."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from quart_app.actions.ledger import Ledger
from quart_app.live.bus import Bus
from quart_app.store.engine import Database


def utc_now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Services:
    """The database, the bus, the folded tournaments, and the clock."""

    database: Database
    bus: Bus
    ledger: Ledger
    clock: Callable[[], datetime] = utc_now
