"""The timelines that nobody follows stay within a bound in bytes: the longest unused go first. What somebody
follows is kept, however much it takes."""

from __future__ import annotations

from collections import OrderedDict

from quart_app.timeline.timeline import Timeline


class Kept:
    """The timelines of a worker, by tournament. ``bytes_max`` bounds those that nobody follows; ``size`` is
    about how many bytes all of them took when they were last counted."""

    def __init__(self, bytes_max: int, tail_max: int) -> None:
        self._bytes_max = bytes_max
        self._tail_max = tail_max
        self._timelines: OrderedDict[int, Timeline] = OrderedDict()
        self._sizes: dict[int, int] = {}
        self.size = 0

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
            self.count(timeline)  # also where it stays empty, as its log cannot be read
        self._timelines.move_to_end(tournament_id)
        return timeline

    def count(self, timeline: Timeline) -> None:
        """Take note of how large a timeline has become."""
        if self._timelines.get(timeline.id) is timeline:
            size = timeline.size
            self.size += size - self._sizes.get(timeline.id, 0)
            self._sizes[timeline.id] = size

    def drop(self, timeline: Timeline) -> None:
        """Forget a timeline."""
        if self._timelines.get(timeline.id) is timeline:
            del self._timelines[timeline.id]
            self.size -= self._sizes.pop(timeline.id, 0)

    def trim(self) -> None:
        """Let go of what goes beyond the bound."""
        if self.size <= self._bytes_max:
            return
        unwatched = [timeline for timeline in self._timelines.values() if timeline.follower is None]
        surplus = sum(self._sizes[timeline.id] for timeline in unwatched) - self._bytes_max
        for timeline in unwatched:
            if surplus <= 0:
                return
            surplus -= self._sizes[timeline.id]
            self.drop(timeline)
