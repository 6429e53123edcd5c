"""Where the server's time goes: py-spy beside a server under load."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from bench.machine import ROOT, CannotMeasure, Cores
from bench.peers import Grandstand, grandstand
from bench.processes import pinned, program
from bench.running import Bench, Scale, bench

PY_SPY = ROOT / ".venv-bench/bin/py-spy"
SAMPLES_PER_SECOND = 500
ROWS = 30
KINDS = ("fanout", "join", "page")

WAITING = ("epoll_wait", "epoll_pwait", "PyThread_acquire_lock_timed")
"""What a thread that has nothing to do is in."""


def profile(scale: Scale, cores: Cores, kind: str) -> None:
    """Print what the server was doing, function by function, while it was not waiting.

    ``kind`` is ``fanout`` (events at 20 a second), ``join`` (spectators who come and go) or ``page`` (the
    page of a big bracket, again and again). Raises CannotMeasure when py-spy cannot look into the server.
    """
    with bench(scale, cores) as each, grandstand(each.folder, cores, players=scale.players) as server:
        each.warm(server)
        recorded = each.folder / "profile"
        command: list[object] = [
            PY_SPY,
            "record",
            "--pid",
            server.pid,
            "--native",
            "--function",
            "--format",
            "raw",
        ]
        command += ["--rate", SAMPLES_PER_SECOND, "--duration", int(scale.seconds), "--output", recorded]
        with subprocess.Popen(
            pinned(cores.rest, command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as recording:
            _occupy(each, server, kind, recording)
            said, _ = recording.communicate()
        if recording.returncode:
            raise CannotMeasure(f"py-spy failed:\n{said}")
        _print(recorded)


def _occupy(each: Bench, server: Grandstand, kind: str, recording: subprocess.Popen[str]) -> None:
    """Keep the server busy for as long as is recorded."""
    scale = each.scale
    if kind == "fanout":
        each.deliver(server, scale.streams, events=int(20 * scale.seconds), rate=20)
    elif kind == "join":
        while recording.poll() is None:
            with each.spectators(server, scale.streams):
                pass
    else:
        url = f"http://127.0.0.1:{server.port}/tournaments/{server.seeded.tournament_id}/"
        command = [program("wrk"), "-t1", "-c16", f"-d{scale.seconds:.0f}s", url]
        subprocess.run(pinned(each.cores.rest, command), capture_output=True, check=True)


def _samples(recorded: Path) -> Iterator[tuple[list[str], int]]:
    """The stacks, outermost first, each with how often it was seen; those that wait are left out."""
    for line in recorded.read_text().splitlines():
        stack, _, count = line.rpartition(" ")
        frames = stack.split(";")
        if not any(frame.startswith(WAITING) for frame in frames):
            yield frames, int(count)


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
