"""Where the server's time goes: py-spy beside a server under load."""

from __future__ import annotations

import contextlib
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from bench.machine import ROOT, CannotMeasure, Cores, streams_max
from bench.peers import Grandstand, grandstand
from bench.processes import pinned, program
from bench.running import Bench, Scale, bench

PY_SPY = ROOT / ".venv-bench/bin/py-spy"
SAMPLES_PER_SECOND = 500
ROWS = 30

WAITING = ("epoll_wait", "epoll_pwait", "PyThread_acquire_lock_timed")
"""What a thread that has nothing to do is in, if its stack can be unwound that far."""

WAITING_LOOP = "_connection_worker_thread"
"""The innermost function in Python of SQLite's threads between two jobs."""


def profile(scale: Scale, cores: Cores, kind: str) -> None:
    """Print what the server was doing, function by function, while it was not waiting.

    ``kind`` is ``fanout`` (events at 20 a second), ``platform`` (many tournaments with few spectators each),
    ``join`` (spectators who come and go) or ``page`` (the page of a big bracket, again and again). Raises
    CannotMeasure when py-spy cannot look into the server.
    """
    start, busy = _BUSY[kind]
    with bench(scale, cores) as each, start(each) as server:
        each.warm(server)
        recorded = each.folder / "profile"
        command: list[object] = [PY_SPY, "record", "--pid", server.pid, "--native", "--function"]
        command += ["--rate", SAMPLES_PER_SECOND, "--duration", int(scale.seconds), "--format", "raw"]
        with busy(each, server):
            recording = subprocess.run(
                pinned(cores.rest, [*command, "--output", recorded]),
                capture_output=True,
                text=True,
                check=False,
            )
        if recording.returncode:
            raise CannotMeasure(f"py-spy failed:\n{recording.stderr}")
        _print(recorded)


@contextlib.contextmanager
def _fan_out(each: Bench, server: Grandstand) -> Iterator[None]:
    with _events(each, server, each.scale.streams, 20):
        yield


@contextlib.contextmanager
def _platform(each: Bench, server: Grandstand) -> Iterator[None]:
    scale = each.scale
    streams = min(scale.tournaments * scale.spectators_each, streams_max())
    with _events(each, server, streams, scale.tournaments_played):
        yield


@contextlib.contextmanager
def _events(each: Bench, server: Grandstand, streams: int, rate: int) -> Iterator[None]:
    events = int(rate * (each.scale.seconds + 5))
    with each.spectators(server, streams), each.publisher(server, events, rate) as begin:
        each.settle()
        begin()
        yield


@contextlib.contextmanager
def _joins(each: Bench, server: Grandstand) -> Iterator[None]:
    over = threading.Event()

    def come_and_go() -> None:
        while not over.is_set():
            with each.spectators(server, each.scale.streams):
                pass

    coming = threading.Thread(target=come_and_go)
    coming.start()
    try:
        yield
    finally:
        over.set()
        coming.join()


@contextlib.contextmanager
def _pages(each: Bench, server: Grandstand) -> Iterator[None]:
    url = f"http://127.0.0.1:{server.port}/tournaments/{server.seeded.tournament_id}/"
    command = [program("wrk"), "-t1", "-c16", f"-d{each.scale.seconds + 2:.0f}s", url]
    with (
        each.spectators(server, 1),
        subprocess.Popen(pinned(each.cores.rest, command), stdout=subprocess.DEVNULL),
    ):
        yield


def _one(each: Bench) -> AbstractContextManager[Grandstand]:
    return grandstand(each.folder, each.cores, players=each.scale.players)


def _many(each: Bench) -> AbstractContextManager[Grandstand]:
    scale = each.scale
    return grandstand(each.folder, each.cores, tournaments=scale.tournaments, turns=scale.tournaments_played)


_BUSY: dict[
    str,
    tuple[
        Callable[[Bench], AbstractContextManager[Grandstand]],
        Callable[[Bench, Grandstand], AbstractContextManager[None]],
    ],
] = {
    "fanout": (_one, _fan_out),
    "platform": (_many, _platform),
    "join": (_one, _joins),
    "page": (_one, _pages),
}
"""Which server of ours is started for each kind, and what it is then busy with."""


KINDS = tuple(_BUSY)


def _samples(recorded: Path) -> Iterator[tuple[list[str], int]]:
    """The stacks, outermost first, each with how often it was seen; those that wait are left out."""
    for line in recorded.read_text().splitlines():
        stack, _, count = line.rpartition(" ")
        frames = stack.split(";")
        innermost = next((frame for frame in reversed(frames) if ".py:" in frame), "")
        if not innermost.startswith(WAITING_LOOP) and not any(map(_waits, frames)):
            yield frames, int(count)


def _waits(frame: str) -> bool:
    return frame.startswith(WAITING)


def _print(recorded: Path) -> None:
    own: Counter[str] = Counter()
    inclusive: Counter[str] = Counter()
    total = 0
    for frames, count in _samples(recorded):
        total += count
        own[frames[-1]] += count
        inclusive.update(dict.fromkeys({frame for frame in frames if ".py:" in frame}, count))
    for title, counter in (("by itself", own), ("with what it calls", inclusive)):
        print(f"\n  share  {title}")
        for frame, count in counter.most_common(ROWS):
            print(f"{count / max(total, 1):7.1%}  {frame}")
