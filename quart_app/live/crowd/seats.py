"""The seats: how many streams an address, a member of staff, a tournament and the worker have open.

Each worker counts its own. Those of a tournament, and of whoever comes near a limit, are added up over all
workers about once a second (see ``presence``), so a limit holds for all of them together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from quart_app.errors import TooManyRequests, Unavailable
from quart_app.live.streams.subscriber import Join
from quart_app.settings import Settings

RETRY_SECONDS = 5

SHARED_FROM = 1 / 20
"""From which part of its limit on a count is shared: few addresses, and few members of staff, get there."""


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

    def require_free(self, join: Join) -> None:
        """Raises TooManyRequests when one of its seats is over a limit, Unavailable in a full worker."""
        if self._taken_here >= self._most_here:
            raise Unavailable("This server is full; please try again in a moment.", RETRY_SECONDS)
        for seat in _seats(join):
            if self._taken[seat] + self._elsewhere.get(seat, 0) >= self._limit(seat):
                kind = seat.partition(":")[0]
                raise TooManyRequests(f"Too many open feeds for one {kind}; close some first.", RETRY_SECONDS)

    def take(self, join: Join) -> None:
        """A stream has been opened."""
        self._taken_here += 1
        self._taken.update(_seats(join))

    def give_back(self, join: Join) -> None:
        """A stream has ended."""
        self._taken_here -= 1
        for seat in _seats(join):
            self._taken[seat] -= 1
            if not self._taken[seat]:
                del self._taken[seat]

    def shared(self) -> dict[str, int]:
        """What is taken here by those who are anywhere near a limit, tournaments aside."""
        return {
            seat: taken
            for seat, taken in self._taken.items()
            if taken >= self._limit(seat) * SHARED_FROM and not seat.startswith("tournament:")
        }

    def learn(self, elsewhere: Mapping[str, int]) -> None:
        """What is taken at the other workers, by seat, as of now."""
        self._elsewhere = elsewhere

    def _limit(self, seat: str) -> int:
        return self._most[seat.partition(":")[0]]


def tournament_seat(tournament_id: int) -> str:
    """The name of a tournament's seats."""
    return f"tournament:{tournament_id}"


def _seats(join: Join) -> list[str]:
    seats = [f"address:{join.address}", tournament_seat(join.tournament_id)]
    if join.grant.staff_id is not None:
        seats.append(f"staff:{join.grant.staff_id}")
    return seats
