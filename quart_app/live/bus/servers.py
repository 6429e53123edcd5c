"""The Redis servers behind a URL, and which of them has a channel or a key.

There is one, or the master that sentinels name, or the masters of a cluster, each with some of the hash slots
(https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/). Masters change: whoever fails to
reach one looks again.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from bisect import bisect_left
from collections import Counter
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, TypeVar

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot
from redis.exceptions import ConnectionError, ReadOnlyError, RedisError

from quart_app.redis_url import Node, parse_redis_url

FAILURES = (RedisError, OSError)
"""What talking to Redis may raise while it is away or unwell; a TimeoutError is an OSError."""

CONNECT_SECONDS_MAX = 3.0
"""How long connecting to a server may take."""

LOOK_SECONDS_MAX = 1.0
"""How long a sentinel, or a node asked for the map of its cluster, may take to answer."""

ASKED_NODES = 3
"""So many nodes of a cluster are asked at once for its map, and the first to answer is believed."""

_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class Layout:
    """Which server answers for which hash slots: ``owners[i]`` for those up to ``lasts[i]``.

    Two layouts are equal if the same servers have the same slots.
    """

    lasts: tuple[int, ...]
    owners: tuple[Redis, ...]

    @property
    def servers(self) -> tuple[Redis, ...]:
        """Every server, once."""
        return tuple(dict.fromkeys(self.owners))

    def owner(self, name: str) -> Redis:
        """The server that has a channel or key."""
        if len(self.owners) == 1:
            return self.owners[0]
        return self.owners[bisect_left(self.lasts, key_slot(name.encode()))]


class RedisServers:
    """The servers of one URL, each with a client of its own, which is kept while this lives."""

    def __init__(self, url: str) -> None:
        self._url = parse_redis_url(url)
        self._clients: dict[str, Redis] = {}
        self._members: set[Node] = set()
        self._layout: Layout | None = None

    @property
    def sharded(self) -> bool:
        """Whether channels are those of shards, with SPUBLISH and SSUBSCRIBE, which needs Redis 7."""
        return self._url.kind == "cluster"

    async def layout(self) -> Layout:
        """The layout as it was last seen. Raises FAILURES where it has to be looked up and cannot be."""
        return self._layout or await self.look()

    async def look(self) -> Layout:
        """The layout as it is now. Raises FAILURES where nobody can tell."""
        if self._url.kind == "sentinel":
            layout = await self._look_at_sentinels()
        elif self._url.kind == "cluster":
            layout = await self._look_at_cluster()
        else:
            layout = _one(self._client(self._url.server()))
        self._layout = layout
        return layout

    def forget(self) -> None:
        """Have the layout looked up before it is used again: a server has failed."""
        self._layout = None

    async def aclose(self) -> None:
        """Close every connection."""
        for client in self._clients.values():
            await client.aclose()

    def _client(self, url: str) -> Redis:
        """A client that neither retries nor reconnects by itself, nor bounds what it waits for.

        A silent reconnect would hide that messages were lost. redis-py's own timeouts of writes use
        ``asyncio.wait_for``, which can swallow a cancellation on Python 3.11. RESP 2, because redis-py
        formats each RESP 3 push for a debug log.
        """
        if url not in self._clients:
            self._clients[url] = Redis.from_url(
                url,
                protocol=2,
                socket_timeout=None,
                socket_connect_timeout=CONNECT_SECONDS_MAX,
                retry=Retry(NoBackoff(), 0, supported_errors=()),
            )
        return self._clients[url]

    # Sentinel, by its rules for clients: https://redis.io/docs/latest/develop/reference/sentinel-clients/

    async def _look_at_sentinels(self) -> Layout:
        nodes = self._url.nodes
        # Most of them, because one that was cut off from the others still names the old master.
        master = await _agreed(map(self._name_master, nodes), votes=len(nodes) // 2 + 1)
        if master is None:
            raise ConnectionError(f"No sentinel names a master of {self._url.service}")
        client = self._client(self._url.server(master))
        async with asyncio.timeout(LOOK_SECONDS_MAX):
            role, *_ = await client.role()
        if role != b"master":
            raise ReadOnlyError(f"{master[0]}:{master[1]} is no master, though sentinels say so")
        return _one(client)

    async def _name_master(self, sentinel: Node) -> Node | None:
        client = self._client(self._url.sentinel(sentinel))
        async with client.pipeline(transaction=False) as pipe:
            pipe.execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self._url.service)
            (named,) = await pipe.execute()
        return named and (named[0].decode(), int(named[1]))

    # Cluster

    async def _look_at_cluster(self) -> Layout:
        nodes = list({*self._url.nodes, *self._members})
        asked = random.sample(nodes, min(ASKED_NODES, len(nodes)))
        ranges = await _agreed(map(self._map_slots, asked), votes=1)
        if ranges is None:
            raise ConnectionError("No node of the cluster says that all is well")
        self._members = {member for _, members in ranges for member in members}
        return Layout(
            tuple(last for last, _ in ranges),
            tuple(self._client(self._url.server(master)) for _, (master, *_) in ranges),
        )

    async def _map_slots(self, node: Node) -> tuple[tuple[int, tuple[Node, ...]], ...] | None:
        """The last slot of each range, and who has it, the master first.

        None from a node that knows of a trouble, such as to be cut off from the others: its map may be old.
        """
        async with self._client(self._url.server(node)).pipeline(transaction=False) as pipe:
            pipe.execute_command("CLUSTER INFO")
            pipe.execute_command("CLUSTER SLOTS")
            info, slots = await pipe.execute()
        covered = sum(last - first + 1 for first, last, *_ in slots)
        if info["cluster_state"] != "ok" or covered != REDIS_CLUSTER_HASH_SLOTS:
            return None
        return tuple(
            # A node that does not know its own address leaves it out: it is where we asked it.
            (last, tuple(((host or b"").decode() or node[0], int(port)) for host, port, *_ in members))
            for _, last, *members in sorted(slots, key=itemgetter(0))
        )


def _one(server: Redis) -> Layout:
    return Layout((REDIS_CLUSTER_HASH_SLOTS - 1,), (server,))


async def _agreed(asks: Iterable[Coroutine[Any, Any, _Answer | None]], votes: int) -> _Answer | None:
    """Ask all at once: the first answer with so many votes, else the one with most, None if nobody knows."""
    tasks = [asyncio.create_task(ask) for ask in asks]
    counts: Counter[_Answer] = Counter()
    try:
        for answer in asyncio.as_completed(tasks, timeout=LOOK_SECONDS_MAX):
            with contextlib.suppress(*FAILURES):
                if (found := await answer) is not None:
                    counts[found] += 1
                    if counts[found] == votes:
                        break
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return max(counts, key=counts.__getitem__, default=None)
