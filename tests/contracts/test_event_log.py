"""The log keeps every event, once, in order, as the bytes it was given: on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quart_app.domain.events import Envelope, TournamentCreated
from quart_app.errors import LostRace
from quart_app.store.database.engine import Database
from quart_app.store.event_log import append_events, select_events, select_heads
from quart_app.store.tournaments import select_tournament
from tests.store.samples import (
    NOON,
    SUMMARY,
    append,
    open_log,
    read_head,
    read_log,
    score,
    write_at_once,
)

WRITERS = 40


def created(tournament_id: int, name: str) -> TournamentCreated:
    """An event with a free text in it."""
    return TournamentCreated(
        tournament_id=tournament_id,
        name=name,
        format="single_elimination",
        seeding="standard",
        third_place=True,
        visibility="public",
        created_at="2026-07-01T12:00:00.000Z",
    )


def assert_nothing_lost(log: Sequence[Envelope], writers: int, each: int) -> None:
    """The log counts 1, 2, 3 …, and holds every event of every writer once, each writer's in its order."""
    assert [envelope.seq for envelope in log] == list(range(1, writers * each + 1))
    written = [envelope.event for envelope in log]
    by_writer = sorted(written, key=lambda event: event.match_id)  # type: ignore[attr-defined]
    tournament_id = log[0].tournament_id
    assert by_writer == [
        score(tournament_id, writer, points) for writer in range(writers) for points in range(each)
    ]


async def test_what_is_read_is_what_was_appended(database: Database) -> None:
    """Reading gives the very envelopes that appending gave: numbers, epoch, time, actor, event and bytes."""
    tournament_id = await open_log(database)
    events = [created(tournament_id, "Coupe d’été ⚽"), score(tournament_id, 1, 3)]
    async with database.writing() as conn:
        appended = await append_events(conn, tournament_id, 0, events, at=NOON, actor_id=7, summary=SUMMARY)
    assert await read_log(database, tournament_id) == appended


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(st.text(), min_size=1, max_size=5))
async def test_any_text_comes_back_as_the_same_bytes(database: Database, names: list[str]) -> None:
    """Whatever people type, control characters and all, the log gives back byte for byte."""
    tournament_id = await open_log(database)
    appended = await append(database, tournament_id, 0, *(created(tournament_id, name) for name in names))
    assert await read_log(database, tournament_id) == appended


async def test_the_time_is_rfc_3339(database: Database) -> None:
    """``at`` is the moment of the append in UTC with milliseconds and Z."""
    tournament_id = await open_log(database)
    await append(database, tournament_id, 0, score(tournament_id, 1, 1))
    (envelope,) = await read_log(database, tournament_id)
    assert envelope.at == "2026-07-01T12:00:00.000Z"


async def test_reading_goes_on_after_a_seq_up_to_a_limit(database: Database) -> None:
    """``after`` and ``limit`` cut the log where they say."""
    tournament_id = await open_log(database)
    await append(database, tournament_id, 0, *(score(tournament_id, 1, points) for points in range(10)))
    async with database.reading() as conn:
        page = await select_events(conn, tournament_id, after=3, limit=4)
    assert [envelope.seq for envelope in page] == [4, 5, 6, 7]


@pytest.mark.parametrize("after", [10, 2**31, 2**64, 10**30])
async def test_nothing_comes_after_a_seq_past_the_head(database: Database, after: int) -> None:
    """A position beyond the log, or beyond any number that a database holds, has nothing after it."""
    tournament_id = await open_log(database)
    await append(database, tournament_id, 0, score(tournament_id, 1, 1))
    async with database.reading() as conn:
        assert await select_events(conn, tournament_id, after=after) == ()


async def test_two_logs_do_not_mix(database: Database) -> None:
    """Each tournament counts for itself, and its log holds its own events only."""
    first, second = await open_log(database), await open_log(database)
    await append(database, first, 0, score(first, 1, 1))
    appended = await append(database, second, 0, score(second, 1, 2))
    assert await read_log(database, second) == appended


async def test_a_stale_writer_loses_the_race(database: Database) -> None:
    """Who expects a head that is no more gets LostRace."""
    tournament_id = await open_log(database)
    await append(database, tournament_id, 0, score(tournament_id, 1, 1))
    with pytest.raises(LostRace):
        await append(database, tournament_id, 0, score(tournament_id, 1, 2))


async def test_a_lost_race_writes_nothing(database: Database) -> None:
    """The loser leaves no event, and no summary."""
    tournament_id = await open_log(database)
    appended = await append(database, tournament_id, 0, score(tournament_id, 1, 1))
    with pytest.raises(LostRace):
        await append(database, tournament_id, 0, score(tournament_id, 1, 2), score(tournament_id, 1, 3))
    assert await read_log(database, tournament_id) == appended


async def test_nobody_appends_ahead_of_the_head(database: Database) -> None:
    """Who expects a head that is not reached yet gets LostRace: no number is ever skipped."""
    tournament_id = await open_log(database)
    with pytest.raises(LostRace):
        await append(database, tournament_id, 5, score(tournament_id, 1, 1))


async def test_there_is_no_log_without_a_tournament(database: Database) -> None:
    """Appending to a tournament that does not exist is refused."""
    with pytest.raises(LostRace):
        await append(database, 999, 0, score(999, 1, 1))


async def test_no_events_change_nothing(database: Database) -> None:
    """An append of nothing gives nothing, whatever head it expects."""
    tournament_id = await open_log(database)
    assert await append(database, tournament_id, 3) == ()


async def test_forty_writers_at_once_lose_nothing(database: Database) -> None:
    """Forty writers on one tournament: nothing lost, no number skipped or repeated."""
    tournament_id = await open_log(database)
    await write_at_once(database, tournament_id, range(WRITERS), each=2)
    assert_nothing_lost(await read_log(database, tournament_id), WRITERS, each=2)


async def test_two_engines_lose_nothing(database: Database, database_url: str) -> None:
    """The same when the forty are spread over two engines, which share no lock of ours."""
    tournament_id = await open_log(database)
    other = Database(database_url)
    await asyncio.gather(
        write_at_once(database, tournament_id, range(WRITERS // 2), each=2),
        write_at_once(other, tournament_id, range(WRITERS // 2, WRITERS), each=2),
    )
    await other.close()
    assert_nothing_lost(await read_log(database, tournament_id), WRITERS, each=2)


async def test_two_processes_lose_nothing(database: Database, database_url: str) -> None:
    """The same when they are spread over two processes."""
    tournament_id = await open_log(database)

    async def run(first: int, last: int) -> int:
        arguments = [database_url, *map(str, (tournament_id, first, last, 2))]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.store.samples", *arguments
        )
        return await process.wait()

    endings = await asyncio.gather(run(0, WRITERS // 2), run(WRITERS // 2, WRITERS))
    assert list(endings) == [0, 0]
    assert_nothing_lost(await read_log(database, tournament_id), WRITERS, each=2)


async def test_a_transaction_is_all_or_nothing(database: Database) -> None:
    """An exception after the append takes back the events and the head."""
    tournament_id = await open_log(database)

    async def fail() -> None:
        async with database.writing() as conn:
            events = [score(tournament_id, 1, 1)]
            await append_events(conn, tournament_id, 0, events, at=NOON, actor_id=None, summary=SUMMARY)
            raise RuntimeError("the action failed")

    with pytest.raises(RuntimeError):
        await fail()
    assert (await read_head(database, tournament_id), await read_log(database, tournament_id)) == (0, ())


async def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    """While a writer is in mid-transaction, readers see the state before it, at once."""
    tournament_id = await open_log(database)
    async with database.writing() as conn:
        events = [score(tournament_id, 1, 1)]
        await append_events(conn, tournament_id, 0, events, at=NOON, actor_id=None, summary=SUMMARY)
        async with asyncio.timeout(2):
            assert await read_log(database, tournament_id) == ()


async def test_a_reader_sees_one_moment(database: Database) -> None:
    """Two reads of one ``reading`` agree, though somebody wrote in between."""
    tournament_id = await open_log(database)
    async with database.reading() as conn:
        before = await select_heads(conn, [tournament_id])
        await append(database, tournament_id, 0, score(tournament_id, 1, 1))
        events = await select_events(conn, tournament_id)
    assert (before[tournament_id][1], events) == (0, ())


async def test_the_summary_is_written_with_the_events(database: Database) -> None:
    """The lists show what the last append said."""
    tournament_id = await open_log(database)
    await append(database, tournament_id, 0, score(tournament_id, 1, 1))
    async with database.reading() as conn:
        row = await select_tournament(conn, tournament_id)
    assert row is not None
    assert (row.name, row.status, row.visibility) == ("Village cup", "active", "public")


async def test_heads_are_those_asked_for(database: Database) -> None:
    """Each id that exists has its epoch and head seq; others, impossible ones too, are left out."""
    first, second, third = [await open_log(database) for _ in range(3)]
    await append(database, second, 0, score(second, 1, 1), score(second, 1, 2))
    async with database.reading() as conn:
        heads = await select_heads(conn, [first, second, third + 1, 2**63, -1])
    found = {number: (head.epoch, head.seq) for number, head in heads.items()}
    assert found == {first: ("9f2c41", 0), second: ("9f2c41", 2)}


async def test_no_ids_have_no_heads(database: Database) -> None:
    """Asking for nothing gives nothing."""
    async with database.reading() as conn:
        assert await select_heads(conn, []) == {}


async def test_an_event_never_lands_on_another_log(database: Database) -> None:
    """What was decided on a log that a restore has replaced loses the race, though the head is the same."""
    tournament_id = await open_log(database)
    await append(database, tournament_id, 0, score(tournament_id, 1, 1))
    with pytest.raises(LostRace):
        async with database.writing() as conn:
            await append_events(
                conn,
                tournament_id,
                1,
                [score(tournament_id, 1, 2)],
                at=NOON,
                actor_id=None,
                summary=SUMMARY,
                epoch="another",
            )
    assert len(await read_log(database, tournament_id)) == 1
