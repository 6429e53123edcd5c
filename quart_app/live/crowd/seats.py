"""The seats: how many streams an address, a member of staff, a tournament and the worker have open.

Each worker counts its own. Those of a tournament, and of whoever comes near a limit, are added up over all
workers about once a second (see ``presence``), so a limit holds for all of them together. A seat is taken
when it is asked for, so that of two hundred who ask in the same moment no more come in than there are seats.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

from quart_app.errors import TooManyRequests, Unavailable
from quart_app.settings import Settings

RETRY_SECONDS = 5

SHARED_FROM = 1 / 20
"""From which part of its limit on a count is shared: few addresses, and few members of staff, get there."""


class Seat:
    """A taken seat, until it is given back; one that is dropped, because its stream never began, is as
    well."""

    __slots__ = ("_names", "_seats")

    def __init__(self, seats: Seats, names: tuple[str, ...]) -> None:
        self._seats: Seats | None = seats
        self._names = names

    def give_back(self) -> None:
        """The stream has ended, or will not begin. Only the first time counts."""
        seats, self._seats = self._seats, None
        if seats is not None:
            seats.free(self._names)

    def __del__(self) -> None:
        self.give_back()


class Seats:
    """The taken seats, and the limits on them."""

    def __init__(self, settings: Settings) -> None:
        self._most = {
            "address": settings.limit_streams_per_address,
            "staff": settings.limit_streams_per_subject,
            "tournament": settings.limit_streams_per_tournament,
        }
        self._most_here = settings.limit_streams_per_worker
        self._taken: Counter[str] = Counter()
        self._taken_here = 0
        self._elsewhere: Mapping[str, int] = {}

    @property
    def taken(self) -> int:
        """How many are taken here."""
        return self._taken_here

    def take(self, tournament_id: int, address: str, staff_id: int | None) -> Seat:
        """Take a seat for a stream that is about to begin.

        Raises TooManyRequests when one of its kinds is over a limit, Unavailable in a full worker.
        """
        if self._taken_here >= self._most_here:
            raise Unavailable("This server is full; please try again in a moment.", RETRY_SECONDS)
        names = _names(tournament_id, address, staff_id)
        for name in names:
            if self._taken[name] + self._elsewhere.get(name, 0) >= self._limit(name):
                kind = name.partition(":")[0]
                raise TooManyRequests(f"Too many open feeds for one {kind}; close some first.", RETRY_SECONDS)
        self._taken_here += 1
        self._taken.update(names)
        return Seat(self, names)

    def free(self, names: tuple[str, ...]) -> None:
        """Count a seat of these kinds as free again: ``Seat.give_back`` calls it."""
        self._taken_here -= 1
        for name in names:
            self._taken[name] -= 1
            if not self._taken[name]:
                del self._taken[name]

    def shared(self) -> dict[str, int]:
        """What is taken here by those who are anywhere near a limit, tournaments aside."""
        return {
            name: taken
            for name, taken in self._taken.items()
            if not name.startswith("tournament:") and taken >= self._limit(name) * SHARED_FROM
        }

    def learn(self, elsewhere: Mapping[str, int]) -> None:
        """What is taken at the other workers, by kind, as of now."""
        self._elsewhere = elsewhere

    def _limit(self, name: str) -> int:
        return self._most[name.partition(":")[0]]


def tournament_seat(tournament_id: int) -> str:
    """The name of a tournament's seats."""
    return f"tournament:{tournament_id}"


@lru_cache(maxsize=4096)  # not for its speed: many come from one address, and each keeps its names
def _names(tournament_id: int, address: str, staff_id: int | None) -> tuple[str, ...]:
    names = f"address:{address}", tournament_seat(tournament_id)
    return names if staff_id is None else (*names, f"staff:{staff_id}")
