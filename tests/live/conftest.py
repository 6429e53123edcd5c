"""The live room is tested over both wires: the adopted socket, and plain ASGI."""

from __future__ import annotations

from pathlib import Path

import pytest

from quart_app.settings import Settings


@pytest.fixture(name="settings", params=["socket", "asgi"])
def _settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings on a SQLite file of the test's own, once for each wire."""
    return Settings.for_tests(
        database_url=f"sqlite+aiosqlite:///{tmp_path}/grandstand.db", wire=request.param
    )
