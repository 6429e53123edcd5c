"""Whether there can be a ring here at all."""

from __future__ import annotations

from quart_app.live.wires.ring import Queues


def ring_allowed() -> bool:
    """Whether the kernel lets us use io_uring."""
    try:
        Queues().close()
    except OSError:
        return False
    return True
