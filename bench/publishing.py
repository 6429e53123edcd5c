"""What every publisher does alike: number the events, stamp each with when it was sent, and keep the pace.

A publisher is a program of its own. It says ``ready`` once it is connected, begins when it is told a line on
standard input, and ends when everything is sent. Only the standard library is used here, because the
publishers run in different virtual environments.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import mmap
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

NUMBERS = 10_000
"""Events are numbered from 1 and carry their number as a score, which goes up to 9999."""


class Stamps:
    """When each event was sent, in nanoseconds of CLOCK_MONOTONIC, in a file that ``sse_load`` maps too."""

    def __init__(self, file: Path) -> None:
        if not file.exists():
            file.write_bytes(bytes(8 * NUMBERS))
        with file.open("r+b") as opened:
            self._cells = memoryview(mmap.mmap(opened.fileno(), 8 * NUMBERS)).cast("q")

    def stamp(self, number: int) -> None:
        """The event of this number is sent now."""
        self._cells[number] = time.monotonic_ns()


@dataclass(frozen=True)
class Order:
    """What a publisher shall send: ``events`` from ``first`` on, ``rate`` a second (0: as fast as it can)."""

    targets: tuple[str, ...]
    first: int
    events: int
    rate: float
    stamps: Stamps

    @classmethod
    def from_arguments(cls) -> Order:
        """The order on the command line."""
        parser = argparse.ArgumentParser()
        parser.add_argument("targets", nargs="+", help="where to send to")
        parser.add_argument("--first", type=int, required=True)
        parser.add_argument("--events", type=int, required=True)
        parser.add_argument("--rate", type=float, required=True)
        parser.add_argument("--stamps", type=Path, required=True)
        asked = parser.parse_args()
        return cls(tuple(asked.targets), asked.first, asked.events, asked.rate, Stamps(asked.stamps))

    async def perform(self, publish: Callable[[int], Awaitable[None]], *, stamp: bool = True) -> None:
        """Say ``ready``, wait for the start, and call ``publish`` with each number at its time.

        Each number is stamped right before, unless ``stamp`` is False because ``publish`` does so itself.
        """
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        began = time.monotonic()
        for count in range(self.events):
            if self.rate:
                await asyncio.sleep(max(0.0, began + count / self.rate - time.monotonic()))
            if stamp:
                self.stamps.stamp(self.first + count)
            await publish(self.first + count)


def payload(number: int) -> str:
    """What the peers send: the same JSON, of the same length, as this project's ``score_updated``."""
    data = {
        "match_id": 1,
        "tournament_id": 1,
        "participant1_score": number,
        "participant2_score": 0,
        "updated_at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "updated_by": None,
    }
    return json.dumps({"type": "score_updated", "data": data}, separators=(",", ":"))
