"""What an operator's machines ask, with the database and the bus there and away."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import httpx
import pytest
from quart import Quart

from quart_app.actions.upkeep import backup
from quart_app.actions.upkeep.restore import restore
from quart_app.settings import Settings
from quart_app.show.projections import everything
from tests.redis_deployments import ask
from tests.server import Server, running
from tests.services import PostgresServer, RedisServer
from tests.web.api_client import Caller


async def until_ready_says(server: Server, status: str) -> httpx.Response:
    """The answer of /readyz once it has this status; a TimeoutError if that takes too long."""
    for _ in range(200):
        answer = await server.client.get("/readyz")
        if answer.json()["status"] == status:
            return answer
        await asyncio.sleep(0.05)
    raise TimeoutError(f"/readyz never said {status}")


async def test_alive(app: Quart) -> None:
    """The process answers."""
    reply = await Caller.anonymous(app).get("/healthz")
    assert (reply.status, reply.json) == (200, {"status": "ok", "checks": {}})


async def test_ready(app: Quart) -> None:
    """The database and the bus are there."""
    reply = await Caller.anonymous(app).get("/readyz")
    assert (reply.status, reply.json) == (
        200,
        {"status": "ok", "checks": {"database": "ok", "bus": "ok", "delivery": "ok"}},
    )


async def test_metrics(app: Quart) -> None:
    """In the Prometheus text format."""
    reply = await Caller.anonymous(app).get("/metrics")
    assert reply.headers["Content-Type"].startswith("text/plain; version=")
    assert b"\ngrandstand_feed_subscribers 0.0\n" in reply.body


async def test_metrics_count_the_tasks(app: Quart) -> None:
    """Those of this very moment, the one that asks among them."""
    waiting = [asyncio.create_task(asyncio.sleep(60)) for _ in range(50)]
    reply = await Caller.anonymous(app).get("/metrics")
    for task in waiting:
        task.cancel()
    (line,) = [line for line in reply.body.splitlines() if line.startswith(b"grandstand_tasks ")]
    assert float(line.split()[1]) > 50


async def test_without_its_database_it_goes_on_from_memory(postgres_server: PostgresServer) -> None:
    """200 ``degraded`` with what is missing, or all workers would go at once; and whole again by itself."""
    database_url = await postgres_server.fresh_database(migrated=True)
    async with running(Settings.for_tests(database_url=database_url)) as server:
        async with postgres_server.away():
            answer = await until_ready_says(server, "degraded")
            while answer.json()["checks"]["database"] == "ok":  # a song was under way when it left
                answer = await until_ready_says(server, "degraded")
            assert (answer.status_code, answer.json()["checks"]["database"]) == (200, "unreachable")
            assert (await server.client.get("/healthz")).status_code == 200
        assert (await until_ready_says(server, "ok")).status_code == 200


async def test_without_its_database_the_api_says_when_to_come_back(postgres_server: PostgresServer) -> None:
    """503 as a problem with Retry-After, for reading and for writing, and nothing of the database in it."""
    database_url = await postgres_server.fresh_database(migrated=True)
    async with running(Settings.for_tests(database_url=database_url)) as server:
        headers = await server.sign_in("Olga") | {"Idempotency-Key": "k"}
        async with postgres_server.away():
            for answer in (
                await server.client.get("/api/tournaments/"),
                await server.client.post("/api/tournaments/", headers=headers, json={}),
            ):
                assert (answer.status_code, answer.json()["code"]) == (503, "service.unavailable")
                assert int(answer.headers["Retry-After"]) > 0


async def test_without_its_bus_it_is_degraded_but_ready(
    settings: Settings, redis_server: RedisServer
) -> None:
    """Events come late without Redis, not never: 200."""
    with_redis = Settings.for_tests(database_url=settings.database_url, redis_url=redis_server.url)
    async with running(with_redis) as server:
        await until_ready_says(server, "ok")
        async with redis_server.away():
            answer = await until_ready_says(server, "degraded")
            assert (answer.status_code, answer.json()["checks"]["bus"]) == (200, "away")
        await until_ready_says(server, "ok")


@pytest.mark.parametrize("right", ["publish", "subscribe"])
async def test_a_bus_without_a_right_is_degraded_but_ready(
    settings: Settings, redis_server: RedisServer, right: str
) -> None:
    """From the first answer on, though nobody has scored yet, until it is granted; in the metrics as well."""
    await ask(redis_server, "ACL", "SETUSER", "lesser", "on", ">secret", "+@all", "~*", "&*", f"-{right}")
    url = redis_server.url.replace("//", "//lesser:secret@")
    try:
        async with running(Settings.for_tests(database_url=settings.database_url, redis_url=url)) as server:
            await asyncio.sleep(0.5)
            answer = await server.client.get("/readyz")
            metrics = await server.client.get("/metrics")
            await ask(redis_server, "ACL", "SETUSER", "lesser", f"+{right}")
            await until_ready_says(server, "ok")
    finally:
        await ask(redis_server, "ACL", "DELUSER", "lesser")
    assert (answer.status_code, answer.json()) == (
        200,
        {"status": "degraded", "checks": {"database": "ok", "bus": f"cannot {right}", "delivery": "ok"}},
    )
    assert "\ngrandstand_bus_connected 0.0\n" in metrics.text


async def test_canary_shows_up_nowhere(server: Server) -> None:
    """What /readyz writes is in no list, takes no id of anybody's, and counts as no spectator."""
    await server.client.get("/readyz")
    tournament = await server.tournament()
    listed = (await server.client.get("/api/tournaments/")).json()["tournaments"]
    metrics = (await server.client.get("/metrics")).text
    assert (tournament.id, len(listed), "grandstand_feed_subscribers 0.0" in metrics) == (1, 1, True)


async def test_worker_that_delivers_nothing_is_not_ready(server: Server) -> None:
    """The database and the bus are there, but events do not reach the streams: 503 until they do."""
    await until_ready_says(server, "ok")
    timelines = [audience.room.timeline for audience in server.hub.audiences.values()]
    followers = [timeline.follower for timeline in timelines]
    for timeline in timelines:
        timeline.follower = None
    lost = await until_ready_says(server, "unavailable")
    for timeline, follower in zip(timelines, followers, strict=True):
        timeline.follower = follower
    healed = await until_ready_says(server, "ok")
    assert (lost.status_code, lost.json()["checks"]["delivery"], healed.status_code) == (503, "lost", 200)


@pytest.mark.serial
async def test_a_probe_neither_writes_nor_waits(server: Server) -> None:
    """However often it asks, and while somebody holds the database's lock for long: at once, in JSON."""
    await until_ready_says(server, "ok")
    async with server.services.database.writing():
        began = time.monotonic()
        answers = [await server.client.get("/readyz") for _ in range(50)]
        assert time.monotonic() - began < 2
    assert {(answer.status_code, answer.headers["Content-Type"]) for answer in answers} == {
        (200, "application/json")
    }


async def test_a_restore_takes_the_canary_and_nobody_says_lost(server: Server, tmp_path: Path) -> None:
    """Its log is gone with all others; it begins a new one."""
    await server.tournament()
    await until_ready_says(server, "ok")
    await backup.backup(server.services, tmp_path / "all.gz")
    await restore(server.services, tmp_path / "all.gz", everything, replace=True)
    for _ in range(40):
        assert (await server.client.get("/readyz")).status_code == 200
        await asyncio.sleep(0.05)


async def test_draining_worker_is_not_ready(server: Server) -> None:
    """A worker that is about to stop gets no new traffic."""
    await server.hub.drain(0.1)
    answer = await server.client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["delivery"]) == (503, "draining")


async def test_canary_keeps_its_perch(server: Server) -> None:
    """Song after song it sits in the same log."""
    perches = set()
    for _ in range(15):
        await server.client.get("/readyz")
        await asyncio.sleep(0.1)
        perches |= {tid for tid in server.hub.audiences if tid < 0}
    assert len(perches) == 1


async def test_canary_is_no_tournament_to_a_restore(server: Server, tmp_path: Path) -> None:
    """A database in which only the canary has sung is empty."""
    await backup.backup(server.services, tmp_path / "none.gz")
    await server.client.get("/readyz")
    await restore(server.services, tmp_path / "none.gz", everything, replace=False)
