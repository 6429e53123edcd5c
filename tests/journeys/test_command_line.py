"""The command line, as an operator uses it: real processes, real signals, what they print."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from tests.server import open_feed
from tests.services import PostgresServer, RedisServer, free_port

ROOT = Path(__file__).parents[2]
KEY = {"GRANDSTAND_SECRET_KEYS": "test:" + "0123456789abcdef" * 3}
OURS = ("GRANDSTAND_", "DATABASE_URL", "REDIS_URL", "PORT", "WEB_CONCURRENCY")


def environment(**settings: str) -> dict[str, str]:
    """This process's environment with no settings but these."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    path = f"{Path(sys.executable).parent}:{inherited.get('PATH', '')}"
    return inherited | {"PATH": path, "PYTHONPATH": str(ROOT)} | settings


async def command(
    *arguments: str, folder: Path, settings: dict[str, str], stdin: bytes = b""
) -> tuple[int | None, str, str]:
    """Run ``python -m quart_app`` to its end; gives its exit status, output and errors."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "quart_app", *arguments),
        cwd=folder,
        env=environment(**settings),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(stdin), 60)
    return process.returncode, out.decode(), err.decode()


@asynccontextmanager
async def serving(
    *program: str, folder: Path, **settings: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, str, Path]]:
    """A program that serves on a port of ours, once it is ready: the process, its address, its output."""
    port = free_port()
    log = folder / "output.log"
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *program,
            cwd=folder,
            env=environment(PORT=str(port), **settings),
            stdout=out,
            stderr=asyncio.subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        async with httpx.AsyncClient() as client:
            for _ in range(600):
                assert process.returncode is None, log.read_text()
                try:
                    if (await client.get(f"{url}/readyz")).status_code == 200:
                        break
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.1)
            else:
                raise TimeoutError(log.read_text())
        yield process, url, log
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), 20)


SERVE = (sys.executable, "-m", "quart_app", "serve")


async def test_every_bad_setting_is_named_at_once(tmp_path: Path) -> None:
    """An operator fixes everything in one go, and sees no traceback."""
    bad = {"PORT": "x", "DATABASE_URL": "mysql://a", "WEB_CONCURRENCY": "2"}
    status, _, errors = await command("serve", folder=tmp_path, settings=bad)
    named = [name for name in (*bad, "GRANDSTAND_SECRET_KEYS", "REDIS_URL") if name in errors]
    assert (status, len(named), "Traceback" in errors) == (2, 5, False), errors


async def test_several_workers_without_redis_are_refused_with_the_reason(tmp_path: Path) -> None:
    """They could not hear of each other's scores."""
    status, _, errors = await command("serve", "--workers", "2", folder=tmp_path, settings=KEY)
    assert (status, "REDIS_URL" in errors, "Traceback" in errors) == (2, True, False), errors


async def test_database_that_is_behind_is_a_clear_error(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    """The server gives a migration a moment, then names the command that is missing."""
    url = await postgres_server.fresh_database()
    status, _, errors = await command("serve", folder=tmp_path, settings={"DATABASE_URL": url, **KEY})
    assert (status, "python -m quart_app migrate" in errors, "Traceback" in errors) == (2, True, False), (
        errors
    )


async def test_what_keeps_from_the_database_is_named(tmp_path: Path, postgres_server: PostgresServer) -> None:
    """An operator reads what is wrong with DATABASE_URL, and not that it may go away by itself."""
    await postgres_server.start()
    url = f"{postgres_server.url.rpartition('/')[0]}/nothing"
    for name in ("serve", "migrate"):
        status, _, errors = await command(name, folder=tmp_path, settings={"DATABASE_URL": url, **KEY})
        told = "see DATABASE_URL: no such database" in errors
        assert (status, told, "Traceback" in errors, "again" in errors) == (2, True, False, False), errors


async def test_the_sum_of_connections_is_told_once(
    tmp_path: Path, postgres_server: PostgresServer, redis_server: RedisServer
) -> None:
    """Not by each worker, which knows of itself alone."""
    url = await postgres_server.fresh_database(migrated=True)
    settings = {"DATABASE_URL": url, "REDIS_URL": redis_server.url, "GRANDSTAND_DATABASE_CONNECTIONS": "3"}
    async with serving(*SERVE, "--workers", "2", folder=tmp_path, **settings, **KEY) as (_, _url, log):
        lines = [json.loads(line) for line in log.read_text().splitlines() if "database_connections" in line]
    assert [(line["workers"], line["each"], line["most"]) for line in lines] == [(2, 3, 6)]


async def test_taken_port_is_a_clear_error(tmp_path: Path) -> None:
    """Somebody else listens there already."""
    async with serving(*SERVE, folder=tmp_path, **KEY) as (_, url, _log):
        port = url.rpartition(":")[2]
        status, _, errors = await command(
            "serve", folder=tmp_path, settings={"PORT": port, "GRANDSTAND_HOST": "0.0.0.0", **KEY}
        )
    assert (status, "PORT" in errors, "Traceback" in errors) == (2, True, False), errors


async def test_accounts_are_made_listed_and_disabled(tmp_path: Path) -> None:
    """Passwords come through a pipe, never over the command line."""
    await command(
        "staff", "add", "olga", "--role", "organiser", "--password-stdin",
        folder=tmp_path, stdin=b"a long enough password\n", settings=KEY,
    )  # fmt: skip
    await command("staff", "change", "olga", "--disable", folder=tmp_path, settings=KEY)
    _, listed, _ = await command("staff", "list", folder=tmp_path, settings=KEY)
    assert listed == "olga\torganiser\tdisabled\n"


async def test_backup_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    """One message and status 2, as every expected failure."""
    status, _, errors = await command("backup", "nowhere/all.gz", folder=tmp_path, settings=KEY)
    assert (status, "nowhere/all.gz cannot be written (No such file or directory)" in errors) == (2, True)


async def test_backup_comes_back(tmp_path: Path) -> None:
    """What ``backup`` writes ``restore`` reads, into an empty database."""
    add = ("staff", "add", "olga", "--password-stdin")
    await command(*add, folder=tmp_path, stdin=b"a long enough password\n", settings=KEY)
    await command("backup", "all.gz", folder=tmp_path, settings=KEY)
    elsewhere = {"DATABASE_URL": "sqlite:///elsewhere.db", **KEY}
    status, _, errors = await command("restore", "all.gz", folder=tmp_path, settings=elsewhere)
    _, listed, _ = await command("staff", "list", folder=tmp_path, settings=elsewhere)
    assert (status, listed) == (0, "olga\tscorer\tactive\n"), errors


def heaps_of_threads(pid: int) -> list[str]:
    """The heaps that glibc has given to single threads: each begins where 64 MiB are reserved for it."""
    heap = 2**26
    mappings = [line.split() for line in Path(f"/proc/{pid}/maps").read_text().splitlines()]
    return [
        " ".join(mapping)
        for mapping, rest in pairwise(mappings)
        if int(mapping[0].partition("-")[0], 16) % heap == 0
        and (len(mapping), mapping[1], rest[1]) == (5, "rw-p", "---p")
        and mapping[0].partition("-")[2] == rest[0].partition("-")[0]
    ]


async def test_first_run_shows_a_tournament_and_a_login_that_works(tmp_path: Path) -> None:
    """``make run``'s command prints the address and a generated login, and the demo is being played."""
    async with serving(*SERVE, "--demo", folder=tmp_path, GRANDSTAND_ENV="development") as (
        process,
        url,
        log,
    ):
        found = re.search(r"name: (\S+)   password: (\S+)", log.read_text())
        assert found is not None, log.read_text()
        async with httpx.AsyncClient(base_url=url) as client:
            form = {"name": found[1], "password": found[2], "next": "/staff/"}
            login = await client.post("/staff/login/", data=form)
            page = await client.get("/tournaments/1/")
        heaps = heaps_of_threads(process.pid)
    assert heaps == []
    assert (login.status_code, login.headers["location"], "World Cup 2022" in page.text) == (
        303,
        "/staff/",
        True,
    )


@pytest.mark.serial
async def test_stop_says_goodbye_to_open_streams_and_is_quick(tmp_path: Path) -> None:
    """SIGTERM with open streams: a goodbye that tells when to come back, and the end within five seconds."""
    async with serving(*SERVE, "--demo", folder=tmp_path, GRANDSTAND_ENV="development") as (process, url, _):
        async with httpx.AsyncClient(base_url=url) as client:
            token = (await client.post("/api/tournaments/1/feed-token/")).json()["token"]
        headers = {"Authorization": f"Bearer {token}"}
        async with open_feed(f"{url}/sse/tournaments/1/", headers) as feed:
            await feed.next()
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            goodbye = (await feed.rest())[-1]
            await asyncio.wait_for(process.wait(), 10)
    assert (goodbye.payload["code"], process.returncode, time.monotonic() - began < 5) == (1012, 0, True)


async def test_honcho_start_brings_up_everything_at_once(
    tmp_path: Path, postgres_server: PostgresServer, redis_server: RedisServer
) -> None:
    """The Procfile as it is, on an empty PostgreSQL and a Redis, with two workers."""
    settings = {
        "DATABASE_URL": (await postgres_server.fresh_database()).replace("postgresql+asyncpg", "postgres"),
        "REDIS_URL": redis_server.url,
        "WEB_CONCURRENCY": "2",
        **KEY,
    }
    program = ("honcho", "start", "-f", str(ROOT / "Procfile"), "-d", str(tmp_path))
    async with serving(*program, folder=tmp_path, **settings) as (_, url, log), httpx.AsyncClient() as client:
        ready = (await client.get(f"{url}/readyz")).json()
    assert (ready["status"], "Traceback" in log.read_text()) == ("ok", False)


def started_workers(log: Path) -> list[int]:
    """The process ids of the workers that the supervisor has started so far."""
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    return [line["pid"] for line in lines if line["event"] == "worker_started"]


async def test_crashed_worker_is_started_again_and_the_others_go_on(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    """One worker killed: its place is taken, and nobody else is touched."""
    settings = {"REDIS_URL": redis_server.url, "GRANDSTAND_LOG_FORMAT": "json", **KEY}
    async with serving(*SERVE, "--workers", "2", folder=tmp_path, **settings) as (_, _url, log):
        first = started_workers(log)
        os.kill(first[0], signal.SIGKILL)
        started = first
        for _ in range(200):
            started = started_workers(log)
            if len(started) == 3:
                break
            await asyncio.sleep(0.1)
        os.kill(first[1], 0)  # raises if it is gone
    assert len(started) == 3


def lives(pid: int) -> bool:
    """Whether there is such a process."""
    return Path(f"/proc/{pid}").exists()


def until_stopped(pid: int) -> None:
    """Wait until SIGSTOP has reached a process, which may still be in a call."""
    for _ in range(500):
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T":
            return
        time.sleep(0.01)
    raise TimeoutError("it runs on")


async def test_a_worker_whose_loop_is_stuck_is_killed_at_the_end(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    """A stop comes to its end, a little after the drain, whatever a worker does."""
    settings = {"REDIS_URL": redis_server.url, "GRANDSTAND_LOG_FORMAT": "json", **KEY}
    settings["GRANDSTAND_DRAIN_SECONDS"] = "0.5"
    async with serving(*SERVE, "--workers", "2", folder=tmp_path, **settings) as (process, _url, log):
        stuck = started_workers(log)[0]
        os.kill(stuck, signal.SIGSTOP)
        await asyncio.to_thread(until_stopped, stuck)
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 15) == 0
        assert "worker_stuck" in log.read_text()
    with pytest.raises(ProcessLookupError):
        os.kill(stuck, 0)


async def test_workers_end_with_their_supervisor_and_a_port_in_use_is_refused(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    """Nobody serves beside those who are there; and after a SIGKILL of the supervisor nobody is there."""
    settings = {"REDIS_URL": redis_server.url, "GRANDSTAND_LOG_FORMAT": "json", **KEY}
    async with serving(*SERVE, "--workers", "2", folder=tmp_path, **settings) as (process, url, log):
        port = url.rpartition(":")[2]
        beside = await command("serve", "--workers", "2", folder=tmp_path, settings=settings | {"PORT": port})
        assert (beside[0], f"127.0.0.1:{port}" in beside[2] or f"0.0.0.0:{port}" in beside[2]) == (2, True)
        workers = started_workers(log)
        process.kill()
        for _ in range(150):
            if not any(map(lives, workers)):
                break
            await asyncio.sleep(0.1)
        assert not any(map(lives, workers))


@pytest.mark.serial
async def test_nobody_waits_at_the_door_of_a_dead_worker(tmp_path: Path, redis_server: RedisServer) -> None:
    """Through a crash every request is answered at once by somebody who lives, at the second try at most."""
    settings = {"REDIS_URL": redis_server.url, "GRANDSTAND_LOG_FORMAT": "json", **KEY}
    waits = []
    async with serving(*SERVE, "--workers", "2", folder=tmp_path, **settings) as (_, url, log):
        os.kill(started_workers(log)[0], signal.SIGKILL)
        ends = time.monotonic() + 3
        while time.monotonic() < ends:
            began = time.monotonic()
            async with httpx.AsyncClient(
                verify=False
            ) as client:  # the machine's certificates take long to read
                while True:
                    try:
                        assert (await client.get(f"{url}/healthz")).status_code == 200
                        break
                    except httpx.TransportError:
                        await asyncio.sleep(0.02)
            waits.append(time.monotonic() - began)
    assert max(waits) < 1, max(waits)


@pytest.mark.parametrize("speed", ["0", "-1", "fast", "inf"])
async def test_impossible_speed_is_refused(tmp_path: Path, speed: str) -> None:
    """Usage errors say what is wrong, without a traceback."""
    status, _, errors = await command("demo", "--speed", speed, folder=tmp_path, settings=KEY)
    assert (status, "Traceback" in errors) == (2, False), errors
