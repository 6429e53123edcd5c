"""The seats: how many streams an address, a member of staff, a tournament and the worker have open."""

from __future__ import annotations

from collections import Counter

from quart_app.errors import TooManyRequests, Unavailable
from quart_app.live.subscriber import Join
from quart_app.settings import Settings

RETRY_SECONDS = 5


class Seats:
    """The taken seats of one worker, and the limits on them."""

    def __init__(self, settings: Settings) -> None:
        self._most = {
            "address": settings.limit_streams_per_address,
            "staff": settings.limit_streams_per_subject,
            "tournament": settings.limit_streams_per_tournament,
        }
        self._most_here = settings.limit_streams_per_worker
        self._taken: Counter[tuple[str, str | int]] = Counter()
        self._taken_here = 0

    def require_free(self, join: Join) -> None:
        """Raises TooManyRequests when one of its seats is over a limit, Unavailable in a full worker."""
        if self._taken_here >= self._most_here:
            raise Unavailable("This server is full; please try again in a moment.", RETRY_SECONDS)
        for seat in _seats(join):
            if self._taken[seat] >= self._most[seat[0]]:
                raise TooManyRequests(
                    f"Too many open feeds for one {seat[0]}; close some first.", RETRY_SECONDS
                )

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


def _seats(join: Join) -> list[tuple[str, str | int]]:
    seats: list[tuple[str, str | int]] = [("address", join.address), ("tournament", join.tournament_id)]
    if join.grant.staff_id is not None:
        seats.append(("staff", join.grant.staff_id))
    return seats
