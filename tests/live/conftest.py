"""The live room is tested over an adopted socket and over plain ASGI.

The ring takes the place of the socket that is written by itself: all but the one call into the kernel is the
same. What the wires promise is tested over all three, in ``test_wire.py``.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from quart_app.settings import Settings


@pytest.fixture(name="settings", params=["ring", "asgi"])
def _settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings on a SQLite file of the test's own, once for each wire."""
    return Settings.for_tests(
        database_url=f"sqlite+aiosqlite:///{tmp_path}/grandstand.db", wire=request.param
    )
