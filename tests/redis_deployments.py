"""Redis in more than one process: a master that sentinels watch over, and a cluster. Each of the tests' own.

Both start with the first test that asks for them and serve the whole run. A test that takes something away
gives it back; whether all is well again is waited for by the next that asks.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Literal
from urllib.parse import urlencode

from redis.asyncio import Redis
from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot
from redis.exceptions import RedisError

from tests.certificates import Authority
from tests.services import RedisServer, binary, free_port

SETTLE_SECONDS = 60.0
"""A sentinel on a machine that stalls does nothing for half a minute, to be on the safe side (TILT)."""


async def ask(server: RedisServer, *command: object) -> Any:
    """The answer to one command, with text instead of bytes."""
    async with Redis.from_url(server.url, decode_responses=True, protocol=2) as redis:
        return await redis.execute_command(*command)  # type: ignore[no-untyped-call]


async def sooner_or_later(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    """Return once the condition holds; a server that does not answer is one for which it does not."""
    try:
        async with asyncio.timeout(SETTLE_SECONDS):
            while True:
                with contextlib.suppress(RedisError, OSError):
                    if await condition():
                        return
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"{what}: it never came to hold in {SETTLE_SECONDS:g} seconds") from None


async def replicates(server: RedisServer) -> bool:
    """Whether this is a replica which is in touch with its master."""
    return bool((await ask(server, "INFO", "replication")).get("master_link_status") == "up")


class SentinelServer(RedisServer):
    """A sentinel, with TLS if its master has it. It keeps what it has learnt in a file of its own."""

    def __init__(self, service: str, master: RedisServer) -> None:
        super().__init__(master.authority)
        self._file = self.folder / "sentinel.conf"
        self._file.write_text(
            "".join(f"{name} {value}\n" for name, value in self.options.items())
            + f"sentinel monitor {service} 127.0.0.1 {master.port} 2\n"
            f"sentinel down-after-milliseconds {service} 1000\n"
            f"sentinel failover-timeout {service} 2000\n"
        )

    def command(self) -> list[str]:
        """redis-server as a sentinel, on the loopback."""
        return [binary("redis-server", "redis-server"), str(self._file), "--sentinel"]


def sentinel_url(service: str, sentinels: Sequence[SentinelServer]) -> str:
    """The URL of whoever these sentinels name."""
    return f"redis+sentinel://{','.join(f'127.0.0.1:{each.port}' for each in sentinels)}/{service}"


class SentinelDeployment:
    """A master, its replica, and three sentinels."""

    service = "grandstand"

    def __init__(self) -> None:
        self.servers = [RedisServer(repl_diskless_sync_delay=0) for _ in range(2)]
        self.sentinels = [SentinelServer(self.service, self.servers[0]) for _ in range(3)]
        self._running = False

    @property
    def url(self) -> str:
        """What REDIS_URL says of it."""
        return sentinel_url(self.service, self.sentinels)

    async def start(self) -> None:
        """Run, each process knowing of all others, and all well, whatever was done to them before."""
        if not self._running:
            await self._start()
            self._running = True
        await self.settled()

    async def _start(self) -> None:
        await asyncio.gather(*(server.start() for server in self.servers))
        await ask(self.servers[1], "REPLICAOF", "127.0.0.1", self.servers[0].port)
        await asyncio.gather(*(sentinel.start() for sentinel in self.sentinels))
        for sentinel in self.sentinels:
            # Many times quicker than they are by default, to look. Less so to tell each other: who has not
            # heard of a failover within four of these periods takes the new master for a stray and undoes it.
            periods = {"INFO-PERIOD": 200, "PING-PERIOD": 200, "ASK-PERIOD": 200, "PUBLISH-PERIOD": 1000}
            await ask(sentinel, "SENTINEL", "DEBUG", *(word for each in periods.items() for word in each))

    async def master(self) -> RedisServer:
        """The server that the sentinels name."""
        _, port = await ask(self.sentinels[0], "SENTINEL", "GET-MASTER-ADDR-BY-NAME", self.service)
        return next(server for server in self.servers if server.port == int(port))

    async def settled(self) -> None:
        """Wait until there are a master and a replica, and all sentinels see both and each other."""
        await sooner_or_later(self._is_settled, "sentinels that agree on a master with a replica")

    async def close(self) -> None:
        """End all of it."""
        await asyncio.gather(*(server.close() for server in (*self.sentinels, *self.servers)))

    async def _is_settled(self) -> bool:
        master = await self.master()
        for sentinel in self.sentinels:
            words = await ask(sentinel, "SENTINEL", "MASTER", self.service)
            seen = dict(zip(words[::2], words[1::2], strict=True))
            known = (seen["port"], seen["flags"], seen["num-other-sentinels"], seen["num-slaves"])
            if known != (str(master.port), "master", "2", "1"):
                return False
            # One that still takes the replica for a returning master would demote it once it is promoted.
            (words,) = await ask(sentinel, "SENTINEL", "REPLICAS", self.service)
            seen = dict(zip(words[::2], words[1::2], strict=True))
            if (seen["flags"], seen["role-reported"]) != ("slave", "slave"):
                return False
        (replica,) = (server for server in self.servers if server is not master)
        return (await ask(master, "ROLE"))[0] == "master" and await replicates(replica)


class ClusterDeployment:
    """Three masters with a replica each."""

    def __init__(self) -> None:
        self.servers = [
            RedisServer(
                cluster_enabled="yes",
                cluster_port=free_port(),
                cluster_node_timeout=1500,
                cluster_replica_validity_factor=0,
                repl_diskless_sync_delay=0,
                repl_ping_replica_period=1,
            )
            for _ in range(6)
        ]
        self._running = False

    @property
    def url(self) -> str:
        """What REDIS_URL says of it, naming some of its members."""
        return "redis+cluster://" + ",".join(f"127.0.0.1:{server.port}" for server in self.servers[:3])

    async def start(self) -> None:
        """Run, with all slots shared out and every replica in touch with its master, after whatever."""
        if not self._running:
            await self._start()
            self._running = True
        await self.settled()

    async def _start(self) -> None:
        await asyncio.gather(*(server.start() for server in self.servers))
        for epoch, server in enumerate(self.servers, start=1):
            await ask(server, "CLUSTER", "SET-CONFIG-EPOCH", epoch)
        for server in self.servers[1:]:
            await ask(
                self.servers[0], "CLUSTER", "MEET", "127.0.0.1", server.port, server.options["cluster-port"]
            )
        masters, replicas = self.servers[:3], self.servers[3:]
        for master, slots in zip(masters, ((0, 5460), (5461, 10922), (10923, 16383)), strict=True):
            await ask(master, "CLUSTER", "ADDSLOTSRANGE", *slots)
        for master, replica in zip(masters, replicas, strict=True):
            identity = await ask(master, "CLUSTER", "MYID")
            # refused until they have been introduced
            await sooner_or_later(partial(ask, replica, "CLUSTER", "REPLICATE", identity), "nodes that met")

    async def owner(self, name: str) -> RedisServer:
        """The master that has a channel or key."""
        slot = key_slot(name.encode())
        return next(master for first, last, master, _ in await self._slots() if first <= slot <= last)

    async def replica(self, master: RedisServer) -> RedisServer:
        """The replica of a master."""
        return next(replica for _, _, each, replica in await self._slots() if each is master)

    async def move(self, name: str) -> None:
        """Let another master have the slot of a channel, as resharding does."""
        source = await self.owner(name)
        target = next(master for _, _, master, _ in await self._slots() if master is not source)
        slot = key_slot(name.encode())
        identities = [await ask(server, "CLUSTER", "MYID") for server in (source, target)]
        await ask(target, "CLUSTER", "SETSLOT", slot, "IMPORTING", identities[0])
        await ask(source, "CLUSTER", "SETSLOT", slot, "MIGRATING", identities[1])
        for server in (target, source):
            await ask(server, "CLUSTER", "SETSLOT", slot, "NODE", identities[1])

    async def settled(self) -> None:
        """Wait until every node knows of the same masters, each with a replica in touch."""
        await sooner_or_later(self._is_settled, "a cluster whose nodes agree")

    async def close(self) -> None:
        """End all of it."""
        await asyncio.gather(*(server.close() for server in self.servers))

    async def _is_settled(self) -> bool:
        maps = []
        for server in self.servers:
            if "cluster_state:ok" not in await ask(server, "CLUSTER", "INFO"):
                return False
            slots = await ask(server, "CLUSTER", "SLOTS")
            maps.append([(first, last, [port for _, port, *_ in members]) for first, last, *members in slots])
        return (
            all(each == maps[0] for each in maps)
            and sum(last - first + 1 for first, last, _ in maps[0]) == REDIS_CLUSTER_HASH_SLOTS
            and all(len(ports) == 2 for _, _, ports in maps[0])
            and all([await replicates(self._server(port)) for port in {ports[1] for *_, ports in maps[0]}])
        )

    async def _slots(self) -> list[tuple[int, int, RedisServer, RedisServer]]:
        """Ranges of slots, while all is well: the first, the last, who has them, and the replica."""
        ranges = await ask(self.servers[0], "CLUSTER", "SLOTS")
        return [
            (first, last, self._server(master[1]), self._server(replica[1]))
            for first, last, master, replica in ranges
        ]

    def _server(self, port: int) -> RedisServer:
        return next(server for server in self.servers if server.port == port)


class LoneServer:
    """One server, by itself, named by a sentinel, or a cluster of one; with TLS if there is an authority."""

    def __init__(
        self, kind: Literal["server", "sentinel", "cluster"], authority: Authority | None = None
    ) -> None:
        self.kind = kind
        options = {"cluster_enabled": "yes", "cluster_port": free_port()} if kind == "cluster" else {}
        self.server = RedisServer(authority, **options)
        self.sentinel = SentinelServer("main", self.server) if kind == "sentinel" else None

    async def start(self) -> None:
        """Run, and serve."""
        await self.server.start()
        if self.sentinel is not None:
            await self.sentinel.start()
        if self.kind == "cluster":
            await ask(self.server, "CLUSTER", "ADDSLOTSRANGE", 0, REDIS_CLUSTER_HASH_SLOTS - 1)
            await sooner_or_later(self._is_settled, "a cluster of one")

    async def close(self) -> None:
        """End all of it."""
        if self.sentinel is not None:
            await self.sentinel.close()
        await self.server.close()

    def url(self, userinfo: str = "", host: str = "127.0.0.1", **options: object) -> str:
        """What REDIS_URL says of it to a user; the options are those of the query."""
        tls = "rediss" if self.server.authority is not None else "redis"
        kind = "" if self.kind == "server" else f"+{self.kind}"
        port = (self.sentinel or self.server).port
        path = "/main" if self.kind == "sentinel" else ""
        return f"{tls}{kind}://{userinfo}{host}:{port}{path}?{urlencode(options)}"

    async def user(self, name: str, *rules: str) -> None:
        """Give somebody these rights, https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/."""
        await ask(self.server, "ACL", "SETUSER", name, "on", *rules)

    async def _is_settled(self) -> bool:
        return "cluster_state:ok" in await ask(self.server, "CLUSTER", "INFO")
