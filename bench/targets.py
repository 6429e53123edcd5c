"""What this project set out to reach, and whether it did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bench.formats import DOUBLE, GROUPS, SWISS
from bench.peers import (
    CHANNELS,
    CHANNELS_PUBSUB,
    FLOOR,
    GRANDSTAND,
    GRANDSTAND_SOCKET,
    NCHAN_PEER,
    STARLETTE,
)
from bench.results import Measured, Results

OURS = GRANDSTAND.name


@dataclass(frozen=True)
class Target:
    """One target: ``read`` gives what was measured, None if it was not; ``limit`` must not be passed.

    ``at_least`` turns it round. ``unit`` follows the figures.
    """

    title: str
    measure: str
    limit: float
    read: Callable[[Measured], float | None]
    unit: str = "×"
    at_least: bool = False

    def row(self, results: Results) -> tuple[str, str, str, str] | None:
        """Title, target, measured, verdict; None where nothing was measured."""
        value = self.read(results[self.measure]) if self.measure in results else None
        if value is None:
            return None
        met = value >= self.limit if self.at_least else value <= self.limit
        sign = "≥" if self.at_least else "≤"
        limit = f"{sign} {_told(self.limit)}{self.unit}"
        return self.title, limit, f"{_told(value)}{self.unit}", "met" if met else "**missed**"


def _told(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _against(base: str, rate: int = 10, ours: str = OURS) -> Callable[[Measured], float | None]:
    """Processor time per delivery at a rate, as a ratio."""
    return lambda measured: measured.ratio(ours, base, f"cpu_us_{rate}")


def _against_channels(measured: Measured) -> float | None:
    """The same, against whichever of Channels' two layers was the cheaper."""
    base = measured.lowest((CHANNELS.name, CHANNELS_PUBSUB.name), "cpu_us_10")
    return None if base is None else measured.ratio(OURS, base, "cpu_us_10")


def _beside_the_floor(streams: int) -> Callable[[Measured], float | None]:
    """Processor time per delivery to such a crowd, as a ratio."""
    return lambda measured: measured.ratio(f"{OURS} {streams}", f"{FLOOR.name} {streams}", "cpu_us")


def _growth(measured: Measured) -> float | None:
    """Processor time per delivery at the biggest crowd, as a ratio to the smallest."""
    sizes = sorted(int(variant.split()[1]) for variant in measured.rounds if variant.startswith(f"{OURS} "))
    if len(sizes) < 2:
        return None
    return measured.ratio(f"{OURS} {sizes[-1]}", f"{OURS} {sizes[0]}", "cpu_us")


def _figure(variant: str, figure: str) -> Callable[[Measured], float | None]:
    return lambda measured: measured.median(variant, figure)


TARGETS = (
    Target("processor time per delivery, against the floor", "fanout", 0.95, _against(FLOOR.name)),
    Target("… at 20 events a second", "fanout", 0.9, _against(FLOOR.name, 20)),
    Target("… to 8,000 streams", "growth", 0.85, _beside_the_floor(8000)),
    Target("… to 16,000 streams", "growth", 0.85, _beside_the_floor(16000)),
    Target("… without the ring", "fanout", 1.2, _against(FLOOR.name, ours=GRANDSTAND_SOCKET.name)),
    Target(
        "… without the ring, at 20 a second",
        "fanout",
        1.2,
        _against(FLOOR.name, 20, GRANDSTAND_SOCKET.name),
    ),
    Target("… against nchan", "fanout", 0.5, _against(NCHAN_PEER.name)),
    Target("… against sse-starlette", "fanout", 0.2, _against(STARLETTE.name)),
    Target("… against Channels on Daphne", "fanout", 0.067, _against_channels),
    Target("memory per idle stream, of 8,000", "idle", 3, _figure(f"{OURS} 8000", "kib"), " KiB"),
    Target(
        "p99 latency at the expected load, against the floor",
        "fanout",
        1.1,
        lambda measured: measured.ratio(OURS, FLOOR.name, "p99_ms"),
    ),
    Target("… and by itself", "fanout", 50, _figure(OURS, "p99_ms"), " ms"),
    Target("processor time per delivery at 16,000 streams, against 1,000", "growth", 1.3, _growth),
    Target(
        "connects a second, authorised", "idle", 4000, _figure(f"{OURS} 8000", "joins_per_second"), "", True
    ),
    Target("10,000 resumes caught up", "resume", 3, _figure(OURS, "seconds"), " s"),
    Target("platform's load, p99", "platform", 20, _figure("1", "p99_ms"), " ms"),
    Target("… CPU of one core", "platform", 40, _figure("1", "core_percent"), " %"),
    Target("… with two workers, p99", "platform", 20, _figure("2", "p99_ms"), " ms"),
    Target("… CPU of one core", "platform", 40, _figure("2", "core_percent"), " %"),
    Target("page of 128 players", "pages", 1000, _figure("unchanged", "per_second"), "/s", True),
    Target("… answered 304", "pages", 2000, _figure("304", "per_second"), "/s", True),
    Target(
        "page of a double elimination of 128",
        "pages",
        1000,
        _figure("double elimination, unchanged", "per_second"),
        "/s",
        True,
    ),
    Target("… answered 304", "pages", 2000, _figure("double elimination, 304", "per_second"), "/s", True),
    Target("… compressed", "pages", 60, _figure("double elimination, unchanged", "gzip_kib"), " KiB"),
    Target("… and when all is played", "formats", 60, _figure(DOUBLE, "page_kib"), " KiB"),
    Target("fold of a finished double elimination of 128", "formats", 60, _figure(DOUBLE, "fold_ms"), " ms"),
    Target(
        "score in 32 groups of four to its frame, p99", "formats", 3, _figure(GROUPS, "score_p99_ms"), " ms"
    ),
    Target("pairing 200 players for round 9", "formats", 2000, _figure(SWISS, "pairing_ms"), " ms"),
    Target("… the longest that others wait for it", "formats", 10, _figure(SWISS, "wait_max_ms"), " ms"),
    Target("form post to the last of 1,000 sockets, p99", "post", 50, _figure("SQLite", "p99_ms"), " ms"),
)
