"""The Redis servers behind a URL, and which of them has a channel or a key.

There is one, or the master that sentinels name, or the masters of a cluster, each with some of the hash slots
(https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/). Masters change: whoever fails to
reach one looks again.

redis-py connects, speaks and parses; who is asked, and who is believed, is decided here. Its own clients
promise less than the bus needs (tried with redis-py 8.1 on the deployments of the tests):

- ``Sentinel.discover_master`` believes the first sentinel that answers, though all others have moved on, and
  asks one after the other, waiting for each that hangs. What ``master_for`` has connected stays with a master
  that was replaced without a failure.
- ``RedisCluster`` believes any node, also one that says itself that it is cut off, and waits for each that
  hangs in turn.
- ``ClusterPubSub`` reconnects by itself, which hides that messages were lost; and it passes over the
  ``sunsubscribe`` of a slot that moves away, after which a listener that sends nothing stays deaf.
"""

from __future__ import annotations

import asyncio
import random
import socket
import ssl
from bisect import bisect_left
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import redis.exceptions
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.cluster import parse_cluster_slots
from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot
from redis.exceptions import (
    AuthenticationError,
    ConnectionError,
    NoPermissionError,
    ReadOnlyError,
    RedisError,
)

from quart_app.redis_url import Node, parse_redis_url

FAILURES = (RedisError, OSError)
"""What talking to Redis may raise while it is away or unwell; a TimeoutError is an OSError."""

_CAUSES: dict[type[BaseException], str] = {
    ssl.SSLCertVerificationError: "the certificate is not trusted",
    ssl.SSLError: "TLS failed",
    socket.gaierror: "the name is not resolved",
    ConnectionRefusedError: "the connection is refused",
    AuthenticationError: "wrong user or password",
    NoPermissionError: "no permission",
    redis.exceptions.TimeoutError: "no answer in time",
    TimeoutError: "no answer in time",
}

CONNECT_SECONDS_MAX = 3.0
"""How long connecting to a server may take."""

LOOK_SECONDS_MAX = 1.0
"""How long a sentinel, or a node asked for the map of its cluster, may take to answer."""

ASKED_NODES = 3
"""So many nodes of a cluster are asked at once for its map, and the first to answer is believed."""

_Answer = TypeVar("_Answer")


def cause(error: BaseException) -> str:
    """What went wrong, in words for an operator, and what redis-py says of it; neither shows a password."""
    said = str(error) or type(error).__name__
    for each in _chain(error):
        for kind, words in _CAUSES.items():
            if isinstance(each, kind):
                return f"{words}: {said}"
    return said


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and what redis-py made it of."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


async def answers(pipe: Pipeline) -> list[Any]:
    """What is answered to all in a pipeline. Raises the first error as it is, without the command's data."""
    found: list[Any] = await pipe.execute(raise_on_error=False)
    for each in found:
        if isinstance(each, Exception):
            raise each
    return found


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
        nobody = f"no sentinel names a master of {self._url.service}"
        master = await _agreed(nodes, self._name_master, len(nodes) // 2 + 1, nobody)
        client = self._client(self._url.server(master))
        async with asyncio.timeout(LOOK_SECONDS_MAX):
            role, *_ = await client.role()
        if role != b"master":
            raise ReadOnlyError(f"{_named(master)} is no master, though sentinels say so")
        return _one(client)

    async def _name_master(self, sentinel: Node) -> Node:
        client = self._client(self._url.sentinel(sentinel))
        async with client.pipeline(transaction=False) as pipe:
            pipe.execute_command("SENTINEL GET-MASTER-ADDR-BY-NAME", self._url.service)
            (named,) = await answers(pipe)
        if named is None:
            raise ConnectionError("it knows no such service")
        return named[0].decode(), named[1]

    # Cluster

    async def _look_at_cluster(self) -> Layout:
        nodes = list({*self._url.nodes, *self._members})
        asked = random.sample(nodes, min(ASKED_NODES, len(nodes)))
        ranges = await _agreed(asked, self._map_slots, 1, "no node of the cluster says that all is well")
        self._members = {member for _, members in ranges for member in members}
        return Layout(
            tuple(last for last, _ in ranges),
            tuple(self._client(self._url.server(master)) for _, (master, *_) in ranges),
        )

    async def _map_slots(self, node: Node) -> tuple[tuple[int, tuple[Node, ...]], ...]:
        """The last slot of each range, and who has it, the master first.

        Raises ConnectionError for a node that knows of a trouble, such as to be cut off from the others: its
        map may be old.
        """
        async with self._client(self._url.server(node)).pipeline(transaction=False) as pipe:
            pipe.execute_command("CLUSTER INFO")
            pipe.execute_command("CLUSTER SLOTS")
            info, slots = await answers(pipe)
        # A node that does not know its own address leaves it out: it is where we asked it.
        ranges = sorted(parse_cluster_slots(slots, current_host=node[0]).items())
        covered = sum(last - first + 1 for (first, last), _ in ranges)
        if info["cluster_state"] != "ok" or covered != REDIS_CLUSTER_HASH_SLOTS:
            raise ConnectionError(f"its cluster_state is {info['cluster_state']}, with {covered} slots")
        return tuple((last, (each["primary"], *each["replicas"])) for (_, last), each in ranges)


def _one(server: Redis) -> Layout:
    return Layout((REDIS_CLUSTER_HASH_SLOTS - 1,), (server,))


def _named(node: Node) -> str:
    return f"{node[0]}:{node[1]}"


async def _agreed(
    nodes: Collection[Node], ask: Callable[[Node], Awaitable[_Answer]], votes: int, nobody: str
) -> _Answer:
    """Ask all at once: the first answer with so many votes, else the one with most.

    Raises ConnectionError where there is none; it says what was wrong with each.
    """
    counts: Counter[_Answer] = Counter()
    complaints: dict[Node, str] = {}

    async def count(node: Node) -> bool:
        try:
            async with asyncio.timeout(LOOK_SECONDS_MAX):
                answer = await ask(node)
        except FAILURES as error:
            complaints[node] = cause(error)
            return False
        counts[answer] += 1
        return counts[answer] >= votes

    tasks = [asyncio.create_task(count(node)) for node in nodes]
    try:
        for counted in asyncio.as_completed(tasks):
            if await counted:
                break
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if not counts:
        each = "; ".join(f"{_named(node)}: {complaints[node]}" for node in sorted(complaints))
        raise ConnectionError(f"{nobody} ({each})")
    return max(counts, key=counts.__getitem__)
