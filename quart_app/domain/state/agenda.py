"""What there is to do now: the matches being played, those that could begin, and how much is left."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from quart_app.domain.bracket.match import Match, MatchStatus


class Agenda(msgspec.Struct, frozen=True):
    """The ids of matches in play order.

    ``open`` counts those not yet decided, ``begun`` those that are live or have a result.
    """

    live: tuple[int, ...] = ()
    ready: tuple[int, ...] = ()
    open: int = 0
    begun: int = 0

    def moved(self, before: Mapping[int, Match], moved: Mapping[int, Match]) -> Agenda:
        """The agenda once the ``moved`` matches stand where those ``before`` stood; itself where nothing of
        it did."""
        turned: dict[int, tuple[MatchStatus | None, MatchStatus]] = {}  # from one status to another
        still_open, begun = self.open, self.begun
        for match_id, now in moved.items():
            was = before.get(match_id)
            then, status = was.status if was is not None else None, now.status
            if then is not status:
                turned[match_id] = then, status
                still_open += (not now.decided) - (was is not None and not was.decided)
            begun += now.begun - (was is not None and was.begun)
        if not turned and begun == self.begun:
            return self
        live = _turned(self.live, turned, MatchStatus.LIVE)
        ready = _turned(self.ready, turned, MatchStatus.READY)
        agenda = Agenda(live, ready, still_open, begun)
        return self if agenda == self else agenda


NOTHING = Agenda()
"""Before there is a bracket."""


def _turned(
    ids: tuple[int, ...],
    turned: Mapping[int, tuple[MatchStatus | None, MatchStatus]],
    status: MatchStatus,
) -> tuple[int, ...]:
    """The ids of this status; the very tuple of before where they are the same."""
    come = [match_id for match_id, (_, now) in turned.items() if now is status]
    gone = [match_id for match_id, (then, _) in turned.items() if then is status]
    return tuple(sorted({*ids, *come}.difference(gone))) if come or gone else ids
