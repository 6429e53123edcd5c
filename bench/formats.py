"""What formats cost, without a network: folding a log, a score and a result in groups, pairing a Swiss.

All of it is computing, so it is told in processor time; what others wait for a pairing is told by the clock.
"""

from __future__ import annotations

import asyncio
import resource
import statistics
import time
import zlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import reduce
from random import Random

import uvloop

from bench.results import Figures
from bench.running import Bench
from quart_app.actions.stages import paired
from quart_app.domain.commands import (
    Command,
    ConfirmResult,
    CreateTournament,
    EntrantLine,
    GenerateBracket,
    PublishRound,
    StartMatch,
    UpdateScore,
)
from quart_app.domain.decisions import decide
from quart_app.domain.decisions.stages import question
from quart_app.domain.events import Event, StageSettings, decode_event, encode_event
from quart_app.domain.fold import apply, fold, step
from quart_app.domain.pairing.dutch import propose
from quart_app.domain.parts import Part
from quart_app.domain.state.tournament import Tournament
from quart_app.show.fragments import render_all, render_changes

NOW = datetime(2026, 11, 25, tzinfo=UTC)
MS = 1000.0


class Play:
    """A tournament in memory, with its log."""

    def __init__(self, count: int, *stages: StageSettings) -> None:
        self.tournament = Tournament(1)
        self.log: list[Event] = []
        entrants = tuple(EntrantLine(name=f"Participant {number}") for number in range(1, count + 1))
        self.do(CreateTournament(name="Bench", entrants=entrants, stages=stages))
        self.do(GenerateBracket())

    def do(self, command: Command) -> None:
        """Carry a wish out."""
        events = decide(self.tournament, command, NOW)
        self.tournament = reduce(apply, events, self.tournament)
        self.log += events

    def all_ready(self, chance: Random) -> None:
        """Play everything that is ready, and what that makes ready."""
        while ready := self.tournament.agenda.ready:
            match_id = chance.choice(ready)
            self.do(StartMatch(match_id=match_id))
            score = chance.choice([(2, 1), (0, 1), (3, 0), (1, 4)])
            self.do(UpdateScore(match_id=match_id, participant1_score=score[0], participant2_score=score[1]))
            self.do(ConfirmResult(match_id=match_id))


def formats(bench: Bench, variant: str) -> Figures:
    """The figures of one variant."""
    return VARIANTS[variant]()


def _double_elimination() -> Figures:
    """Fold and page of a finished double elimination of 128."""
    play = Play(128, StageSettings(format="double_elimination"))
    play.all_ready(Random(1))
    log = [(event.type, event.version, encode_event(event)) for event in play.log]

    def whole() -> None:
        fold(1, (decode_event(*logged) for logged in log))

    page = render_all(play.tournament).encode()
    return {
        "events": len(log),
        "fold_ms": _median(whole, 9),
        "page_ms": _median(lambda: render_all(play.tournament), 9),
        "page_kib": len(zlib.compress(page, 6)) / 1024,
    }


def _groups() -> Figures:
    """A score, and a result, in 32 groups of four: from the decision to the frame."""
    play = Play(
        128,
        StageSettings(format="round_robin", groups=32, advance=2),
        StageSettings(format="single_elimination"),
    )
    scores, results = [], []
    chance = Random(1)
    for match_id in list(play.tournament.agenda.ready):
        play.do(StartMatch(match_id=match_id))
        for goals in (1, 2):
            wish = UpdateScore(
                match_id=match_id, participant1_score=goals, participant2_score=chance.randint(0, 3)
            )
            scores.append(_to_frame(play, wish))
        results.append(_to_frame(play, ConfirmResult(match_id=match_id)))
    page = render_all(play.tournament).encode()
    return {
        "events": len(play.log),
        "score_p99_ms": _p99(scores),
        "result_p50_ms": statistics.median(results),
        "result_p99_ms": _p99(results),
        "page_ms": _median(lambda: render_all(play.tournament), 5),
        "page_kib": len(zlib.compress(page, 6)) / 1024,
    }


def _league() -> Figures:
    """A league of 20 over two legs, 380 matches."""
    play = Play(20, StageSettings(format="round_robin", legs=2))
    play.all_ready(Random(1))
    log = [(event.type, event.version, encode_event(event)) for event in play.log]
    fresh = Play(20, StageSettings(format="round_robin", legs=2))
    results = []
    for match_id in list(fresh.tournament.agenda.ready):
        fresh.do(StartMatch(match_id=match_id))
        results.append(_to_frame(fresh, ConfirmResult(match_id=match_id, score=(1, 0))))
    return {
        "events": len(log),
        "fold_ms": _median(lambda: fold(1, (decode_event(*logged) for logged in log)), 5),
        "result_p50_ms": statistics.median(results),
        "result_p99_ms": _p99(results),
    }


def _swiss() -> Figures:
    """Pairing 200 for the ninth round, in its process, and the longest that a busy loop waited meanwhile."""
    play = Play(200, StageSettings(format="swiss", rounds=9))
    chance = Random(1)
    for _ in range(8):
        pairs, byes = propose(*question(play.tournament, play.tournament.stages[0], ()))
        play.do(PublishRound(stage=1, pairs=pairs, byes=byes))
        play.all_ready(chance)
    asked = question(play.tournament, play.tournament.stages[0], ())

    async def measure() -> Figures:
        waits = [0.0]
        done = asyncio.Event()

        async def tick() -> None:
            while not done.is_set():
                began = time.perf_counter()
                await asyncio.sleep(0.001)
                waits.append(time.perf_counter() - began - 0.001)

        ticking = asyncio.create_task(tick())
        await asyncio.sleep(0.1)
        waits.clear()
        began, before = time.perf_counter(), _children_seconds()
        await paired(asked)
        took, computed = time.perf_counter() - began, _children_seconds() - before
        done.set()
        await ticking
        return {"pairing_ms": took * MS, "pairing_cpu_ms": computed * MS, "wait_max_ms": max(waits) * MS}

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # as it is served
        return runner.run(measure())


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _to_frame(play: Play, wish: Command) -> float:
    """Decide, fold and render, in ms."""
    began = time.process_time()
    events = decide(play.tournament, wish, NOW)
    state, parts = play.tournament, frozenset[Part]()
    for event in events:
        encode_event(event)
        state, changed = step(state, event)
        parts |= changed
    render_changes(state, parts)
    took = (time.process_time() - began) * MS
    play.tournament = state
    play.log += events
    return took


def _median(work: Callable[[], object], times: int) -> float:
    taken = []
    for _ in range(times):
        began = time.process_time()
        work()
        taken.append((time.process_time() - began) * MS)
    return statistics.median(taken)


def _p99(values: Sequence[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]


DOUBLE, GROUPS, LEAGUE, SWISS = (
    "double elimination of 128",
    "32 groups of 4",
    "league of 20",
    "Swiss of 200",
)
VARIANTS: dict[str, Callable[[], Figures]] = {
    DOUBLE: _double_elimination,
    GROUPS: _groups,
    LEAGUE: _league,
    SWISS: _swiss,
}
