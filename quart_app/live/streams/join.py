"""What begins a stream, and what ends it: what a client asked for, by whose leave, and the last word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from quart_app.domain.state.tournament import Tournament
from quart_app.live.streams import frames
from quart_app.live.streams.position import Position
from quart_app.live.streams.views import View
from quart_app.live.wires.socket import nobody


class Ticket(Protocol):
    """What lets somebody watch: until when, and whose it is (None for a spectator)."""

    @property
    def expires_at(self) -> datetime:
        """When the grant ends, aware."""
        ...

    @property
    def role(self) -> str:
        """In what role they watch."""
        ...

    @property
    def staff_id(self) -> int | None:
        """The member of staff whose grant it is."""
        ...


class End(Enum):
    """Why a stream ended: the goodbye's code, reason, and whether the client may come back."""

    TOKEN_EXPIRED = (4001, "token_expired", True)
    REVOKED = (4003, "revoked", False)
    DRAINING = (1012, "draining", True)
    UNREADABLE = (1012, "newer_version", True)
    DAMAGED = (1012, "damaged_log", True)
    LAGGED = (0, "lagged", True)
    FAULT = (0, "fault", True)
    CLIENT = (0, "client", True)

    @property
    def reason(self) -> str:
        """The word for logs, metrics and the goodbye."""
        return self.value[1]

    def goodbye(self, retry_ms: int | None = None) -> bytes:
        """The last frame, for those that get one."""
        code, reason, reconnect = self.value
        data = {"code": code, "reason": reason, "reconnect": reconnect}
        return frames.notice("goodbye", data, retry_ms=retry_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """What a client asked for when it connected. ``asked`` is None for somebody who joins afresh.

    ``beats`` says that it wants heartbeats as events. ``also`` gives the frames that it is told besides, once
    it is welcome. ``on_end`` is called when the stream has ended; a join that is dropped lets go of it.
    """

    tournament_id: int
    view: View
    grant: Ticket
    asked: Position | None = None
    conflate: bool = True
    beats: bool = False
    also: Callable[[Tournament], bytes] | None = None
    on_end: Callable[[], None] = nobody
