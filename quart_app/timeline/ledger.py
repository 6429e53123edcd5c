"""The ledger: every timeline of this worker, brought up to its log whenever somebody asks.

What is kept is never trusted further than the log: every load reads where the log stands, and takes in what
has come since. A log may also have gone back, because a replica that lacked the last commits was promoted or
a backup of the database was put in its place; then its positions mean something else now, so it gets a new
epoch.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import structlog

from quart_app.domain.events import DamagedEvent, Envelope, UnknownEvent
from quart_app.errors import NotFound
from quart_app.store import event_log, tournaments
from quart_app.store.database.engine import Connection, Database
from quart_app.store.tournaments import TournamentRow
from quart_app.timeline.bound import Kept
from quart_app.timeline.timeline import Gap, Timeline
from quart_app.timeline.vantage import Vantage

TAIL_EVENTS_MAX = 10_000
MEBIBYTES_MAX = 64
"""How much is kept of tournaments that nobody here watches."""

log = structlog.stdlib.get_logger(__name__)


UNKNOWN = "There is no such tournament."


class Diverged(Exception):
    """The log is not the one that is known here, though it bears the same epoch."""


def new_epoch() -> str:
    """A random name for one incarnation of a log: an id of another one can never be mistaken for ours."""
    return secrets.token_hex(4)


class Ledger:
    """The timelines of one worker.

    ``unreadable`` are the tournaments whose logs cannot be read here, and why: a newer program has written
    them, or they are damaged.
    """

    def __init__(
        self, database: Database, *, tail_max: int = TAIL_EVENTS_MAX, mebibytes_max: int = MEBIBYTES_MAX
    ) -> None:
        self._database = database
        self.kept = Kept(mebibytes_max * 2**20, tail_max)
        self.unreadable: dict[int, type[UnknownEvent]] = {}

    async def load(self, tournament_id: int) -> Vantage:
        """The tournament at the head of its log.

        Raises NotFound, also for one that was deleted, Unavailable, UnknownEvent where a newer program has
        written it, and DamagedEvent.
        """
        vantage = (await self.timeline(tournament_id)).vantage()
        if vantage.tournament.deleted:
            raise NotFound(UNKNOWN)
        return vantage

    async def timeline(self, tournament_id: int) -> Timeline:
        """The tournament's timeline, brought to the head of its log. Raises what ``load`` raises."""
        while True:
            try:
                async with self._database.reading() as connection:
                    return await self._catch_up(connection, tournament_id)
            except Diverged:
                await self._renew(tournament_id)

    async def load_on(self, connection: Connection, tournament_id: int) -> Vantage:
        """The same within the caller's transaction. Raises Diverged too: ``load`` it, and begin again."""
        return (await self._catch_up(connection, tournament_id)).vantage()

    def take_in(self, envelopes: Sequence[Envelope]) -> None:
        """Take in what is committed. Raises Gap where it does not follow on what is known: then ``load``."""
        timeline = self.kept.get(envelopes[0].tournament_id) if envelopes else None
        if timeline is not None:
            timeline.extend(envelopes)
            self.kept.count(timeline)

    def before(self, envelopes: Sequence[Envelope]) -> Sequence[Envelope]:
        """The event before these, which are committed; nothing where it is not kept."""
        timeline = self.kept.get(envelopes[0].tournament_id) if envelopes else None
        if timeline is None or timeline.epoch != envelopes[0].epoch or envelopes[0].seq > timeline.head + 1:
            return ()
        return timeline.kept([envelopes[0].seq - 1]) or ()

    async def story(self, shown: Vantage, match_id: int, until: int) -> tuple[Envelope, ...]:
        """The events about a match up to a seq of what is shown, in order; read from the log where they are
        not kept."""
        tournament_id = shown.tournament.id
        timeline = self.kept.get(tournament_id)
        # another one by now, maybe, which somebody else is just reading: that has no stories yet
        if timeline is None or timeline.epoch != shown.epoch or timeline.head < until:
            timeline = await self.timeline(tournament_id)
        seqs = timeline.story(match_id, until)
        kept = timeline.kept(seqs)
        if kept is not None:
            return tuple(kept)
        async with self._database.reading() as connection:
            return await event_log.select_events_at(connection, tournament_id, seqs)

    async def _catch_up(self, connection: Connection, tournament_id: int) -> Timeline:
        timeline = self.kept.use(tournament_id)
        # one at a time, so that an older reading cannot come in after a newer one; whoever waits for the lock
        # has its connection already, so nobody waits in a circle
        async with timeline.lock:
            known = timeline.head
            row = await tournaments.select_tournament(connection, tournament_id)
            if row is None:
                self._forget(timeline)
                raise NotFound(UNKNOWN)
            try:
                if row.epoch != timeline.epoch:
                    timeline.begin(row.epoch, await event_log.select_events(connection, tournament_id))
                elif row.head_seq < known:
                    raise Diverged("The log has lost its last events.")
                elif row.head_seq > known or timeline.doubted or not _agree(timeline, row):
                    await self._read_on(connection, timeline, known, certain=row.head_seq > known)
            except UnknownEvent as error:
                damaged = isinstance(error, DamagedEvent)
                if damaged and self.unreadable.get(tournament_id) is not DamagedEvent:
                    log.error("log_damaged", tournament_id=tournament_id, reason=error.cause)
                self.unreadable[tournament_id] = type(error)  # not itself: it holds all that was under way
                raise
            self.unreadable.pop(tournament_id, None)
        self.kept.count(timeline)
        self.kept.trim()
        return timeline

    async def _read_on(
        self, connection: Connection, timeline: Timeline, known: int, *, certain: bool
    ) -> None:
        """Take in what follows. The last event that is known is read again, and in doubt every one that is
        kept: they must be the same."""
        certain = certain and not timeline.doubted
        again = max(timeline.oldest, known - 1) if certain else timeline.oldest
        envelopes = await event_log.select_events(connection, timeline.id, after=again)
        try:
            timeline.extend(envelopes)
        except Gap:
            raise Diverged("The log has other events than those that are known.") from None
        timeline.doubted = False

    async def _renew(self, tournament_id: int) -> None:
        """Give a log that is another one an epoch of its own; who comes second finds it has one."""
        timeline = self.kept.use(tournament_id)
        async with self._database.writing() as connection:
            renewed = await tournaments.update_epoch(
                connection, tournament_id, epoch=timeline.epoch, new_epoch=new_epoch()
            )
        if renewed:
            log.error("log_diverged", tournament_id=tournament_id, known_seq=timeline.head)

    def _forget(self, timeline: Timeline) -> None:
        if timeline.follower is None:
            self.kept.drop(timeline)


def _agree(timeline: Timeline, row: TournamentRow) -> bool:
    """Whether a log that is as long as what is known of it was last written to when the last known event
    was."""
    last = timeline.last
    return last is None or row.head_seq != timeline.head or last.at == row.updated_at
