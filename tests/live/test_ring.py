"""The ring, and the writing one by one that it stands for: the same to all, whatever the kernel says."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from array import array
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from structlog.testing import capture_logs

from quart_app.live.wires import ring as rings
from quart_app.live.wires.port import Block, Fleet
from quart_app.live.wires.ring import Queues, Ring
from quart_app.live.wires.socket import WRITES, SocketWire, nobody
from tests.live import kernels
from tests.live.kernels import Enter

SMALL = Block(b"data: a score\n\n")
LARGE = Block(b"data: " + b"x" * 300_000 + b"\n\n")


@pytest.fixture(name="ring")
def _ring() -> Iterator[Ring]:
    """An open ring."""
    ring = Ring()
    ring.open()
    yield ring
    ring.close()


@pytest.fixture(name="fleet", params=["ring", "socket"])
def _fleet(request: pytest.FixtureRequest) -> Fleet:
    """Both fleets of sockets."""
    return request.getfixturevalue("ring") if request.param == "ring" else WRITES


def _same(wire: SocketWire) -> SocketWire:
    return wire


class Streams:
    """Wires of a fleet, and the far ends of their sockets."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.wires: list[SocketWire] = []
        self.far: list[socket.socket] = []
        self.lost: list[int] = []

    async def open(self, count: int) -> None:
        """Open so many."""
        for number in range(count):
            near, far = socket.socketpair()
            near.setblocking(False)
            far.setblocking(False)
            wire = SocketWire(near.fileno(), self.fleet)
            await asyncio.get_running_loop().create_connection(partial(_same, wire), sock=near)
            wire.attach(nobody, partial(self.lost.append, number))
            self.wires.append(wire)
            self.far.append(far)

    def write(self, block: Block) -> list[int]:
        """Write a block to all of them, as a cohort does."""
        descriptors, unwell = array("i", [wire.descriptor for wire in self.wires]), []
        for start in range(0, len(self.wires), self.fleet.at_once):
            stop = min(len(self.wires), start + self.fleet.at_once)
            unwell += self.fleet.write(self.wires, descriptors, start, stop, block)
        return unwell

    async def arrived(self, number: int, size: int) -> bytes:
        """What has come to the far end of one, once it is so much or will be no more."""
        got = b""
        async with asyncio.timeout(5):
            while len(got) < size and (piece := await self._piece(number)):
                got += piece
        return got

    async def _piece(self, number: int) -> bytes:
        try:
            return await asyncio.get_running_loop().sock_recv(self.far[number], 1 << 20)
        except ConnectionResetError:
            return b""

    def nothing_more(self, number: int) -> bool:
        """Whether nothing waits at the far end."""
        with pytest.raises(BlockingIOError):
            self.far[number].recv(1)
        return True


@asynccontextmanager
async def streams(fleet: Fleet, count: int) -> AsyncIterator[Streams]:
    """So many streams, closed afterwards."""
    opened = Streams(fleet)
    try:
        await opened.open(count)
        yield opened
    finally:
        for wire in opened.wires:
            wire.abort()
        for far in opened.far:
            far.close()
        await asyncio.sleep(0)


async def test_everyone_gets_the_same(fleet: Fleet) -> None:
    """More than one call takes, and more than the ring has entries, so that it comes round."""
    async with streams(fleet, 600) as opened:
        for _ in range(3):
            assert opened.write(SMALL) == []
        for number in range(600):
            assert opened.far[number].recv(1000) == SMALL.chunk * 3


async def test_who_takes_a_part_gets_the_rest_later(fleet: Fleet) -> None:
    """A short write, and one that finds no room at all: full until it has left, and nobody waits."""
    async with streams(fleet, 5) as opened:
        filling = 0
        with contextlib.suppress(BlockingIOError):
            while sent := os.write(opened.wires[3].descriptor, b"y" * 4096):
                filling += sent
        assert sorted(opened.write(LARGE)) == [0, 1, 2, 3, 4]
        assert [wire.full for wire in opened.wires] == [True] * 5
        size = len(LARGE.chunk)
        assert await opened.arrived(2, size) == LARGE.chunk
        assert await opened.arrived(3, filling + size) == b"y" * filling + LARGE.chunk


async def test_who_has_gone_is_told_and_keeps_nobody(fleet: Fleet) -> None:
    """A reset connection ends by itself; the others do not notice, and no signal ends the program."""
    async with streams(fleet, 4) as opened:
        opened.far[1].close()
        assert opened.write(SMALL) == [1]
        await asyncio.sleep(0.01)
        assert opened.lost == [1]
        assert [opened.far[number].recv(99) for number in (0, 2, 3)] == [SMALL.chunk] * 3


async def test_a_file_that_is_none_any_more_keeps_nobody(fleet: Fleet) -> None:
    """Whoever's descriptor was closed under it is let go; the others have theirs."""
    async with streams(fleet, 4) as opened:
        opened.wires[2].descriptor = 1 << 20
        assert opened.write(SMALL) == [2]
        await asyncio.sleep(0.01)
        assert opened.lost == [2]
        assert [opened.far[number].recv(99) for number in (0, 1, 3)] == [SMALL.chunk] * 3


@pytest.mark.parametrize(
    ("kernel", "goes_on"),
    [
        (kernels.takes_half, True),
        (kernels.is_busy, True),
        (kernels.cancels, True),
        (kernels.backwards, True),
        (kernels.is_slow, True),
        (kernels.forbids, False),
    ],
)
async def test_what_the_kernel_does_not_send_goes_out_all_the_same(
    ring: Ring, kernel: Callable[[Queues, Enter], Enter], goes_on: bool
) -> None:
    """Once to everyone, with this event and the next; the ring is given up where it will never work."""
    queues = ring._queues
    assert queues is not None
    async with streams(ring, 40) as opened:
        real = queues.enter
        queues.enter = kernel(queues, real)  # type: ignore[assignment]
        assert opened.write(SMALL) == []
        queues.enter = real
        assert opened.write(SMALL) == []
        for number in range(40):
            assert await opened.arrived(number, 2 * len(SMALL.chunk)) == 2 * SMALL.chunk
            assert opened.nothing_more(number)
    assert (ring._queues is queues) == goes_on


async def test_a_kernel_that_refuses_again_and_again_is_asked_no_more(ring: Ring) -> None:
    """What it refuses costs more than without it; one batch that it takes counts all anew."""
    queues = ring._queues
    assert queues is not None
    real, asked = queues.enter, 0
    refuse = kernels.is_busy(queues, real)

    def enter(*call: Any) -> int:
        nonlocal asked
        asked += 1
        return real(*call) if asked == 3 else refuse(*call)

    queues.enter = enter  # type: ignore[assignment]
    async with streams(ring, 3) as opened:
        times = 3 + rings.REFUSED_MAX + 5
        with capture_logs() as logs:
            for _ in range(times):
                assert opened.write(SMALL) == []
        assert (asked, ring._queues) == (3 + rings.REFUSED_MAX + 1, None)
        assert [line["event"] for line in logs] == ["ring_given_up"]
        for far in opened.far:
            assert far.recv(10_000) == SMALL.chunk * times


@pytest.mark.parametrize(
    ("kernel", "cut"),
    [
        (kernels.loses_completions, range(40)),
        (kernels.mistakes_one, range(2)),
        (kernels.tells_too_much, range(1)),
        (kernels.runs_ahead, range(0)),
    ],
)
async def test_who_may_have_got_a_part_is_cut_and_the_ring_given_up(
    ring: Ring, kernel: Callable[[Queues, Enter], Enter], cut: range
) -> None:
    """They come back with their last id. Nobody gets anything twice; to the others it goes on one by one."""
    states: list[bool] = []
    ring._on_state = states.append
    queues = ring._queues
    assert queues is not None
    async with streams(ring, 40) as opened:
        queues.enter = kernel(queues, queues.enter)  # type: ignore[assignment]
        with capture_logs() as logs:
            assert opened.write(SMALL) == list(cut)
        assert [line["event"] for line in logs] == ["ring_given_up"]
        await asyncio.sleep(0.01)
        assert (sorted(opened.lost), states, ring._queues) == (list(cut), [False], None)
        for number in cut:
            assert len(await opened.arrived(number, len(SMALL.chunk) + 1)) <= len(SMALL.chunk)
        for number in set(range(40)) - set(cut):
            assert opened.far[number].recv(99) == SMALL.chunk
        del opened.wires[: len(cut)]
        assert opened.write(SMALL) == []


async def test_where_the_kernel_forbids_it_sockets_are_written_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is said once, and everything goes on."""
    monkeypatch.setattr(rings, "SETUP", 999_999)
    states: list[bool] = []
    ring = Ring(on_state=states.append)
    with capture_logs() as logs:
        ring.open()
        async with streams(ring, 3) as opened:
            assert opened.write(SMALL) == []
            assert [far.recv(99) for far in opened.far] == [SMALL.chunk] * 3
    assert ([line["event"] for line in logs], states) == (["ring_unavailable"], [False])


async def test_few_go_without_it(ring: Ring, monkeypatch: pytest.MonkeyPatch) -> None:
    """One call for a few costs more than it saves; from FEW on there is one."""
    monkeypatch.setattr(rings, "FEW", 5)
    queues = ring._queues
    assert queues is not None
    real, calls = queues.enter, []

    def enter(*call: Any) -> int:
        calls.append(call)
        return real(*call)  # type: ignore[no-any-return]

    queues.enter = enter  # type: ignore[assignment]
    async with streams(ring, 5) as opened:
        descriptors = array("i", [wire.descriptor for wire in opened.wires])
        assert ring.write(opened.wires, descriptors, 1, 5, SMALL) == []
        assert calls == []
        assert ring.write(opened.wires, descriptors, 0, 5, SMALL) == []
        assert len(calls) == 1
        assert [far.recv(99) for far in opened.far] == [SMALL.chunk] + [SMALL.chunk * 2] * 4


async def test_what_is_filled_in_does_not_go_out_after_a_fault_of_ours(ring: Ring) -> None:
    """The ring is given up with it, and nobody gets what was not finished."""
    queues = ring._queues
    assert queues is not None

    def fail(*_: Any) -> int:
        raise MemoryError

    queues.enter = fail  # type: ignore[assignment]
    async with streams(ring, 3) as opened:
        with pytest.raises(MemoryError):
            opened.write(SMALL)
        assert ring._queues is None
        assert opened.write(SMALL) == []
        assert [far.recv(99) for far in opened.far] == [SMALL.chunk] * 3


async def test_in_another_thread_it_is_given_up(ring: Ring) -> None:
    """The kernel lets only the thread that has made it use it."""
    async with streams(ring, 3) as opened:
        with ThreadPoolExecutor(1) as aside:
            assert aside.submit(opened.write, SMALL).result() == []
        for number in range(3):
            assert await opened.arrived(number, len(SMALL.chunk)) == SMALL.chunk


def test_closing_gives_every_file_back(ring: Ring) -> None:
    """The ring's own, and those of what it maps."""
    before = len(os.listdir("/proc/self/fd"))
    other = Ring()
    other.open()
    other.close()
    assert len(os.listdir("/proc/self/fd")) == before


FORK = """
import os, socket
from array import array
from quart_app.live.wires.port import Block
from quart_app.live.wires import ring as rings
from quart_app.live.wires.ring import Ring
rings.FEW = 0
ring, block = Ring(), Block(b"data: twice")
ring.open()
(near, far), (read, write) = socket.socketpair(), os.pipe()
put = lambda: ring.write([], array("i", [near.fileno()]), 0, 1, block)
child = os.fork()
if not child:
    used = ring._queues is not None
    put()
    os._exit(used)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert ring._queues is not None
put()
assert far.recv(99) == block.chunk * 2, "not what both have written"
print("well")
"""


def test_a_forked_process_leaves_its_parents_ring_alone(ring: Ring) -> None:
    """It writes one by one, and the parent goes on."""
    done = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, check=False)
    assert (done.stdout.splitlines()[-1:], done.stderr) == (["well"], "")
