"""All timelines of a worker together stay within a bound in bytes: those that nobody follows go, the longest
unused first."""

from __future__ import annotations

from collections import OrderedDict

from quart_app.timeline.timeline import Timeline


class Kept:
    """The timelines of a worker, by tournament. ``bytes_max`` bounds those that nobody follows."""

    def __init__(self, bytes_max: int, tail_max: int) -> None:
        self._bytes_max = bytes_max
        self._tail_max = tail_max
        self._timelines: OrderedDict[int, Timeline] = OrderedDict()

    def __len__(self) -> int:
        return len(self._timelines)

    def get(self, tournament_id: int) -> Timeline | None:
        """The timeline that is kept, if any."""
        return self._timelines.get(tournament_id)

    def use(self, tournament_id: int) -> Timeline:
        """The timeline, now the last used; an empty one where none is kept."""
        timeline = self._timelines.get(tournament_id)
        if timeline is None:
            timeline = self._timelines[tournament_id] = Timeline(tournament_id, self._tail_max)
        self._timelines.move_to_end(tournament_id)
        return timeline

    def drop(self, timeline: Timeline) -> None:
        """Forget a timeline of a tournament that is gone."""
        if self._timelines.get(timeline.id) is timeline:
            del self._timelines[timeline.id]

    @property
    def size(self) -> int:
        """About how many bytes all of them take."""
        return sum(timeline.size for timeline in self._timelines.values())

    def trim(self) -> None:
        """Let go of what goes beyond the bound."""
        surplus = self.size - self._bytes_max
        for timeline in list(self._timelines.values()):
            if surplus <= 0:
                return
            if timeline.follower is None:
                surplus -= timeline.size
                del self._timelines[timeline.id]
