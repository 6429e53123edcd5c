"""The ring, and the writing one by one that it stands for: the same to all, whatever the kernel says."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import errno
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


Enter = Callable[..., int]


def takes_half(queues: Queues, enter: Enter) -> Enter:
    """A kernel that takes only half of a batch."""
    return lambda call, file, count, *rest: enter(call, file, count // 2, *rest)


def is_busy(queues: Queues, enter: Enter) -> Enter:
    """A kernel that takes nothing for now."""

    def refuse(*_: Any) -> int:
        ctypes.set_errno(errno.EBUSY)
        return -1

    return refuse


def forbids(queues: Queues, enter: Enter) -> Enter:
    """A kernel that has changed its mind."""

    def refuse(*_: Any) -> int:
        ctypes.set_errno(errno.EPERM)
        return -1

    return refuse


def cancels(queues: Queues, enter: Enter) -> Enter:
    """A kernel that takes everything and does nothing."""

    def cancel(call: int, file: int, count: int, *rest: Any) -> int:
        entries = queues._maps[1]
        for slot in range(queues._entries):
            entries[slot * rings.ENTRY_BYTES] = 0  # IORING_OP_NOP
        done = enter(call, file, count, *rest)
        for slot in range(queues._entries):
            entries[slot * rings.ENTRY_BYTES] = rings.SEND
        for slot in range(count):
            head = queues._words[queues._cq_head]
            queues._results[(head + slot) % len(queues._results)] = -errno.ECANCELED
        return done

    return cancel


def backwards(queues: Queues, enter: Enter) -> Enter:
    """A kernel that completes everything in the opposite order, the first of them in part."""

    def turn(call: int, file: int, count: int, *rest: Any) -> int:
        done = enter(call, file, count, *rest)
        slots = [(queues._words[queues._cq_head] + number) % len(queues._results) for number in range(count)]
        told = [(queues._users[slot], queues._results[slot]) for slot in slots]
        for slot, (user, result) in zip(slots, reversed(told), strict=True):
            queues._users[slot], queues._results[slot] = user, result
        return done

    return turn


@pytest.mark.parametrize(
    ("kernel", "goes_on"),
    [(takes_half, True), (is_busy, True), (cancels, True), (backwards, True), (forbids, False)],
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


def loses_completions(queues: Queues, enter: Enter) -> Enter:
    """A kernel that sends, and does not say so."""

    def lose(call: int, file: int, count: int, *rest: Any) -> int:
        done = enter(call, file, count, *rest)
        queues._words[queues._cq_tail] = queues._words[queues._cq_head]
        return done

    return lose


def mistakes_one(queues: Queues, enter: Enter) -> Enter:
    """A kernel that tells of the same send twice, and of another never."""

    def mistake(call: int, file: int, count: int, *rest: Any) -> int:
        done = enter(call, file, count, *rest)
        slot = queues._words[queues._cq_head] % len(queues._results)
        queues._results[slot] = 3
        queues._users[slot] = queues._users[(slot + 1) % len(queues._users)]
        return done

    return mistake


def runs_ahead(queues: Queues, enter: Enter) -> Enter:
    """A kernel that says it took less than it did."""
    return lambda *call: enter(*call) - 1


@pytest.mark.parametrize(
    ("kernel", "cut"), [(loses_completions, range(40)), (mistakes_one, range(1)), (runs_ahead, range(0))]
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
