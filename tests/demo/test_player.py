"""The demo on a real SQLite database, through the real actions, at a speed at which nobody could watch."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio

from quart_app.actions import matches, tournaments
from quart_app.actions.services import Services, utc_now
from quart_app.demo import player
from quart_app.demo.script import Script, game
from quart_app.demo.world_cup_2022 import SCRIPT
from quart_app.domain.commands import ConfirmResult, CreateTournament, EntrantLine, UpdateScore
from quart_app.domain.events import MatchStarted, ScoreUpdated, StageSettings
from quart_app.domain.fold import fold
from quart_app.domain.state.tournament import Tournament
from quart_app.live.bus.local import LocalBus
from quart_app.store.database import engine
from quart_app.store.database.engine import Database
from quart_app.store.database.schema import migrate
from quart_app.store.event_log import select_events
from quart_app.store.tournaments import select_tournaments
from quart_app.timeline.ledger import Ledger
from tests.domain.strategies import on_place

SMALL = Script(
    name="Four",
    entrants=("A", "B", "C", "D"),
    settings=(StageSettings(format="single_elimination", third_place=True),),
    stages=(
        (game("A", "10 20", "", "B"), game("C", "", "30", "D")),
        (game("B", "15", "", "C"),),
        (game("A", "", "", "D", shoot_out=(5, 4)),),
    ),
)

Sleep = Callable[[float], Awaitable[None]]


@pytest_asyncio.fixture(name="file")
async def _file(tmp_path: Path) -> Path:
    """A migrated SQLite database."""
    file = tmp_path / "demo.db"
    await migrate(f"sqlite+aiosqlite:///{file}")
    return file


@pytest_asyncio.fixture(name="services")
async def _services(file: Path) -> AsyncIterator[Services]:
    """What a server would give the player."""
    database = Database(f"sqlite+aiosqlite:///{file}")
    yield Services(database, LocalBus(), Ledger(database))
    await database.close()


async def hurry(seconds: float) -> None:
    """Let others run, and no more."""
    await asyncio.sleep(0)


class Clock:
    """Sleeps no time at all, adds it up, and at the n-th sleep does something first."""

    def __init__(self, at: int = 0, act: Callable[[], Awaitable[None]] | None = None) -> None:
        self.seconds, self._sleeps, self._at, self._act = 0.0, count(1), at, act

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        if next(self._sleeps) == self._at and self._act is not None:
            await self._act()
        await asyncio.sleep(0)


async def stop() -> None:
    """What the end of the server does to the player."""
    raise asyncio.CancelledError


async def public(services: Services) -> list[tuple[int, str]]:
    async with services.database.reading() as connection:
        return [(row.id, row.status) for row in await select_tournaments(connection)]


def medals(tournament: Tournament) -> list[str | None]:
    winners = (tournament.champion, on_place(tournament, 2), on_place(tournament, 3))
    return [winner.name if winner else None for winner in winners]


@pytest_asyncio.fixture(name="world_cup")
async def _world_cup(services: Services) -> Tournament:
    """The World Cup, played once."""
    return await player.play(services, SCRIPT, speed=1000, sleep=hurry)


async def test_argentina_wins(world_cup: Tournament) -> None:
    """Before France, and Croatia is third, as it was."""
    assert medals(world_cup) == ["Argentina", "France", "Croatia"]


async def test_the_log_folds_to_what_was_played(services: Services, world_cup: Tournament) -> None:
    """Read from the database by somebody who has seen nothing of it."""
    async with services.database.reading() as connection:
        log = await select_events(connection, world_cup.id)
    assert fold(world_cup.id, (envelope.event for envelope in log)) == world_cup


async def test_every_match_ends_as_it_did(world_cup: Tournament) -> None:
    """The real pairs, on their real sides, with the real scores, shoot-outs and notes."""
    played = [
        (
            tuple(world_cup.participants[slot.participant_id or 0].name for slot in match.slots),
            match.score,
            match.result and (match.result.tiebreak, match.result.notes, match.result.walkover),
        )
        for match in world_cup.matches.values()
    ]
    games = [game for stage in SCRIPT.stages for game in stage]
    assert played == [(g.sides, g.scores[-1], (g.shoot_out, g.notes, False)) for g in games]


async def test_penalties_are_on_record(world_cup: Tournament) -> None:
    """Five matches went to a shoot-out; the final's is noted in words too."""
    results = {match_id: match.result for match_id, match in world_cup.matches.items()}
    shoot_outs = {
        match_id: result.tiebreak for match_id, result in results.items() if result and result.tiebreak
    }
    assert shoot_outs == {3: (1, 3), 7: (3, 0), 9: (3, 4), 10: (4, 2), 16: (4, 2)}


async def test_scores_rise_goal_by_goal(services: Services, world_cup: Tournament) -> None:
    """Each score of the script is one event, in order, and there is no other."""
    async with services.database.reading() as connection:
        events = [envelope.event for envelope in await select_events(connection, world_cup.id)]
    games = [game for stage in SCRIPT.stages for game in stage]
    for match_id, scripted in enumerate(games, start=1):
        told = [
            (event.participant1_score, event.participant2_score)
            for event in events
            if isinstance(event, ScoreUpdated) and event.match_id == match_id
        ]
        assert told == [*scripted.scores[1:]], scripted.sides


async def test_several_matches_are_live_at_once(services: Services, world_cup: Tournament) -> None:
    """When the last match of the first round begins, three others are being played."""
    async with services.database.reading() as connection:
        log = [envelope.event for envelope in await select_events(connection, world_cup.id)]
    last = next(at for at, event in enumerate(log) if isinstance(event, MatchStarted) and event.match_id == 8)
    assert len(fold(world_cup.id, log[: last + 1]).agenda.live) == 4


async def test_the_show_takes_a_quarter_of_an_hour_or_a_little_more(services: Services) -> None:
    """At speed 1; the pauses are asked for in seconds of the clock."""
    clock = Clock()
    await player.play(services, SCRIPT, speed=1, sleep=clock.sleep)
    assert 15 * 60 <= clock.seconds <= 20 * 60


async def test_speed_divides_every_pause(services: Services) -> None:
    """Twenty times as fast is a twentieth of the time."""
    slow, fast = Clock(), Clock()
    await player.play(services, SMALL, speed=1, sleep=slow.sleep)
    await player.play(services, SMALL, speed=20, sleep=fast.sleep)
    assert fast.seconds == pytest.approx(slow.seconds / 20)


@pytest.mark.parametrize("stride", [1, 7])
async def test_a_cut_player_goes_on_where_it_was(services: Services, file: Path, stride: int) -> None:
    """Stopped again and again, each time by a process that remembers nothing: one tournament, the same log
    as if it had never been stopped."""
    end = None
    while end is None:
        database = Database(f"sqlite+aiosqlite:///{file}")
        fresh = Services(database, LocalBus(), Ledger(database))
        # two sleeps come before anything is played: before the stage, and before its next beat
        clock = Clock(at=stride + 2, act=stop)
        with contextlib.suppress(asyncio.CancelledError):
            end = await player.play(fresh, SCRIPT, speed=1, sleep=clock.sleep)
        await database.close()
    assert await public(services) == [(end.id, "completed")]
    assert (medals(end), end.seq) == (["Argentina", "France", "Croatia"], 103)


async def test_with_loop_another_edition_follows(services: Services) -> None:
    """After a pause, so that there is always something to watch; the finished one can still be read."""
    cut = Clock(at=40, act=stop)
    with pytest.raises(asyncio.CancelledError):
        await player.play(services, SMALL, speed=1, loop=True, sleep=cut.sleep)
    statuses = [status for _, status in await public(services)]
    assert statuses[-1] == "completed"
    assert len(statuses) > 1


async def test_old_editions_make_room(services: Services) -> None:
    """A demo that runs for days does not bury the tournaments of others: three finished ones are listed."""
    for _ in range(player.EDITIONS_SHOWN + 2):
        await player.play(services, SMALL, speed=1, sleep=hurry)
    assert [edition for edition, _ in await public(services)] == [5, 4, 3]


async def test_other_peoples_tournaments_are_left_alone(services: Services) -> None:
    """One of the same name and teams that a member of staff has made is not played."""
    lines = tuple(EntrantLine(name=name) for name in SMALL.entrants)
    command = CreateTournament(name=SMALL.name, entrants=lines, seeding="given", third_place=True)
    theirs = (await tournaments.create_tournament(services, command, actor_id=1, generate=True)).tournament
    played = await player.play(services, SMALL, speed=1, sleep=hurry)
    assert played.id != theirs.id
    assert (await services.ledger.load(theirs.id)).tournament == theirs


async def test_a_goal_that_staff_entered_is_not_taken_back(services: Services) -> None:
    """The demo only adds what is missing; at the end of the match the script is right."""

    async def enter() -> None:
        await matches.update_score(
            services, 1, UpdateScore(match_id=1, participant1_score=2, participant2_score=0), 1
        )

    # the third sleep comes after the kick-off of match 1
    await player.play(services, SMALL, speed=1, sleep=Clock(at=3, act=enter).sleep)
    async with services.database.reading() as connection:
        events = [envelope.event for envelope in await select_events(connection, 1)]
    told = [e.participant1_score for e in events if isinstance(e, ScoreUpdated) and e.match_id == 1]
    assert told == [2]


async def test_an_upset_by_staff_does_not_stop_the_show(services: Services) -> None:
    """Another winner goes on, plays what the script has for that place, and is given no false notes."""

    async def upset() -> None:
        await matches.confirm_result(services, 1, ConfirmResult(match_id=1, winner_id=2, walkover=True), 1)

    end = await player.play(services, SMALL, speed=1, sleep=Clock(at=3, act=upset).sleep)
    assert medals(end) == ["B", "D", "A"]
    final = end.matches[4].result
    assert final
    assert (final.tiebreak, final.notes) == ((5, 4), None)


async def test_two_players_at_once_do_no_harm(services: Services) -> None:
    """Started by hand beside a server's own: both play the same tournament to its end."""
    await asyncio.gather(*(player.play(services, SMALL, speed=1, sleep=hurry) for _ in range(2)))
    assert all(status == "completed" for _, status in await public(services))


async def test_a_database_that_is_away_is_waited_for(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Locked by somebody else for longer than a writer waits: nothing is lost, played twice or given up."""
    monkeypatch.setattr(engine, "WAIT_SECONDS", 0.05)
    database = Database(f"sqlite+aiosqlite:///{file}")
    services = Services(database, LocalBus(), Ledger(database))
    other = sqlite3.connect(file, isolation_level=None)
    waits = []

    async def lock() -> None:
        other.execute("BEGIN IMMEDIATE")

    clock = Clock(at=4, act=lock)

    async def sleep(seconds: float) -> None:
        if seconds == player.RETRY_SECONDS:
            waits.append(seconds)
            if len(waits) == 2:
                other.execute("ROLLBACK")
        await clock.sleep(seconds)

    end = await player.play(services, SMALL, speed=1, sleep=sleep)
    other.close()
    await database.close()
    assert len(waits) == 2
    assert (medals(end), end.seq) == (["A", "D", "B"], 3 + 4 * 3 + 4)


async def test_with_loop_nothing_ends_it(services: Services) -> None:
    """A failure that nobody thought of is waited out, and play goes on from the log."""
    readings = count(1)

    def clock() -> datetime:
        if next(readings) == 9:
            raise RuntimeError("the clock stopped")
        return utc_now()

    cut = Clock(at=30, act=stop)
    with pytest.raises(asyncio.CancelledError):
        await player.play(replace(services, clock=clock), SMALL, speed=1, loop=True, sleep=cut.sleep)
    assert (await public(services))[-1] == (1, "completed")


async def test_without_loop_a_failure_is_told(services: Services) -> None:
    """Started by hand, a fault of the program is not played down."""

    def broken() -> datetime:
        raise RuntimeError("the clock stopped")

    with pytest.raises(RuntimeError):
        await player.play(replace(services, clock=broken), SMALL, speed=1, sleep=hurry)
