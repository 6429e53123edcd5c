"""Pairing in a process of its own, which is gone when it is over."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path

import pytest

from quart_app.actions import stages
from quart_app.domain.pairing import Contender
from quart_app.domain.pairing.ask import PairingQuestion
from quart_app.domain.pairing.history import Worth
from quart_app.errors import Unavailable
from tests.live.listening import until

ASKED = PairingQuestion(tuple(Contender(each, f"P{each}", each) for each in (1, 2, 3, 4)), 3, Worth())


def children() -> set[str]:
    """The processes that were started here and are not reaped."""
    found: set[str] = set()
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # the thread has ended meanwhile
            found.update((task / "children").read_text().split())
    return found


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


async def test_what_nobody_waits_for_any_more_is_ended(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A request that was cancelled, as at a stop, leaves no process that pairs on."""
    before = children()
    endless = tmp_path / "python"
    endless.write_text("#!/bin/sh\nexec sleep 60\n")
    endless.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(endless))
    asking = asyncio.create_task(stages.paired(ASKED))
    await until(lambda: not children() <= before)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await until(lambda: children() <= before)
