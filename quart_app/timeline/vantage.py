"""A vantage: what a reader sees of a timeline, the state at its head."""

from __future__ import annotations

from dataclasses import dataclass

from quart_app.domain.state.tournament import Tournament


@dataclass(frozen=True, slots=True)
class Vantage:
    """A state of a log and the log's incarnation."""

    epoch: str
    tournament: Tournament

    @property
    def position(self) -> str:
        """The id of the last event in it, where a feed is to be joined."""
        return f"{self.epoch}-{self.tournament.seq}"
