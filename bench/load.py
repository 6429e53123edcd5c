"""The spectators: ``sse_load``, compiled once, and one run of it as a context."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.machine import CannotMeasure
from bench.processes import pinned, program

SOURCES = Path(__file__).parent


@dataclass(frozen=True)
class Quantiles:
    """Milliseconds that half, nine in ten, 99 in 100, and all of the cases took at most."""

    p50: float
    p90: float
    p99: float
    max: float


@dataclass(frozen=True)
class Joined:
    """How long it took until every stream had its first frame, and each stream for itself."""

    streams: int
    seconds: float
    each_ms: Quantiles


@dataclass(frozen=True)
class Delivered:
    """What arrived.

    ``seconds`` runs from when the first event was sent, ``seconds_from_start`` from the first connect, both
    to the last arrival. ``to_last_ms`` is, event by event, how long it took until its last stream had it.
    """

    deliveries: int
    wanted: int
    missed: int
    repeated: int
    closed: int
    seconds: float
    seconds_from_start: float
    latency_ms: Quantiles
    to_last_ms: Quantiles

    @property
    def share(self) -> float:
        """Which part of what should have arrived did, exactly once and in order."""
        return (self.deliveries / self.wanted) if not self.repeated else 0.0


def compiled(name: str, folder: Path) -> Path:
    """The program made from ``bench/NAME.c``, compiled into ``folder`` if it is not there yet."""
    made = folder / name
    if not made.exists():
        command = [program("gcc"), "-O2", "-Wall", "-o", str(made), str(SOURCES / f"{name}.c")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise CannotMeasure(f"{name}.c does not compile:\n{done.stderr}")
    return made


class Load:
    """One running ``sse_load``: all its streams are open."""

    def __init__(self, process: subprocess.Popen[str], joined: Joined) -> None:
        self._process = process
        self.joined = joined

    def delivered(self) -> Delivered:
        """Wait until everything has arrived or will not arrive any more."""
        said = _line(self._process)
        return Delivered(
            deliveries=said["delivered"],
            wanted=said["wanted"],
            missed=said["missed"],
            repeated=said["repeated"],
            closed=said["closed"],
            seconds=said["seconds"],
            seconds_from_start=said["seconds_from_start"],
            latency_ms=Quantiles(**said["latency_ms"]),
            to_last_ms=Quantiles(**said["to_last_ms"]),
        )


@contextlib.contextmanager
def load(folder: Path, cores: Sequence[int], arguments: Sequence[object]) -> Iterator[Load]:
    """Open streams as ``arguments`` say (see the head of ``sse_load.c``), and close them at the end.

    Raises CannotMeasure with what ``sse_load`` says when they cannot all be opened.
    """
    command = pinned(cores, [compiled("sse_load", folder), *arguments])
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            said = _line(process)
            joined = Joined(said["joined"], said["join_seconds"], Quantiles(**said["join_ms"]))
            yield Load(process, joined)
        finally:
            if process.stdin is not None:
                process.stdin.close()


def _line(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    assert process.stderr is not None
    line = process.stdout.readline()
    if not line:
        raise CannotMeasure(process.stderr.read().strip())
    said: dict[str, Any] = json.loads(line)
    return said
