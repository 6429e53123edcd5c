"""The measures. Each is a function of a bench and one variant, and gives its figures of one round."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from bench import peers
from bench.formats import VARIANTS, formats
from bench.machine import CannotMeasure, cpu_seconds, process_tree, rss_bytes, streams_max
from bench.peers import MATCH_ID, PEERS, STAFF_NAME, Grandstand, Server, grandstand
from bench.processes import pinned, program
from bench.results import Figures
from bench.running import Bench, Scale

RATES = (10, 20)
"""Events a second; the first is the expected load, at which latency is told."""

MICRO = 1e6
KIB = 1024


@dataclass(frozen=True)
class Measure:
    """A measure: its variants are run in turn, round after round."""

    name: str
    what: str
    variants: Callable[[Scale], Sequence[str]]
    run: Callable[[Bench, str], Figures]


def _start(bench: Bench, peer: str) -> AbstractContextManager[Server]:
    return PEERS[peer].start(bench.folder, bench.cores)


def _cpu_us(seconds: float, deliveries: int) -> float:
    if not deliveries:
        raise CannotMeasure("Nothing was delivered.")
    return seconds / deliveries * MICRO


def fan_out(bench: Bench, peer: str) -> Figures:
    """Processor time per delivered event at each rate, latency at the expected one, and a burst."""
    scale = bench.scale
    streams = min(scale.streams, PEERS[peer].streams_max)
    figures: Figures = {"streams": streams}
    with _start(bench, peer) as server:
        bench.warm(server)
        for rate in RATES:
            delivered, seconds = bench.deliver(server, streams, events=int(rate * scale.seconds), rate=rate)
            figures[f"cpu_us_{rate}"] = _cpu_us(seconds, delivered.deliveries)
            figures[f"share_{rate}"] = delivered.share
            if rate == RATES[0]:
                figures["p50_ms"] = delivered.latency_ms.p50
                figures["p99_ms"] = delivered.latency_ms.p99
                figures["max_ms"] = delivered.latency_ms.max
        delivered, _ = bench.deliver(server, streams, events=scale.burst_events, rate=0)
        figures["burst_per_second"] = delivered.deliveries / delivered.seconds
        figures["share_burst"] = delivered.share
    return figures


def idle(bench: Bench, variant: str) -> Figures:
    """Memory per idle stream, what they cost while nothing happens, and joins a second, ``PEER STREAMS``."""
    peer, streams = variant.rsplit(" ", 1)
    with _start(bench, peer) as server:
        bench.warm(server)
        tree = process_tree(server.pid)
        before = rss_bytes(tree)
        with bench.spectators(server, int(streams)) as spectators:
            bench.settle()
            tree = process_tree(server.pid)
            grown = rss_bytes(tree) - before
            cpu, began = cpu_seconds(tree), time.monotonic()
            time.sleep(bench.scale.idle_seconds)
            cpu, seconds = cpu_seconds(tree) - cpu, time.monotonic() - began
            joined = spectators.joined
    return {
        "kib": grown / int(streams) / KIB,
        "idle_ms": cpu / seconds * 1000,
        "joins_per_second": joined.streams / joined.seconds,
    }


def resume(bench: Bench, peer: str) -> Figures:
    """Everybody comes back at once to a fresh worker, each with a token and the same old position."""
    scale = bench.scale
    with _start(bench, peer) as server:
        assert isinstance(server, Grandstand)
        with bench.publisher(server, scale.resumed_events, 0) as begin:
            begin()
        server.next_number = 1
        with bench.spectators(
            server,
            scale.resumes,
            events=scale.resumed_events,
            window=scale.resumes,
            header=f"Last-Event-ID: {server.position}",
            stamps=False,
        ) as spectators:
            tree = process_tree(server.pid)
            delivered = spectators.delivered()
            cpu = cpu_seconds(tree)
    return {
        "seconds": delivered.seconds_from_start,
        "share": delivered.share,
        "server_cpu_seconds": cpu,
    }


def growth(bench: Bench, variant: str) -> Figures:
    """Processor time and latency as the crowd grows, ``PEER STREAMS``."""
    peer, streams = variant.rsplit(" ", 1)
    scale = bench.scale
    with _start(bench, peer) as server:
        bench.warm(server)
        events = int(scale.growth_rate * scale.seconds)
        delivered, seconds = bench.deliver(server, int(streams), events=events, rate=scale.growth_rate)
    return {
        "cpu_us": _cpu_us(seconds, delivered.deliveries),
        "share": delivered.share,
        "p50_ms": delivered.latency_ms.p50,
        "p99_ms": delivered.latency_ms.p99,
        "max_ms": delivered.latency_ms.max,
    }


def workers(bench: Bench, variant: str) -> Figures:
    """One worker against several on the same streams, ``N``; they share the load's cores if they must."""
    scale = bench.scale
    with grandstand(bench.folder, bench.cores, workers=int(variant)) as server:
        bench.warm(server)
        events = int(RATES[0] * scale.seconds)
        delivered, seconds = bench.deliver(server, scale.worker_streams, events=events, rate=RATES[0])
        burst, _ = bench.deliver(server, scale.worker_streams, events=scale.burst_events // 2, rate=0)
    return {
        "cpu_us": _cpu_us(seconds, delivered.deliveries),
        "share": delivered.share,
        "p50_ms": delivered.latency_ms.p50,
        "p99_ms": delivered.latency_ms.p99,
        "burst_per_second": burst.deliveries / burst.seconds,
    }


def platform(bench: Bench, variant: str) -> Figures:
    """Many tournaments with few spectators each, and a score a second in some of them, ``N`` workers.

    Where a process may not open so many files, it is the last of the tournaments, in which nothing happens,
    that have one spectator less.
    """
    scale, rate = bench.scale, bench.scale.tournaments_played
    streams = min(scale.tournaments * scale.spectators_each, streams_max())
    with grandstand(
        bench.folder, bench.cores, workers=int(variant), tournaments=scale.tournaments, turns=rate
    ) as server:
        bench.warm(server)
        empty = rss_bytes(process_tree(server.pid))
        events = int(rate * scale.platform_seconds)
        with (
            bench.spectators(server, streams, events=events) as spectators,
            bench.publisher(server, events, rate) as begin,
        ):
            bench.settle()
            tree = process_tree(server.pid)
            held, before = rss_bytes(tree), cpu_seconds(tree)
            begin()
            delivered = spectators.delivered()
            cpu = cpu_seconds(tree) - before
    return {
        "streams": streams,
        "per_second": events / delivered.seconds,
        "core_percent": cpu / delivered.seconds * 100,
        "cpu_us": _cpu_us(cpu, delivered.deliveries),
        "p50_ms": delivered.latency_ms.p50,
        "p99_ms": delivered.latency_ms.p99,
        "max_ms": delivered.latency_ms.max,
        "mib": held / KIB**2,
        "kib": (held - empty) / streams / KIB,
        "share": delivered.share,
    }


DATABASES = {"SQLite": ("sqlite", False), "PostgreSQL + Redis": ("postgresql", True)}


def post(bench: Bench, database: str) -> Figures:
    """From a score posted over HTTP to the last spectator's socket: decide, commit, announce, fan out."""
    scale = bench.scale
    kind, redis = DATABASES[database]
    with grandstand(bench.folder, bench.cores, database=kind, redis=redis) as server:
        bench.warm(server)
        with (
            _scorer(server) as score,
            bench.spectators(server, scale.streams, events=scale.posts) as spectators,
        ):
            bench.settle()
            stamps = bench.stamps()
            began, answered = time.monotonic(), []
            for count in range(scale.posts):
                time.sleep(max(0.0, began + count / scale.post_rate - time.monotonic()))
                stamps.stamp(server.next_number + count)
                sent = time.monotonic()
                score(server.next_number + count)
                answered.append(time.monotonic() - sent)
            delivered = spectators.delivered()
    return {
        "p50_ms": delivered.to_last_ms.p50,
        "p99_ms": delivered.to_last_ms.p99,
        "max_ms": delivered.to_last_ms.max,
        "answer_p50_ms": sorted(answered)[len(answered) // 2] * 1000,
        "share": delivered.share,
    }


@contextlib.contextmanager
def _scorer(server: Grandstand) -> Iterator[Callable[[int], bytes]]:
    """Somebody who is signed in and posts scores, on one kept connection."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    headers = {"Content-Type": "application/json"}

    def ask(path: str, body: dict[str, object]) -> bytes:
        connection.request("POST", path, json.dumps(body), headers)
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != 200:
            raise CannotMeasure(f"POST {path} was answered {answer.status}: {said.decode(errors='replace')}")
        return said

    signed_in = ask("/api/token/", {"username": STAFF_NAME, "password": server.password})
    headers["Authorization"] = f"Bearer {json.loads(signed_in)['access']}"
    path = f"/api/tournaments/{server.seeded.tournament_id}/matches/{MATCH_ID}/score/"
    with contextlib.closing(connection):
        yield lambda number: ask(path, {"participant1_score": number, "participant2_score": 0})


PAGES = {
    "unchanged": ("single_elimination", 200),
    "304": ("single_elimination", 304),
    "double elimination, unchanged": ("double_elimination", 200),
    "double elimination, 304": ("double_elimination", 304),
}
"""Of which format the page is, and what it is answered with."""


def pages(bench: Bench, variant: str) -> Figures:
    """How many spectators a second can load the page of a big bracket, or learn that theirs is current."""
    scale, (format, expected) = bench.scale, PAGES[variant]
    with grandstand(bench.folder, bench.cores, players=scale.players, format=format) as server:
        path = f"/tournaments/{server.seeded.tournament_id}/"
        _, etag, _ = _get(server, path, {})
        asked = {"If-None-Match": etag} if expected == 304 else {}
        status, _, size = _get(server, path, asked)
        _, _, compressed = _get(server, path, asked | {"Accept-Encoding": "gzip"})
        if status != expected:
            raise CannotMeasure(f"The page was answered {status}.")
        headers = [part for name, value in asked.items() for part in ("-H", f"{name}: {value}")]
        command = [program("wrk"), "-t1", "-c16", *headers, f"http://127.0.0.1:{server.port}{path}"]
        with bench.spectators(server, 1):
            _wrk(bench, [*command, "-d1s"])
            tree = process_tree(server.pid)
            before = cpu_seconds(tree)
            rate = _wrk(bench, [*command, f"-d{scale.page_seconds:.0f}s"])
            cpu = cpu_seconds(tree) - before
    return {
        "per_second": rate,
        "cpu_us": cpu / (rate * scale.page_seconds) * MICRO,
        "body_kib": size / KIB,
        "gzip_kib": compressed / KIB,
    }


def _get(server: Server, path: str, headers: dict[str, str]) -> tuple[int, str, int]:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", server.port)) as connection:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.getheader("ETag", ""), len(answer.read())


def _wrk(bench: Bench, command: Sequence[str]) -> float:
    done = subprocess.run(pinned(bench.cores.rest, command), capture_output=True, text=True, check=False)
    rate = re.search(r"^Requests/sec:\s+([\d.]+)", done.stdout, re.MULTILINE)
    if rate is None or "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise CannotMeasure(f"wrk says:\n{done.stdout}{done.stderr}")
    return float(rate.group(1))


def _every_peer(scale: Scale) -> Sequence[str]:
    return tuple(PEERS)


def _all_wires(scale: Scale) -> Sequence[str]:
    return (peers.GRANDSTAND.name, peers.GRANDSTAND_SOCKET.name, peers.GRANDSTAND_ASGI.name)


def _peers_by_streams(names: Sequence[str], streams: Sequence[int]) -> Sequence[str]:
    return tuple(f"{name} {count}" for name in names for count in streams)


def _idle_variants(scale: Scale) -> Sequence[str]:
    return _peers_by_streams(tuple(PEERS), scale.idle_streams)


def _growth_variants(scale: Scale) -> Sequence[str]:
    return _peers_by_streams((peers.FLOOR.name, peers.GRANDSTAND.name), scale.growth_streams)


MEASURES = {
    measure.name: measure
    for measure in (
        Measure("fanout", "processor time, latency and bursts", _every_peer, fan_out),
        Measure("idle", "memory per idle stream, and joins", _idle_variants, idle),
        Measure("resume", "everybody comes back at once", _all_wires, resume),
        Measure("growth", "as the crowd grows", _growth_variants, growth),
        Measure("workers", "two workers against one", lambda _: ("1", "2"), workers),
        Measure("platform", "many tournaments with few spectators each", lambda _: ("1", "2"), platform),
        Measure("post", "from a form post to the last socket", lambda _: tuple(DATABASES), post),
        Measure("pages", "pages a second", lambda _: tuple(PAGES), pages),
        Measure("formats", "folding, groups and pairing, in memory", lambda _: tuple(VARIANTS), formats),
    )
}
"""Every measure by its name on the command line."""
