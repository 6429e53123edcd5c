"""The live room is tested over an adopted socket and over plain ASGI.

The ring takes the place of the socket that is written by itself: all but the one call into the kernel is the
same. What the wires promise is tested over all three, in ``test_wire.py``.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from quart_app.live.wires import ring
from quart_app.settings import Settings
from tests.live.rings import ring_allowed


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the ring's own tests out, and say so, where the kernel allows none; there servers use the sockets
    one by one, and all other tests do too."""
    if ring_allowed():
        return
    of_the_ring = [item for item in items if _needs_ring(item)]
    items[:] = [item for item in items if not _needs_ring(item)]
    config.hook.pytest_deselected(items=of_the_ring)


def _needs_ring(item: pytest.Item) -> bool:
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    return "ring" in getattr(item, "fixturenames", ()) or parameters.get("fleet") == "ring"


@pytest.fixture(autouse=True)
def _few_go_through_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is promised of the ring is tested with a few streams."""
    monkeypatch.setattr(ring, "FEW", 0)


@pytest.fixture(name="settings", params=["ring", "asgi"])
def _settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings on a SQLite file of the test's own, once for each wire."""
    return Settings.for_tests(
        database_url=f"sqlite+aiosqlite:///{tmp_path}/grandstand.db", wire=request.param
    )
