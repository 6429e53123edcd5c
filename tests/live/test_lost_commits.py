"""A log that has gone back, or another way, under the same epoch: what a promoted replica or a point-in-time
restore leaves. Nobody may go on as if nothing had happened.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from unittest.mock import AsyncMock

import pytest
import sqlalchemy as sa

from quart_app.actions import matches
from quart_app.actions.services import Services
from quart_app.actions.upkeep.epochs import renew_epochs
from quart_app.domain.commands import StartMatch, UpdateScore
from quart_app.live.bus.hints import Outbox
from quart_app.live.bus.local import LocalBus
from quart_app.settings import Settings
from quart_app.store.database.engine import Database
from quart_app.store.tables import events
from quart_app.store.tables import tournaments as rows
from quart_app.timeline.ledger import Ledger
from tests.live.listening import envelope
from tests.server import Server, running


async def lose(server: Server, tournament_id: int, to: int) -> None:
    """Let the database forget what came after an event, as a replica would that had not heard of it yet."""
    async with server.services.database.writing() as connection:
        await connection.execute(
            events.delete().where(events.c.tournament_id == tournament_id, events.c.seq > to)
        )
        at = sa.select(events.c.at).where(events.c.tournament_id == tournament_id, events.c.seq == to)
        await connection.execute(
            rows.update()
            .where(rows.c.id == tournament_id)
            .values(head_seq=to, updated_at=at.scalar_subquery())
        )


def elsewhere(database: Database) -> Services:
    """Another process on the same database, which knows nothing of before."""
    return Services(database, LocalBus(), Ledger(database))


def goal(score: int) -> UpdateScore:
    """Side 1 has so many."""
    return UpdateScore(match_id=1, participant1_score=score, participant2_score=0)


async def scored(server: Server, upto: int) -> int:
    """A tournament whose first match stands at so many."""
    tournament_id = (await server.tournament(4)).id
    await matches.start_match(server.services, tournament_id, StartMatch(match_id=1), None)
    for score in range(1, upto + 1):
        await matches.update_score(server.services, tournament_id, goal(score), None)
    return tournament_id


async def agreed(server: Server, tournament_id: int) -> tuple[str, int]:
    """The epoch and head that page, API and log agree on, once they do."""
    for _ in range(100):
        api = (await server.client.get(f"/api/tournaments/{tournament_id}/")).json()["position"]
        page = (await server.client.get(f"/tournaments/{tournament_id}/")).text
        if f"lastEventId={api}" in page:
            epoch, _, seq = api.partition("-")
            return epoch, int(seq)
        await asyncio.sleep(0.05)
    raise TimeoutError("page and API never agreed")


async def test_a_log_that_lost_its_last_commits_is_another_one(server: Server) -> None:
    """Whoever watches is brought to what is left, under a new epoch; page and API tell the same."""
    tournament_id = await scored(server, 4)
    before = await agreed(server, tournament_id)
    async with server.feed(tournament_id) as feed:
        await feed.next()
        await lose(server, tournament_id, before[1] - 2)
        resync = await asyncio.wait_for(feed.until("resync"), 10)
    after = await agreed(server, tournament_id)
    assert (resync.payload["reason"], resync.payload["head"]) == ("unknown_epoch", f"{after[0]}-{after[1]}")
    assert (after[1], after[0] == before[0]) == (before[1] - 2, False)
    assert resync.payload["snapshot"]["matches"][0]["participant1_score"] == 2


@pytest.mark.parametrize("further", [0, 1, 3])
async def test_a_log_that_went_another_way_is_another_one(server: Server, further: int) -> None:
    """As long as before, or longer: other events under the same numbers are noticed, with or without a
    hint."""
    tournament_id = await scored(server, 4)
    before = await agreed(server, tournament_id)
    async with server.feed(tournament_id) as feed:
        await feed.next()
        await lose(server, tournament_id, before[1] - 2)
        other = elsewhere(server.services.database)
        for score in range(2 + further, 0, -1):
            await matches.update_score(other, tournament_id, goal(50 + score), None)
        resync = await asyncio.wait_for(feed.until("resync"), 10)
    after = await agreed(server, tournament_id)
    assert (resync.payload["reason"], after[0] == before[0], after[1]) == (
        "unknown_epoch",
        False,
        before[1] + further,
    )


async def test_a_log_that_went_another_way_shows_in_the_first_hint_that_is_heard(settings: Settings) -> None:
    """The hint of the event that took the place of a lost one got lost as well: the next one tells of it."""
    async with running(replace(settings, degraded_poll_seconds=60.0)) as server:
        tournament_id = await scored(server, 4)
        before = await agreed(server, tournament_id)
        async with server.feed(tournament_id) as feed:
            await feed.next()
            await lose(server, tournament_id, before[1] - 1)
            other = elsewhere(server.services.database)
            await matches.update_score(other, tournament_id, goal(60), None)
            other.bus.announce = hint = AsyncMock()  # type: ignore[method-assign]
            await matches.start_match(other, tournament_id, StartMatch(match_id=2), None)
            server.hub.heard(tournament_id, before[1] + 1, hint.await_args_list[0].args[0])
            resync = await asyncio.wait_for(feed.until("resync"), 10)
        after = await agreed(server, tournament_id)
    assert (resync.payload["reason"], after[0] == before[0], after[1]) == (
        "unknown_epoch",
        False,
        before[1] + 1,
    )
    assert resync.payload["snapshot"]["matches"][0]["participant1_score"] == 60


@pytest.mark.parametrize("kept", [(6, 7, 8), ()])
def test_what_could_not_be_sent_hides_no_lost_commit(kept: tuple[int, ...]) -> None:
    """What follows is joined to what waits, or sent with the event before it."""
    outbox = Outbox()
    outbox.add(7, 8, tuple(envelope(7, seq) for seq in kept))
    outbox.add(7, 9, (envelope(7, 8), envelope(7, 9)))
    head, waiting = outbox.hints[7]
    assert (head, [each.seq for each in waiting]) == (9, [*(kept or (8,)), 9])


async def test_an_action_on_a_log_that_went_back_is_decided_on_what_is_left(server: Server) -> None:
    """Nobody watches, and the next tap finds out: it is appended to what the database has, under a new
    epoch."""
    tournament_id = await scored(server, 4)
    before = await server.services.ledger.load(tournament_id)
    await lose(server, tournament_id, before.tournament.seq - 2)
    recorded = await matches.update_score(server.services, tournament_id, goal(9), None)
    assert (recorded.tournament.seq, recorded.epoch == before.epoch) == (before.tournament.seq - 1, False)


async def test_a_growing_log_is_no_other_one(server: Server) -> None:
    """However much is written elsewhere, told or not, nobody who watches loses their position."""
    tournament_id = await scored(server, 1)
    epoch, _ = await agreed(server, tournament_id)
    other = elsewhere(server.services.database)
    async with server.feed(tournament_id) as feed:
        await feed.next()
        for score in range(2, 30):
            writer = other if score % 2 else server.services
            await matches.update_score(writer, tournament_id, goal(score), None)
        frames = [await asyncio.wait_for(feed.until("score_updated"), 10) for _ in range(28)]
    assert [frame.payload["participant1_score"] for frame in frames] == list(range(2, 30))
    assert (await agreed(server, tournament_id))[0] == epoch


async def test_an_operator_gives_every_log_a_new_epoch(settings: Settings, tmp_path: Path) -> None:
    """``new-epoch`` after a restore by the database's own tools: who comes back is brought to the present
    state."""
    async with running(settings) as server:
        tournament_id = await scored(server, 2)
        async with server.feed(tournament_id) as feed:
            await feed.next()
            assert await renew_epochs(elsewhere(server.services.database)) == 1
            resync = await asyncio.wait_for(feed.until("resync"), 10)
        assert resync.payload["reason"] == "unknown_epoch"
