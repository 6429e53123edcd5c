"""The clock jumps: by two hours forward, by four back. Streams go on, and who comes back is let in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest
import pytest_asyncio

from quart_app.live.streams import tending
from quart_app.settings import Settings
from tests.faults.campaign import campaign
from tests.server import Server, running


class Clock(datetime):
    """The present moment, ``ahead`` of the machine's."""

    ahead = timedelta()

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Clock:
        """The time that this clock shows."""
        shown = datetime.now(tz) + cls.ahead
        return cls.fromtimestamp(shown.timestamp(), tz)


@pytest_asyncio.fixture(name="jumpy_server", params=["ring", "asgi"])
async def _jumpy_server(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Server]:
    """A server that reads ``Clock`` wherever it asks for the time of day."""
    settings = Settings.for_tests(
        database_url=f"sqlite+aiosqlite:///{tmp_path}/grandstand.db",
        wire=request.param,
        heartbeat_seconds=1.0,
        feed_token_seconds=4.0,
    )
    monkeypatch.setattr(tending, "datetime", Clock)
    monkeypatch.setattr(Clock, "ahead", timedelta())
    async with running(settings) as server:
        for part, name in ((server.context.services, "clock"), (server.context.tokens, "_clock")):
            object.__setattr__(part, name, lambda: Clock.now(UTC))  # the parts are frozen
        yield server


async def test_clock_jumps(seed: int, jumpy_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a jump nor a token that it made old or new ends a stream; a reconnect gets a new token."""
    async with campaign(seed, jumpy_server.url, jumpy_server.settings.database_url) as played:
        await played.play(5)
        for hours in (2, -2):
            connections = sum(spectator.connections for spectator in played.spectators)
            monkeypatch.setattr(Clock, "ahead", timedelta(hours=hours))
            await played.play(10)
            await played.verdict()
            assert sum(spectator.connections for spectator in played.spectators) == connections
            for spectator in played.chance.sample(played.spectators, 30):
                spectator.hang_up()
            await played.play(10)
            await played.verdict()
