"""Pairing in a process of its own, which is gone when it is over."""

from __future__ import annotations

from pathlib import Path

import pytest

from quart_app.actions import stages
from quart_app.domain.pairing import Contender
from quart_app.domain.pairing.ask import PairingQuestion
from quart_app.domain.pairing.history import Worth
from quart_app.errors import Unavailable

ASKED = PairingQuestion(tuple(Contender(each, f"P{each}", each) for each in (1, 2, 3, 4)), 3, Worth())


def children() -> set[str]:
    """The processes that were started here and are not reaped."""
    return {
        child
        for task in Path("/proc/self/task").iterdir()
        for child in (task / "children").read_text().split()
    }


async def test_it_is_asked_and_answers() -> None:
    """The first round of four, the upper half against the lower one; no process stays behind."""
    before = children()
    assert (await stages.paired(ASKED)).given().pairs == ((1, 3), (4, 2))
    assert children() <= before


async def test_what_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """And refused with the way out."""
    before = children()
    monkeypatch.setattr(stages, "PAIRING_SECONDS_MAX", 0.0)
    with pytest.raises(Unavailable, match="by hand"):
        await stages.paired(ASKED)
    assert children() <= before
