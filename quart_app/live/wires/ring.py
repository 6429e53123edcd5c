"""The ring: io_uring(7), by which one call into the kernel writes to hundreds of sockets.

A large batch of sends through it costs three quarters of as many ``write`` calls, or as much, by machine; a
small one more. It is used in the plainest way there is: a batch is filled in, submitted and completed within
one call, and no send may wait (MSG_DONTWAIT), so that no bytes are lent to the kernel beyond it. What the
kernel did not send goes out as it would without a ring. Should it not say how much it has sent, those streams
are cut – they come back with their last id, and lose nothing – and the ring is given up.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import socket
import sys
import weakref
from array import array
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import cast

import structlog

from quart_app.live.wires.port import Block, Wire
from quart_app.live.wires.socket import WRITES, SocketWire

ENTRIES = 1024
"""How many sends are ready to be filled in; a batch that reaches their end takes two calls."""

AT_ONCE = 256
"""How many sends one call makes at most: it takes the kernel about a millisecond."""

FEW = 32
"""Fewer sends than these cost less by one ``write`` after another."""

REFUSED_MAX = 16
"""How many batches in a row the kernel may refuse, in whole or in part; with the next it is asked no more, as
what it refuses costs more than without a ring."""

LOOKS = 3
"""How often completions are looked for that should have been there at once."""

PASSING = frozenset({errno.EAGAIN, errno.EBUSY, errno.EINTR, errno.ENOMEM})
"""With which the kernel refuses a batch, but may take the next."""

# linux/io_uring.h
SETUP, ENTER = 425, 426  # system calls, by the same numbers on all architectures but Alpha
SUBMIT_ALL, SINGLE_ISSUER, DEFER_TASKRUN = 1 << 7, 1 << 12, 1 << 13
SINGLE_MMAP, NODROP = 1, 2  # features
GETEVENTS = 1
SEND = 26
ENTRIES_OFFSET = 0x10000000
ENTRY_BYTES, COMPLETION_BYTES = 64, 16

U32 = 1 << 32

log = structlog.stdlib.get_logger(__name__)


class Queues:
    """The two queues that are shared with the kernel, of what is to be done and what was. Each batch is
    submitted and reaped at once, so that both are empty between two.

    To be made and used in one thread. Raises OSError where the kernel does not allow it, or does not do as it
    should.
    """

    def __init__(self) -> None:
        if not sys.platform.startswith("linux"):
            raise OSError(errno.ENOSYS, "only Linux has it")
        # with the GIL held: it returns in about a millisecond, and nobody can close a file meanwhile
        library = ctypes.PyDLL(None, use_errno=True)
        setup, self.enter = library["syscall"], library["syscall"]
        setup.argtypes = (ctypes.c_long, ctypes.c_uint, ctypes.c_void_p)
        self.enter.argtypes = (ctypes.c_long, *[ctypes.c_uint] * 4, ctypes.c_void_p, ctypes.c_size_t)
        setup.restype = self.enter.restype = ctypes.c_long
        self.fault = ""
        self._refused = 0  # batches in a row
        params = (ctypes.c_uint32 * 30)(0, 0, SUBMIT_ALL | SINGLE_ISSUER | DEFER_TASKRUN)
        self._file = setup(SETUP, ENTRIES, params)
        if self._file < 0 and ctypes.get_errno() == errno.EINVAL:  # Linux before 6.1
            params = (ctypes.c_uint32 * 30)()
            self._file = setup(SETUP, ENTRIES, params)
        if self._file < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        self._maps: list[mmap.mmap] = []
        self._views: list[memoryview[int]] = []
        try:
            self._map(params)
            self._try()
        except BaseException:
            self.close()
            raise

    def _map(self, params: ctypes.Array[ctypes.c_uint32]) -> None:
        self._entries, completions, features = params[0], params[1], params[5]
        if features & (SINGLE_MMAP | NODROP) != SINGLE_MMAP | NODROP or completions < self._entries:
            raise OSError(errno.ENOSYS, "its io_uring is too old")
        self._sq_head, self._sq_tail, self._cq_head, self._cq_tail = (
            params[n] // 4 for n in (10, 11, 20, 21)
        )
        places, done = params[16], params[25]
        size = max(places + 4 * self._entries, done + COMPLETION_BYTES * completions)
        ring, words = self._share(-(-size // 8) * 8, 0, "I")
        entries, flags = self._share(ENTRY_BYTES * self._entries, ENTRIES_OFFSET, "I")
        self._words = words
        self._descriptors = self._view(entries, "i")[1::16]
        self._addresses = self._view(entries, "Q")[2::8]
        self._sizes = flags[6::16]
        self._users = self._view(ring, "Q")[done // 8 : done // 8 + 2 * completions : 2]
        self._results = self._view(ring, "i")[done // 4 + 2 : done // 4 + 4 * completions : 4]
        self._views += [self._descriptors, self._addresses, self._sizes, self._users, self._results]
        # what is the same in every batch: the kernel does not write to the entries
        for slot in range(self._entries):
            words[places // 4 + slot] = slot
            entries[slot * ENTRY_BYTES] = SEND
            flags[16 * slot + 7] = socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL
            flags[16 * slot + 8] = slot  # the user data, by which its completion is known

    def _share(self, size: int, offset: int, kind: str) -> tuple[mmap.mmap, memoryview[int]]:
        self._maps.append(mmap.mmap(self._file, size, flags=mmap.MAP_SHARED, offset=offset))
        return self._maps[-1], self._view(self._maps[-1], kind)

    def _view(self, shared: mmap.mmap, kind: str) -> memoryview[int]:
        self._views.append(memoryview(shared))
        self._views.append(self._views[-1].cast(kind))  # type: ignore[call-overload]
        return self._views[-1]

    def _try(self) -> None:
        """Send a little, and to a socket that is full, which must be answered at once as well."""
        near, far = socket.socketpair()
        with near, far:
            near.setblocking(False)
            sent = self.send(array("i", [near.fileno()]), b"ring")
            arrived = far.recv(8, socket.MSG_DONTWAIT) if not sent else b""
            with suppress(BlockingIOError):
                while near.send(bytes(65536)):
                    pass
            refused = self.send(array("i", [near.fileno()]), b"ring")
            if arrived != b"ring" or refused != {0: -errno.EAGAIN}:
                raise OSError(errno.ENOSYS, f"its io_uring does not send as it should: {sent} {refused}")

    def close(self) -> None:
        """Give everything back to the kernel."""
        for view in reversed(self._views):
            view.release()
        for shared in self._maps:
            shared.close()
        os.close(self._file)

    def send(self, descriptors: array[int], data: bytes) -> dict[int, int | None]:
        """Send the same bytes to all of them.

        Gives, by place, where not all was sent: how many bytes, or an errno below 0 where none; None where
        that is not known. Then, and where the kernel refuses for good, ``fault`` says why this must not be
        used again.
        """
        address = ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value or 0
        odd: dict[int, int | None] = {}
        start = 0
        while start < len(descriptors) and not self.fault:
            start += self._batch(descriptors, start, address, len(data), odd)
        return odd | dict.fromkeys(range(start, len(descriptors)), -errno.ECANCELED)

    def _batch(
        self, descriptors: array[int], start: int, address: int, size: int, odd: dict[int, int | None]
    ) -> int:
        """Send to some of them, from ``start`` on; gives to how many."""
        words, tail = self._words, self._words[self._sq_tail]
        first = tail % self._entries
        count = min(len(descriptors) - start, self._entries - first)
        here = slice(first, first + count)
        self._descriptors[here] = memoryview(descriptors)[start : start + count]
        self._addresses[here] = memoryview(array("Q", [address]) * count)
        self._sizes[here] = memoryview(array("I", [size]) * count)
        words[self._sq_tail] = (tail + count) % U32
        submitted = self.enter(ENTER, self._file, count, 0, GETEVENTS, None, 0)
        if submitted < 0:
            error, submitted = ctypes.get_errno(), 0
            if error not in PASSING:
                self.fault = os.strerror(error)
        self._refused = self._refused + 1 if submitted < count else 0
        if self._refused > REFUSED_MAX:
            self.fault = self.fault or "it refuses again and again"
        if submitted > count or words[self._sq_head] != (tail + submitted) % U32:
            self.fault, submitted = "it took something else than it says", count
        elif submitted < count:
            words[self._sq_tail] = (tail + submitted) % U32  # the rest must not go out with the next batch
            odd |= dict.fromkeys(range(start + submitted, start + count), -errno.ECANCELED)
        for place, sent in self._reap(first, submitted, size).items():
            odd[start + place] = sent
        return count

    def _reap(self, first: int, submitted: int, size: int) -> dict[int, int | None]:
        """Take the completions of a batch; gives the odd ones by their place in it."""
        words, head, looks = self._words, self._words[self._cq_head], LOOKS
        while (ready := (words[self._cq_tail] - head) % U32) < submitted and looks:
            self.enter(ENTER, self._file, 0, 0, GETEVENTS, None, 0)
            looks -= 1
        slot = head % len(self._results)
        whole = array("i", [size]) * submitted
        if ready == submitted and self._results[slot : slot + submitted] == memoryview(whole):
            words[self._cq_head] = (head + ready) % U32
            return {}
        found: dict[int, int | None] = {}
        for each in range(head, head + min(ready, len(self._results))):
            place = self._users[each % len(self._users)] - first
            # of what is told twice nothing is known
            found[place] = None if place in found else self._results[each % len(self._results)]
        words[self._cq_head] = (head + ready) % U32
        if ready != submitted or found.keys() != set(range(submitted)):
            self.fault = self.fault or "it does not say what it has sent"
        return {place: found.get(place) for place in range(submitted) if found.get(place) != size}


def ignore_state(well: bool) -> None:
    """Nobody wants to know."""


class Ring:
    """The fleet of sockets that writes through a ring, from ``open`` on and for as long as the kernel allows
    it; else as ``Writes`` does. ``on_state`` is told whenever that changes."""

    at_once = AT_ONCE

    def __init__(self, on_state: Callable[[bool], None] = ignore_state) -> None:
        self._on_state = on_state
        self._queues: Queues | None = None
        self._lent: list[Block] = []  # what the kernel may still be reading

    def open(self) -> None:
        """Begin to use it, in this thread; where that cannot be, say so once in the log."""
        try:
            self._queues = Queues()
        except Exception as error:  # whatever it is, the server serves all the same
            log.info("ring_unavailable", reason=str(error))
        _OPEN.add(self)
        self._on_state(self._queues is not None)

    def close(self) -> None:
        """Use it no more."""
        queues, self._queues = self._queues, None
        if queues is not None:
            queues.close()
            self._on_state(False)

    def write(
        self, wires: Sequence[Wire], descriptors: array[int], start: int, stop: int, block: Block
    ) -> list[int]:
        """As ``Fleet`` says."""
        if self._queues is None or stop - start < FEW:
            return WRITES.write(wires, descriptors, start, stop, block)
        unwell = []
        try:
            odd = self._queues.send(descriptors[start:stop], block.chunk)
        except BaseException:  # what is filled in must not go out with the next batch
            self._lent.append(block)
            self.close()
            raise
        for place, sent in odd.items():
            wire = cast(SocketWire, wires[start + place])
            if sent is None:
                wire.abort()
            if sent is None or not wire.took(block, sent):
                unwell.append(start + place)
        if self._queues.fault:
            log.warning("ring_given_up", reason=self._queues.fault)
            self._lent.append(block)
            self.close()
        return unwell


_OPEN: weakref.WeakSet[Ring] = weakref.WeakSet()


def _forget() -> None:
    """A forked process has its parent's rings, which it must not touch."""
    for ring in list(_OPEN):
        ring.close()


os.register_at_fork(after_in_child=_forget)
