"""``python -m bench soak``: does the server stay as it is, however many come and go?

Tournament after tournament is played while spectators join, are cut, resume and leave. Every few seconds the
server is looked at from outside: memory, open files, threads, asyncio tasks. At the end of each tournament
everybody's holdings are compared with the log, and once all have left the server has to be as idle as ever.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from statistics import linear_regression, median

import httpx
from prometheus_client.parser import text_string_to_metric_families

from bench.crowd import Crowd, Scorer, Visitors, kinds
from bench.machine import CannotMeasure, cores, describe_ours, rss_bytes
from bench.peers import Grandstand, grandstand
from bench.running import Scale, bench
from quart_app.actions.services import Services
from quart_app.actions.tournaments import create_tournament
from quart_app.domain.commands import CreateTournament
from quart_app.domain.state.tournament import TournamentStatus
from quart_app.live.bus.redis import RedisBus
from quart_app.store.database.engine import Database
from quart_app.store.event_log import select_events
from quart_app.timeline.ledger import Ledger
from tests.domain.strategies import at_random, players

SEATS = 300
VISITORS = 8
PLAYERS = 64
DEEDS_PER_SECOND = 5.0
SAMPLE_SECONDS = 5.0
SETTLE_SECONDS = 6.0
"""After which whoever has left is forgotten."""

EMPTY_SECONDS_MAX = 40.0
LATE_SECONDS_MAX = 180.0
"""How much longer than it was told a soak may take to come to its end."""

SAMPLES_MIN = 5

EQUAL_LOAD = 0.1
"""Samples whose open streams are within so much of the median are taken under equal load."""

MEBI = 2**20

NO_KEEP_ALIVE = httpx.Limits(max_keepalive_connections=0)

IMPATIENT = {
    "GRANDSTAND_DEGRADED_POLL_SECONDS": "1",
    "GRANDSTAND_FEED_TOKEN_SECONDS": "20",
    "GRANDSTAND_HEARTBEAT_SECONDS": "2",
    "GRANDSTAND_KEPT_MEBIBYTES": "4",
    "GRANDSTAND_LAG_SECONDS_MAX": "5",
    "GRANDSTAND_RETRY_SECONDS": "1",
}
"""Settings with which every timer of a stream runs out many times, and some minutes fill what is
kept of tournaments that are over."""

MEMORY_GROWTH_MAX = 3.0
DESCRIPTOR_GROWTH_MAX = 25.0
TASK_GROWTH_MAX = 100.0
THREAD_GROWTH_MAX = 8.0
"""By how much each may have grown over the second half: MiB, and counts. Requests under way make the counts
waver, by more on a busy machine; what leaks more rarely shows when nobody watches."""

MEMORY_SECONDS_MIN = 360.0
"""How long a soak must be for its memory to be judged: caches and allocator take three minutes to fill up."""

IDLE_DESCRIPTORS_MAX = 4
IDLE_TASKS_MAX = 6
"""By how much the server may differ from itself whenever nobody watches: a request or two."""

SEED = 1
WRONG_SHOWN = 20

NAME = "soak"
WHAT = "whether the server stays as it is, however many come and go (--minutes)"


@dataclass(frozen=True)
class Sample:
    """The server at one moment, ``at`` seconds after the beginning. Its memory is in MiB.

    ``descriptors`` are all but those of the database's file: SQLite keeps one of each connection that was
    ever open beside others, because closing it would drop their locks (POSIX), and takes it for the next.
    """

    at: float
    rss: float
    descriptors: int
    threads: int
    tasks: int
    streams: int

    @property
    def spare(self) -> int:
        """Open files beyond the one of each stream."""
        return self.descriptors - self.streams


@dataclass
class Soak:
    """What a soak saw. ``busy`` are the samples while somebody watched, ``idle`` those after everyone left.

    ``wrong`` tells of each client that did not hold the log, and of whatever else must not happen.
    """

    seconds: float
    busy: list[Sample] = field(default_factory=list)
    idle: list[Sample] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    metrics: dict[str, float] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def equal_load(self) -> list[Sample]:
        """The busy samples under about the same number of streams."""
        usual = median(sample.streams for sample in self.busy)
        return [sample for sample in self.busy if abs(sample.streams - usual) <= EQUAL_LOAD * usual]


# The verdict


Reading = Callable[[Sample], float]


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: what was seen, what may be, and whether it is so (None: not judged)."""

    title: str
    seen: str
    limit: str
    held: bool | None

    @property
    def row(self) -> str:
        """The check as a row of a table."""
        verdict = {True: "held", False: "**broken**", None: "not judged"}[self.held]
        return f"| {self.title} | {self.seen} | {self.limit} | {verdict} |"


def checks(soak: Soak) -> tuple[Check, ...]:
    """Every check. Raises CannotMeasure when the soak was too short for them."""
    late = [[s for s in samples if s.at > soak.seconds / 2] for samples in (soak.busy, soak.equal_load)]
    if not soak.idle or any(len(samples) < SAMPLES_MIN for samples in late):
        raise CannotMeasure("The soak was too short to say anything; give it two minutes or more.")
    busy, equal = late
    memory = _growth("resident memory in MiB", busy, lambda sample: sample.rss, MEMORY_GROWTH_MAX)
    if soak.seconds < MEMORY_SECONDS_MIN:
        memory = replace(memory, held=None)
    wrong = len(soak.wrong)
    return (
        Check("clients that did not hold the log, odd answers, errors", str(wrong), "0", not wrong),
        memory,
        _growth("open files beyond streams", equal, lambda sample: sample.spare, DESCRIPTOR_GROWTH_MAX),
        _growth("asyncio tasks", equal, lambda sample: sample.tasks, TASK_GROWTH_MAX),
        _growth("threads", equal, lambda sample: sample.threads, THREAD_GROWTH_MAX),
        _same("open files, nobody watching", soak.idle, lambda s: s.descriptors, IDLE_DESCRIPTORS_MAX),
        _same("asyncio tasks, nobody watching", soak.idle, lambda s: s.tasks, IDLE_TASKS_MAX),
    )


def _growth(title: str, samples: Sequence[Sample], read: Reading, limit: float) -> Check:
    """That a line through the samples (least squares) does not rise by more than ``limit``."""
    slope = linear_regression([sample.at for sample in samples], [read(sample) for sample in samples]).slope
    grown = slope * (samples[-1].at - samples[0].at)
    seen = f"{_span(samples, read)}; {grown:+.1f}, which is {slope * 3600:+,.0f} an hour"
    return Check(f"{title}, second half", seen, f"grows by at most {limit:g}", grown <= limit)


def _same(title: str, samples: Sequence[Sample], read: Reading, limit: int) -> Check:
    values = [read(sample) for sample in samples]
    apart = max(values) - min(values)
    return Check(title, _span(samples, read), f"at most {limit} apart", apart <= limit)


def _span(samples: Sequence[Sample], read: Reading) -> str:
    least, most = (f"{pick(map(read, samples)):.4g}" for pick in (min, max))
    return least if least == most else f"{least} to {most}"


def render(soak: Soak) -> str:
    """What happened and every check, in Markdown."""
    counts, metrics = soak.counts, soak.metrics
    streams = sum(value for name, value in metrics.items() if name.startswith("grandstand_resumes_total "))
    resumed = metrics.get("grandstand_resumes_total replayed", 0)
    lagged = metrics.get("grandstand_feed_closes_total lagged", 0)
    usual = median(sample.streams for sample in soak.busy)
    told = (
        f"{soak.seconds / 60:g} minutes, {counts['tournaments']} tournaments, {counts['events']:,} events, ",
        f"{counts['spectators']:,} spectators on {SEATS} seats, {usual:.0f} of them there at a time. ",
        f"{streams:,.0f} streams began, {resumed:,.0f} of them resumed, {lagged:,.0f} were cut as too slow; ",
        f"{metrics['grandstand_deliveries_total']:,.0f} events were delivered, ",
        f"{counts['requests']:,} other requests answered.",
    )
    lines = ("".join(told), "", "| | seen | limit | |", "| --- | --- | --- | --- |")
    return "\n".join((*lines, *(check.row for check in checks(soak))))


def document(soak: Soak) -> str:
    """The same, and what it was measured on."""
    about = "; ".join(f"{key}: {text}" for key, text in describe_ours().items())
    return f"{render(soak)}\n\n{about}."


# The soak itself


def soak(seconds: float) -> Soak:
    """Start a server, soak it for so long, and give what was seen. Raises CannotMeasure."""
    with (
        bench(Scale(), cores()) as each,
        grandstand(each.folder, each.cores, overrides=IMPATIENT) as server,
    ):
        os.sched_setaffinity(0, each.cores.rest)
        soaking = Soaking(server, seconds)
        try:
            asyncio.run(soaking.run())
        except TimeoutError:
            raise CannotMeasure("The soak did not come to its end.") from None
        except ExceptionGroup as group:
            raise CannotMeasure("; ".join(map(repr, group.exceptions))) from group
        for line in (each.folder / "server.log").read_text().splitlines():
            if '"level":"error"' in line.replace(" ", ""):
                soaking.soak.wrong.append(line)
    return soaking.soak


class Soaking:
    """One soak of a running server."""

    def __init__(self, server: Grandstand, seconds: float) -> None:
        self._server = server
        self._url = f"http://127.0.0.1:{server.port}"
        self._database = str(server.settings.sqlite_path)
        self._began = time.monotonic()
        self._chance = Random(SEED)
        self._empty = False
        self.soak = Soak(seconds)

    async def run(self) -> None:
        """Play until the time is up."""
        settings = self._server.settings
        database, bus = Database(settings.database_url), RedisBus(settings.redis_url or "")
        services = Services(database, bus, Ledger(database))
        async with (
            asyncio.timeout(self.soak.seconds + LATE_SECONDS_MAX),
            httpx.AsyncClient(base_url=self._url, timeout=20, limits=NO_KEEP_ALIVE) as client,
        ):
            scorer = Scorer(services, client)
            await scorer.sign_in(self._server)
            sampling = asyncio.create_task(self._sample_for_ever())
            try:
                while self._elapsed() < self.soak.seconds:
                    await self._play_one(scorer)
            finally:
                sampling.cancel()
                await asyncio.gather(sampling, return_exceptions=True)
                await bus.close()
                await database.close()

    def _elapsed(self) -> float:
        return time.monotonic() - self._began

    async def _play_one(self, scorer: Scorer) -> None:
        """One tournament, from the first spectator's arrival until the last has left."""
        services, counts = scorer.services, self.soak.counts
        counts["tournaments"] += 1
        name = f"Soak {counts['tournaments']}"
        command = CreateTournament(name=name, entrants=players(PLAYERS))
        tournament = (await create_tournament(services, command, None, generate=True)).tournament
        choose = at_random(SEED + counts["tournaments"])
        crowd = Crowd(self._server.port, tournament.id, self._chance)
        visitors = Visitors(self._url, tournament.id, self._chance)
        head = asyncio.get_running_loop().create_future()
        self._empty = False
        async with asyncio.TaskGroup() as tasks:
            for kind, slow in kinds(SEATS):
                tasks.create_task(crowd.sit(kind, slow=slow, head=head))
            visits = [tasks.create_task(visitors.visit(keep_alive=n % 2 == 0)) for n in range(VISITORS)]
            due = time.monotonic()
            while tournament.status is not TournamentStatus.COMPLETED and self._elapsed() < self.soak.seconds:
                tournament = await scorer.perform(tournament.id, choose(tournament))
                due += 1 / DEEDS_PER_SECOND
                await asyncio.sleep(max(0.0, due - time.monotonic()))
            for visit in visits:
                visit.cancel()
            crowd.over.set()
            loaded = await services.ledger.load(tournament.id)
            head.set_result(loaded.position)
        async with services.database.reading() as connection:
            log = await select_events(connection, tournament.id)
        page = (await scorer.client.get(f"/tournaments/{tournament.id}/")).text
        wrong = crowd.wrong(log, page) + visitors.odd
        self.soak.wrong += wrong
        counts["events"] += len(log)
        counts["deeds"] = scorer.deeds
        counts["requests"] += visitors.requests
        counts["spectators"] += len(crowd.guests)
        counts["held"] += sum(len(guest.held) for guest in crowd.guests)
        await self._until_empty()
        told = " ".join(f"{count} {name}," for name, count in counts.items())
        print(
            f"{self._elapsed():6.0f} s: {told} {len(self.soak.wrong)} wrong", *wrong, sep="\n  ", flush=True
        )

    async def _until_empty(self) -> None:
        """Wait until the server knows that everyone has left, and see what is left of it."""
        deadline = time.monotonic() + EMPTY_SECONDS_MAX
        self._empty = True
        while (sample := await self._look()).streams:
            if time.monotonic() > deadline:
                self.soak.wrong.append(f"{sample.streams} streams are open though nobody watches")
                return
            await asyncio.sleep(0.2)
        await asyncio.sleep(SETTLE_SECONDS)
        self.soak.idle.append(await self._look())

    async def _sample_for_ever(self) -> None:
        while True:
            await asyncio.sleep(SAMPLE_SECONDS)
            if not self._empty:
                self.soak.busy.append(await self._look())

    async def _look(self) -> Sample:
        """The server now. The connection that asks is counted in, every time alike."""
        async with httpx.AsyncClient(timeout=20, headers={"Connection": "close"}) as client:
            exposition = (await client.get(f"{self._url}/metrics")).text
            self.soak.metrics = read_metrics(exposition)
            pid = self._server.pid
            return Sample(
                at=self._elapsed(),
                rss=rss_bytes((pid,)) / MEBI,
                descriptors=sum(not name.startswith(self._database) for name in open_files(pid)),
                threads=len(os.listdir(f"/proc/{pid}/task")),
                tasks=int(self.soak.metrics["grandstand_tasks"]),
                streams=int(self.soak.metrics["grandstand_feed_subscribers"]),
            )


def read_metrics(exposition: str) -> dict[str, float]:
    """Every sample of an exposition by its name, or by its name and the values of its labels."""
    return {
        " ".join((sample.name, *sample.labels.values())): sample.value
        for family in text_string_to_metric_families(exposition)
        for sample in family.samples
    }


def open_files(pid: int) -> Iterator[str]:
    """What each descriptor of a process stands for; those that are closed meanwhile are left out."""
    for entry in os.scandir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            yield os.readlink(entry.path)
