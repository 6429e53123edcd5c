"""PostgreSQL behind PgBouncer in transaction mode, as most hosts give it: all works as without."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import sqlalchemy as sa

from quart_app.actions.services import Services
from quart_app.actions.tournaments import create_tournament
from quart_app.actions.upkeep.backup import backup
from quart_app.actions.upkeep.restore import restore
from quart_app.domain.commands import CreateTournament, EntrantLine
from quart_app.live.bus.local import LocalBus
from quart_app.settings import Settings
from quart_app.show.projections import everything
from quart_app.store.database.engine import CONNECTIONS, Database
from quart_app.store.database.schema import migrate, require_current
from quart_app.store.event_log import select_events
from quart_app.timeline.ledger import Ledger
from tests.poolers import POOLS, PgBouncer
from tests.server import Server, running
from tests.services import PostgresServer
from tests.store.samples import open_log

MATCHES, POINTS = 8, 5
"""Of each tournament, and of each match."""


@pytest_asyncio.fixture(scope="module", name="pooler", params=POOLS)
async def _pooler(
    request: pytest.FixtureRequest, postgres_server: PostgresServer
) -> AsyncIterator[PgBouncer]:
    """A pooler whose clients outnumber its connections: each soon meets what another has left on one."""
    await postgres_server.start()
    pooler = PgBouncer(postgres_server, default_pool_size=3, **POOLS[request.param])
    try:
        await pooler.start()
        yield pooler
    finally:
        await pooler.close()


async def play(server: Server, name: str = "sam", tournaments: int = 5) -> int:
    """Let as many referees as there are matches post POINTS scores each; how many of them the logs have."""
    headers = await server.sign_in(name)
    played = [await server.tournament(2 * MATCHES) for _ in range(tournaments)]

    async def post(path: str, **body: int) -> None:
        answer = await server.client.post(path, json=body, headers=headers)
        assert answer.status_code == 200, answer.text

    async def score(tournament_id: int, match_id: int) -> None:
        path = f"/api/tournaments/{tournament_id}/matches/{match_id}"
        await post(f"{path}/start/")
        for points in range(1, POINTS + 1):
            await post(f"{path}/score/", participant1_score=points, participant2_score=0)

    matches = [(each.id, match_id) for each in played for match_id in list(each.matches)[:MATCHES]]
    await asyncio.gather(*(score(*match) for match in matches))
    async with server.services.database.reading() as conn:
        logs = [await select_events(conn, each.id) for each in played]
    return sum(envelope.event.type == "score_updated" for log in logs for envelope in log)


async def test_every_score_arrives(pooler: PgBouncer, postgres_server: PostgresServer) -> None:
    """Of 200 that 40 referees post at once, none is refused and none lost."""
    url = pooler.through(await postgres_server.fresh_database(migrated=True))
    async with running(Settings.for_tests(database_url=url)) as server:
        assert await play(server) == 200


async def test_one_connection_is_enough(pooler: PgBouncer, postgres_server: PostgresServer) -> None:
    """As small plans have it: nothing holds a connection while it waits for another."""
    url = pooler.through(await postgres_server.fresh_database(migrated=True))
    async with running(Settings.for_tests(database_url=f"{url}?connection_limit=1")) as server:
        assert await play(server, tournaments=1) == MATCHES * POINTS
        async with server.feed(1) as feed:
            await feed.until("connection_established")
        for page in ("/", "/tournaments/1/", "/tournaments/1/matches/1/", "/api/tournaments/1/"):
            assert (await server.client.get(page)).status_code == 200


async def test_migrations_that_start_at_once_agree(
    pooler: PgBouncer, postgres_server: PostgresServer
) -> None:
    """The lock that lets one migration run at a time is its transaction's, not its connection's."""
    url = pooler.through(await postgres_server.fresh_database())
    await asyncio.gather(*(migrate(url) for _ in range(4)))
    database = Database(url)
    await require_current(database)
    await database.close()


async def test_a_backup_is_taken_and_put_back(
    pooler: PgBouncer, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    """It reads by a cursor, in one transaction."""
    url = pooler.through(await postgres_server.fresh_database(migrated=True))
    database = Database(url)
    services = Services(database, LocalBus(), Ledger(database))
    entrants = (EntrantLine(name="Ada"), EntrantLine(name="Bob"))
    await create_tournament(services, CreateTournament(name="Cup", entrants=entrants), None, generate=True)
    rows = await backup(services, tmp_path / "backup.gz")
    assert await restore(services, tmp_path / "backup.gz", everything, replace=True) == rows > 0
    await database.close()


async def test_a_restart_of_the_pooler_is_not_felt(
    pooler: PgBouncer, postgres_server: PostgresServer
) -> None:
    """Connections that ended with it are replaced unseen, those of readers and of writers."""
    database = Database(pooler.through(await postgres_server.fresh_database(migrated=True)))
    for _ in range(2):
        assert await open_log(database) > 0
        async with database.reading(), database.reading(), database.reading():
            pass
        async with pooler.away():
            pass
        await require_current(database)
    await database.close()


async def test_each_transaction_has_its_settings(pooler: PgBouncer, postgres_server: PostgresServer) -> None:
    """What the URL sets, and the end of a silent transaction, hold within; nothing stays on a connection."""
    fresh = pooler.through(await postgres_server.fresh_database())
    await postgres_server.execute(fresh, "CREATE SCHEMA hall")
    url = f"{fresh}?schema=hall&options=-c%20statement_timeout%3D7s&pgbouncer=true"
    await migrate(url)
    ours, others = Database(url), Database(fresh)
    shown = sa.text(
        "SELECT current_setting('idle_in_transaction_session_timeout'), current_setting('statement_timeout'),"
        " current_setting('search_path'), to_regclass('events')::text"
    )
    for _ in range(4):
        async with ours.reading() as conn, others.writing() as other:
            assert tuple((await conn.execute(shown)).one()) == ("30s", "7s", '"hall"', "events")
            assert tuple((await other.execute(shown)).one()) == ("30s", "0", '"$user", public', None)
    await ours.close()
    await others.close()


async def test_full_servers_let_callers_wait(postgres_server: PostgresServer) -> None:
    """Two workers that may have more connections than the server gives refuse nobody."""
    url = await postgres_server.fresh_database(migrated=True)
    limit = CONNECTIONS + 1
    await postgres_server.execute(
        url,
        f"CREATE ROLE hall LOGIN CONNECTION LIMIT {limit}",
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO hall",
        "GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO hall",
    )
    settings = Settings.for_tests(database_url=url.replace("grandstand@", "hall@"))
    async with running(settings) as here, running(settings) as there:
        arrived = await asyncio.gather(play(here, "sam", 2), play(there, "olga", 2))
    assert set(arrived) == {2 * MATCHES * POINTS}
