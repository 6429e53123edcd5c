"""Kernels that do not do what the ring asks, each in a way of its own: the real one, with what goes in or
comes out changed."""

from __future__ import annotations

import ctypes
import errno
from collections.abc import Callable
from typing import Any

from quart_app.live.wires import ring as rings
from quart_app.live.wires.ring import Queues

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


def is_slow(queues: Queues, enter: Enter) -> Enter:
    """A kernel whose completions are there when they are looked for a second time."""
    told = 0

    def tell(call: int, file: int, count: int, *rest: Any) -> int:
        nonlocal told
        done = enter(call, file, count, *rest)
        if count:
            told = queues._words[queues._cq_tail]
        queues._words[queues._cq_tail] = queues._words[queues._cq_head] if count else told
        return done

    return tell


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


def tells_too_much(queues: Queues, enter: Enter) -> Enter:
    """A kernel that tells of more than it was given, and so of one send twice."""

    def tell(call: int, file: int, count: int, *rest: Any) -> int:
        done = enter(call, file, count, *rest)
        tail = queues._words[queues._cq_tail]
        queues._results[tail % len(queues._results)] = 0
        queues._users[tail % len(queues._users)] = queues._users[queues._words[queues._cq_head]]
        queues._words[queues._cq_tail] = tail + 1
        return done

    return tell


def runs_ahead(queues: Queues, enter: Enter) -> Enter:
    """A kernel that says it took less than it did."""
    return lambda *call: enter(*call) - 1
