"""Tournaments as their logs tell them: folded once per worker, then only caught up.

The cache is never trusted further than the log: every load reads the head, and folds what has come since.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import reduce

from quart_app.domain.tournament import Tournament
from quart_app.errors import NotFound
from quart_app.store import event_log, tournaments
from quart_app.store.database.engine import Connection, Database
from quart_app.store.tournaments import TournamentRow

TOURNAMENTS_KEPT = 256


@dataclass(frozen=True, slots=True)
class Loaded:
    """A tournament with its row, both at the same point of the log or the tournament a little later."""

    row: TournamentRow
    tournament: Tournament

    @property
    def position(self) -> str:
        """The id of the last event folded, where a feed is to be joined."""
        return f"{self.row.epoch}-{self.tournament.seq}"


class Ledger:
    """The folded tournaments of one worker, the most recently used kept."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._folded: OrderedDict[int, tuple[str, Tournament]] = OrderedDict()

    async def load(self, tournament_id: int) -> Loaded:
        """The tournament at the head of its log. Raises NotFound."""
        async with self._database.reading() as connection:
            return await self.load_on(connection, tournament_id)

    async def load_on(self, connection: Connection, tournament_id: int) -> Loaded:
        """The same within the caller's transaction, which sees what it has itself written."""
        row = await tournaments.select_tournament(connection, tournament_id)
        if row is None:
            raise NotFound("There is no such tournament.")
        epoch, tournament = self._folded.get(tournament_id, (row.epoch, Tournament(tournament_id)))
        if epoch != row.epoch or tournament.seq > row.head_seq:
            tournament = Tournament(tournament_id)
        if tournament.seq < row.head_seq:
            newer = await event_log.select_events(connection, tournament_id, after=tournament.seq)
            tournament = reduce(Tournament.apply, (envelope.event for envelope in newer), tournament)
        self.keep(row.epoch, tournament)
        return Loaded(row, tournament)

    def keep(self, epoch: str, tournament: Tournament) -> None:
        """Remember a state that is committed."""
        self._folded[tournament.id] = (epoch, tournament)
        self._folded.move_to_end(tournament.id)
        while len(self._folded) > TOURNAMENTS_KEPT:
            self._folded.popitem(last=False)
