"""What there is to do now: the matches being played, those that could begin, and how much is left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from quart_app.domain.bracket.match import Match, MatchStatus


@dataclass(frozen=True, slots=True)
class Agenda:
    """The ids of matches in play order.

    ``open`` counts those not yet decided, ``begun`` those that are live or have a result.
    """

    live: tuple[int, ...] = ()
    ready: tuple[int, ...] = ()
    open: int = 0
    begun: int = 0

    def moved(
        self, before: Mapping[int, Match], after: Mapping[int, Match], touched: Iterable[int]
    ) -> Agenda:
        """The agenda once the ``touched`` matches have changed; itself where nothing of it did."""
        live, ready, still_open, begun = set(self.live), set(self.ready), self.open, self.begun
        for match_id in touched:
            was, now = before.get(match_id), after[match_id]
            for ids, status in ((live, MatchStatus.LIVE), (ready, MatchStatus.READY)):
                (ids.add if now.status is status else ids.discard)(match_id)
            still_open += (not now.decided) - (was is not None and not was.decided)
            begun += now.begun - (was is not None and was.begun)
        moved = Agenda(_kept(self.live, live), _kept(self.ready, ready), still_open, begun)
        return self if moved == self else moved


NOTHING = Agenda()
"""Before there is a bracket."""


def _kept(before: tuple[int, ...], now: set[int]) -> tuple[int, ...]:
    """The ids in play order, as the very tuple of before where they are the same."""
    return before if len(before) == len(now) and now.issuperset(before) else tuple(sorted(now))
