"""Redis that is secured, of every kind: TLS by an authority of the tests' own, and users with few rights."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import structlog.testing

from quart_app.live.bus import outage
from quart_app.live.bus.port import StaffChanged
from quart_app.live.bus.redis import RedisBus
from quart_app.live.crowd.presence import RedisPresence
from quart_app.settings import Settings
from quart_app.web.doors.limits import Limits
from tests.certificates import Authority
from tests.live.listening import Recorder, envelope, hear_each_other, listening, until, workers
from tests.redis_deployments import LoneServer

SECRET = "hunter2"
ROOMS = (7, 8)
HANDBOOK = Path(__file__).resolve().parents[2] / "docs" / "operations.md"


@pytest.fixture(scope="module", name="authority")
def _authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who vouches for the servers."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest_asyncio.fixture(scope="module", name="lone", params=["server", "sentinel", "cluster"])
async def _lone(request: pytest.FixtureRequest, authority: Authority) -> AsyncIterator[LoneServer]:
    """A server of each kind that speaks TLS only."""
    lone = LoneServer(request.param, authority)
    try:
        await lone.start()
        yield lone
    finally:
        await lone.close()


@pytest.fixture(autouse=True, name="lines")
def _lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[MutableMapping[str, Any]]]:
    """What was logged, and every cause at once: a busy machine may at first be too slow to answer."""
    monkeypatch.setattr(outage, "QUIET_SECONDS", 0.0)
    with structlog.testing.capture_logs() as lines:
        yield lines


SLOW = "no answer in time"


def troubles(lines: list[MutableMapping[str, Any]]) -> list[MutableMapping[str, Any]]:
    """What was logged that is wrong, but for an answer that took too long."""
    return [line for line in lines if line["log_level"] != "info" and SLOW not in line["reason"]]


async def is_named(url: str, lines: list[MutableMapping[str, Any]], *words: str) -> None:
    """Wait until the log says in these words, without a traceback, why a bus neither hears nor publishes."""

    def told() -> set[str]:
        return {line["event"] for line in lines if all(word in line.get("reason", "") for word in words)}

    bus = RedisBus(url)
    run = asyncio.create_task(bus.run(Recorder()))
    try:
        async with asyncio.timeout(30):
            while told() != {"bus_announce_failed", "bus_disconnected"}:
                await bus.announce([envelope(7, 1)])
                await asyncio.sleep(0.05)
        assert bus.state == "away"
    finally:
        run.cancel()
        await asyncio.wait({run})
        await bus.close()
    assert all(word in line["reason"] for line in troubles(lines) for word in words)
    assert {line["log_level"] for line in lines} == {"warning"}
    assert not any("exc_info" in line or SECRET in str(line) for line in lines)


async def test_workers_hear_each_other_over_tls(lone: LoneServer, authority: Authority) -> None:
    """Whoever is given the authority's certificate trusts every server, sentinel and node."""
    async with workers(lone.url(ssl_ca_certs=str(authority.file)), ROOMS) as both:
        await hear_each_other(both, ROOMS, 1)


async def test_what_is_not_trusted_is_named(lone: LoneServer, lines: list[MutableMapping[str, Any]]) -> None:
    """A certificate of nobody whom this machine knows."""
    await is_named(lone.url(), lines, "the certificate is not trusted", "self-signed certificate")


async def test_a_wrong_password_is_named(
    lone: LoneServer, authority: Authority, lines: list[MutableMapping[str, Any]]
) -> None:
    """And is not shown."""
    url = lone.url(f"somebody:{SECRET}@", ssl_ca_certs=str(authority.file))
    await is_named(url, lines, "wrong user or password")


async def test_a_name_that_is_not_resolved_is_named(
    lone: LoneServer, lines: list[MutableMapping[str, Any]]
) -> None:
    """The name as well."""
    await is_named(lone.url(host="nobody.invalid"), lines, "the name is not resolved", "nobody.invalid")


@pytest.mark.parametrize("kind", ["server", "sentinel", "cluster"])
async def test_a_refused_connection_is_named(kind: Any, lines: list[MutableMapping[str, Any]]) -> None:
    """And where it was tried."""
    url = LoneServer(kind).url()  # never started
    port = url.partition("127.0.0.1:")[2].partition("?")[0].partition("/")[0]
    await is_named(url, lines, "the connection is refused", f"127.0.0.1:{port}")


async def test_silence_is_named(
    lone: LoneServer, authority: Authority, lines: list[MutableMapping[str, Any]]
) -> None:
    """A server, sentinel or node that takes connections and says nothing."""
    first = lone.sentinel or lone.server
    first.pause()
    try:
        await is_named(lone.url(ssl_ca_certs=str(authority.file)), lines, SLOW)
    finally:
        first.resume()


@pytest.mark.serial
async def test_who_may_not_publish_says_so(
    lone: LoneServer, authority: Authority, lines: list[MutableMapping[str, Any]]
) -> None:
    """It hears the others, but knows that they do not hear it, until it may."""
    await lone.user("mute", f">{SECRET}", "+@all", "~*", "&*", "-publish", "-spublish")
    states: list[bool] = []
    bus = RedisBus(lone.url(f"mute:{SECRET}@", ssl_ca_certs=str(authority.file)), on_state=states.append)
    recorder = Recorder()
    trusting = lone.url(ssl_ca_certs=str(authority.file))
    async with workers(trusting, ROOMS) as (other, _), listening(bus, recorder):
        await bus.subscribe(7)
        await other.bus.announce([envelope(7, 1)])
        await until(lambda: recorder.heads(7) == [1])
        before = bus.state
        began = time.monotonic()
        for seq in range(2, 12):
            await bus.announce([envelope(7, seq)])
        waited = time.monotonic() - began
        assert (before, bus.state, bus.connected, states) == ("ok", "cannot publish", True, [True, False])
        (line,) = [line for line in lines if line["log_level"] != "info"]
        assert (line["log_level"], line["event"]) == ("warning", "bus_announce_failed")
        assert "no permission" in line["reason"]
        await lone.user("mute", "+publish", "+spublish")
        await until(lambda: 11 in other.heads(7))
        await until(lambda: bus.state == "ok")
        assert states == [True, False, True]
    await bus.close()
    assert waited < 1


async def test_who_may_not_subscribe_says_so(
    lone: LoneServer, authority: Authority, lines: list[MutableMapping[str, Any]]
) -> None:
    """It has to read the log, while others hear what it announces."""
    await lone.user("deaf", f">{SECRET}", "+@all", "~*", "&*", "-subscribe", "-ssubscribe")
    bus = RedisBus(lone.url(f"deaf:{SECRET}@", ssl_ca_certs=str(authority.file)))
    async with workers(lone.url(ssl_ca_certs=str(authority.file)), ROOMS) as (other, _):
        run = asyncio.create_task(bus.run(Recorder()))
        await until(lambda: bus.state == "cannot subscribe")
        await bus.announce([envelope(7, 1)])
        await until(lambda: 1 in other.heads(7))
        assert (bus.state, bus.connected) == ("cannot subscribe", False)
        (line,) = troubles(lines)
        assert (line["event"], "no permission" in line["reason"]) == ("bus_disconnected", True)
        await lone.user("deaf", "+subscribe", "+ssubscribe")
        await until(lambda: bus.state == "ok")
        run.cancel()
        await asyncio.wait({run})
    await bus.close()


async def test_the_rights_of_the_handbook_are_enough(
    lone: LoneServer, authority: Authority, lines: list[MutableMapping[str, Any]]
) -> None:
    """Who is given what docs/operations.md says hears, is heard, counts viewers and shares limits."""
    _, _, rules = HANDBOOK.read_text().partition("ACL SETUSER grandstand on ><password> ")
    await lone.user("grandstand", f">{SECRET}", *rules.partition("\n")[0].split())
    url = lone.url(f"grandstand:{SECRET}@", ssl_ca_certs=str(authority.file))
    presence, limits = RedisPresence(url), Limits(Settings.for_tests(redis_url=url))
    try:
        async with workers(url, ROOMS) as both:
            await hear_each_other(both, ROOMS, 1)
            await both[0].bus.notify(StaffChanged(staff_id=3))
            await until(lambda: both[1].notices)
            await presence.totals({"tournament:7": 2})
            await limits.post(3)
            assert [worker.bus.state for worker in both] == ["ok", "ok"]
    finally:
        await presence.close()
        await limits.close()
    assert troubles(lines) == []
