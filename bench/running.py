"""What the measures are made of: spectators, a publisher, and one run of events between them."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.load import Delivered, Load, load
from bench.machine import ROOT, CannotMeasure, Cores, cpu_seconds, process_tree
from bench.peers import Server
from bench.processes import pinned
from bench.publishing import NUMBERS, Stamps

WARM_STREAMS = 50


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How much of everything. A figure that counts is measured with the defaults."""

    rounds: int = 3
    streams: int = 1000
    seconds: float = 8.0
    settle_seconds: float = 1.0
    burst_events: int = 500
    idle_streams: tuple[int, ...] = (1000, 8000)
    idle_seconds: float = 4.0
    growth_streams: tuple[int, ...] = (1000, 2000, 4000, 8000, 16000)
    growth_rate: float = 4.0
    resumes: int = 10_000
    resumed_events: int = 50
    worker_streams: int = 4000
    tournaments: int = 2000
    tournaments_played: int = 200
    spectators_each: int = 10
    platform_seconds: float = 20.0
    posts: int = 500
    post_rate: float = 20.0
    players: int = 128
    page_seconds: float = 5.0

    @classmethod
    def quick(cls) -> Scale:
        """Little of everything: shows that all works, in a minute or two. Its figures mean nothing."""
        return cls(
            rounds=1,
            streams=50,
            seconds=2.0,
            settle_seconds=0.2,
            burst_events=100,
            idle_streams=(50, 100),
            idle_seconds=1.0,
            growth_streams=(50, 100),
            resumes=200,
            worker_streams=100,
            tournaments=20,
            tournaments_played=5,
            platform_seconds=2.0,
            posts=20,
            page_seconds=1.0,
        )


@dataclass(frozen=True)
class Bench:
    """One round of one variant: its scale, its cores, and a folder of its own."""

    scale: Scale
    cores: Cores
    folder: Path

    @contextlib.contextmanager
    def spectators(
        self,
        server: Server,
        streams: int,
        *,
        events: int = 0,
        window: int = 32,
        header: str | None = None,
        stamps: bool = True,
    ) -> Iterator[Load]:
        """So many open streams, among which the server's next ``events`` shall come to whom they are for."""
        lines = self.folder / "headers"
        lines.write_text("\n".join(server.headers(streams)))
        self.stamps()
        options: list[object] = ["-n", streams, "-w", window, "-H", lines]
        options += ["-t", server.turns, "-e", events, "-f", server.next_number]
        options += ["-m", server.marker, "-o", server.offset]
        options += ["-c"] if server.catches_up else []
        options += ["-h", header] if header else []
        options += ["-s", self.folder / "stamps"] if stamps else []
        with load(self.folder, self.cores.rest, [*options, server.port, *server.paths]) as spectators:
            yield spectators

    def stamps(self) -> Stamps:
        """When each event was sent."""
        return Stamps(self.folder / "stamps")

    @contextlib.contextmanager
    def publisher(self, server: Server, events: int, rate: float) -> Iterator[Callable[[], None]]:
        """A publisher that is connected; calling what is given makes it begin."""
        if server.next_number + events > NUMBERS:
            raise CannotMeasure(f"One server can be sent {NUMBERS - 1} events; start another one.")
        command: list[object] = [*server.publisher, "--first", server.next_number, "--events", events]
        command += ["--rate", rate, "--stamps", self.folder / "stamps"]
        with subprocess.Popen(
            pinned(self.cores.rest, command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, **server.publisher_env},
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stderr is not None
            if process.stdout.readline() != "ready\n":
                raise CannotMeasure(f"The publisher failed:\n{process.stderr.read()}")

            def begin() -> None:
                assert process.stdin is not None
                process.stdin.write("\n")
                process.stdin.flush()

            try:
                yield begin
            finally:
                process.stdin.close()  # a publisher that was never told to begin begins now, and ends
                server.next_number += events
            said = process.stderr.read()
            if process.wait():
                raise CannotMeasure(f"The publisher failed:\n{said}")

    def settle(self) -> None:
        """Let whatever the last step left behind come to its end."""
        time.sleep(self.scale.settle_seconds)

    def warm(self, server: Server) -> None:
        """Open and close a few streams, so that what is loaded or compiled at the first use is there."""
        with self.spectators(server, WARM_STREAMS):
            pass
        self.settle()

    def deliver(self, server: Server, streams: int, *, events: int, rate: float) -> tuple[Delivered, float]:
        """What arrived of ``events`` at ``rate`` a second, and the server's processor seconds for it."""
        with (
            self.spectators(server, streams, events=events) as spectators,
            self.publisher(server, events, rate) as begin,
        ):
            self.settle()
            tree = process_tree(server.pid)
            before = cpu_seconds(tree)
            begin()
            delivered = spectators.delivered()
            return delivered, cpu_seconds(tree) - before


@contextlib.contextmanager
def bench(scale: Scale, cores: Cores) -> Iterator[Bench]:
    """A bench with a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="grandstand-bench-", ignore_cleanup_errors=True) as folder:
        yield Bench(scale, cores, Path(folder))
