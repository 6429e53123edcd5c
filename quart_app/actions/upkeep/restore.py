"""Restore: what ``backup`` wrote, put back into either database, if it is whole and right.

Nothing is believed: every row is read by its shape, its times are times, every event stands on one line,
every log is folded, what its row says of a tournament must be what its log says, and the tournament must be
one that can be shown. Only the epoch is not looked at, as nobody is to see it again: a restored log
may lack events that a client has already seen, so every tournament begins under a new epoch. An id of before
the restore is then unknown, and its holder gets the whole state.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec

from quart_app.actions.services import Services
from quart_app.actions.upkeep.backup import END, VERSION, BackupBatch, BackupHead
from quart_app.actions.writing.perform import summary_of
from quart_app.auth.passwords import is_hash
from quart_app.domain.commands import SEEDINGS, VISIBILITIES
from quart_app.domain.events import Event, UnknownEvent, decode_event
from quart_app.domain.fold import apply
from quart_app.domain.rules import utc_time
from quart_app.domain.state.tournament import Tournament
from quart_app.errors import Conflict, InvalidInput, MalformedRequest
from quart_app.store import archive
from quart_app.store.staff import ROLES, name_key
from quart_app.store.tournaments import Summary
from quart_app.timeline.ledger import new_epoch

Number = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]

Name = Annotated[str, msgspec.Meta(pattern=r"^[^\x00]*\Z")]
"""Without a NUL, which PostgreSQL cannot hold."""


class StaffRecord(msgspec.Struct, forbid_unknown_fields=True):
    """A row of the accounts."""

    id: Number
    name: Name
    name_key: str
    password_hash: str
    role: str
    active: bool
    created_at: str

    def __str__(self) -> str:
        return f"account {self.id}"


class TournamentRecord(msgspec.Struct, forbid_unknown_fields=True):
    """A row of the tournaments."""

    id: Number
    epoch: str
    head_seq: Annotated[int, msgspec.Meta(ge=0)]
    name: Name
    status: str
    visibility: str
    created_at: str
    updated_at: str

    def __str__(self) -> str:
        return f"tournament {self.id}"


class EventRecord(msgspec.Struct, forbid_unknown_fields=True):
    """A row of the log."""

    tournament_id: Number
    seq: Number
    type: str
    version: Number
    data: str
    at: str
    actor_id: Number | None

    def __str__(self) -> str:
        return f"event {self.seq} of tournament {self.tournament_id}"


Show = Callable[[Tournament], object]
"""Shows a tournament, which is no business of ours, and raises whatever is in the way."""

Record = StaffRecord | TournamentRecord | EventRecord

SHAPES: dict[str, type[Record]] = {
    "staff": StaffRecord,
    "tournaments": TournamentRecord,
    "events": EventRecord,
}


class Wrong(Exception):
    """What is wrong with a backup, in a sentence."""


class Inspection:
    """Looks at every row as it comes, in the order of a backup: accounts, tournaments, then log after log.

    Holds one folded tournament at a time. Raises Wrong.
    """

    def __init__(self, show: Show) -> None:
        self._show = show
        self._staff: set[int | str] = set()
        self._tournaments: dict[int, TournamentRecord] = {}
        self._folded = Tournament(0)
        self._last_at = ""
        self._done: set[int] = set()

    def look(self, record: Record) -> None:
        """Look at one row."""
        for name, text in _times(record):
            if _moment(text) != text:  # lists and feeds compare them as texts
                raise Wrong(f"{record} has {text!r} for its {name}, which is no time as the log has it")
        if isinstance(record, StaffRecord):
            self._look_at_staff(record)
        elif isinstance(record, TournamentRecord):
            self._look_at_tournament(record)
        else:
            self._look_at_event(record)

    def end(self) -> None:
        """Every row has been looked at."""
        self._close()
        for record in self._tournaments.values():
            if record.id not in self._done:  # a tournament is opened in one transaction with its first event
                raise Wrong(f"the log of {record} is missing")

    def _look_at_staff(self, record: StaffRecord) -> None:
        if record.role not in ROLES:
            raise Wrong(f"{record} has the role {record.role!r}, which there is not")
        if not is_hash(record.password_hash):
            raise Wrong(f"{record} has a hash that no password can have")
        if record.name_key != name_key(record.name):
            raise Wrong(f"{record} would be found under another name than its own")
        for each in (record.id, record.name_key):
            if each in self._staff:
                raise Wrong(f"{record} ({record.name}) is there twice")
            self._staff.add(each)

    def _look_at_tournament(self, record: TournamentRecord) -> None:
        if record.id in self._tournaments:
            raise Wrong(f"{record} is there twice")
        self._tournaments[record.id] = record

    def _look_at_event(self, record: EventRecord) -> None:
        if record.tournament_id != self._folded.id:
            self._close()
            if record.tournament_id not in self._tournaments:
                raise Wrong(
                    f"there is an event of tournament {record.tournament_id}, but not that tournament"
                )
            if record.tournament_id in self._done:
                raise Wrong(f"the log of tournament {record.tournament_id} is torn apart")
            self._folded = Tournament(record.tournament_id)
        if record.seq != self._folded.seq + 1:
            raise Wrong(f"{record} follows event {self._folded.seq}")
        event = _read(record)
        try:
            self._folded = apply(self._folded, event)
        except UnknownEvent as error:
            raise Wrong(f"{record} cannot be read: {error}") from None
        except Exception:
            raise Wrong(f"{record} does not fit what was before it") from None
        self._last_at = record.at
        state = self._folded
        for word, known in ((state.visibility, VISIBILITIES), (state.seeding, SEEDINGS)):
            if word not in known:
                raise Wrong(f"{record} says {word!r}, where one of these belongs: {', '.join(known)}")

    def _close(self) -> None:
        """The log that was folded last is through: it must be what its tournament's row says."""
        if not self._folded.id:
            return
        self._done.add(self._folded.id)
        record = self._tournaments[self._folded.id]
        if record.head_seq != self._folded.seq:
            raise Wrong(
                f"the log of {record} ends at event {self._folded.seq}, its row says at {record.head_seq}"
            )
        if record.updated_at != self._last_at:
            raise Wrong(
                f"the log of {record} was written to last at {self._last_at}, "
                f"its row says at {record.updated_at}"
            )
        if summary_of(self._folded) != Summary(record.name, record.status, record.visibility):
            raise Wrong(f"the log of {record} tells another name, status or visibility than its row")
        placed = {match_id for each in self._folded.rounds for match_id in each.match_ids}
        for match_id in self._folded.matches:
            if match_id not in placed:
                raise Wrong(f"match {match_id} of {record} is in no round of its stage")
        try:
            self._show(self._folded)
        except Exception as error:
            raise Wrong(f"{record} could not be shown: {error!r}") from None


def _read(record: EventRecord) -> Event:
    """The event, which is written as this program writes it. Raises Wrong."""
    try:
        event = decode_event(record.type, record.version, record.data)
    except UnknownEvent as error:
        raise Wrong(f"{record} cannot be read: {error}") from None
    if "\n" in record.data or "\r" in record.data:
        raise Wrong(f"{record} is not on one line, as a feed sends it")
    for name, text in _times(event):
        if _moment(text) is None:
            raise Wrong(f"{record} has {text!r} for its {name}, which is no time")
    return event


def _times(told: Record | Event) -> Iterator[tuple[str, str]]:
    """The times in a row, or in an event's data, by name."""
    for name, value in msgspec.structs.asdict(told).items():
        if value is not None and (name in ("at", "until", "scheduled_time") or name.endswith("_at")):
            yield name, value


def _moment(text: str) -> str | None:
    """A time as this program writes it; None for what is no time."""
    try:
        return utc_time("", text)
    except InvalidInput:
        return None


async def restore(services: Services, file: Path, show: Show, *, replace: bool) -> int:
    """Put back what ``backup`` wrote, in one transaction; gives the number of rows.

    With ``replace`` what is there is deleted first. Raises Conflict where something is there without it, and
    MalformedRequest, which says where and what is wrong, for a file that is no whole and right backup; then
    nothing has changed. Running workers notice the new epochs by themselves and bring everyone who watches to
    the restored state.
    """
    rows, inspection = 0, Inspection(show)
    try:
        with gzip.open(file, "rb") as lines:
            head = msgspec.json.decode(lines.readline(), type=BackupHead)
            if head.grandstand_backup != VERSION:
                raise MalformedRequest(f"{file} was written by another version of this program.")
            async with services.database.writing() as connection:
                if replace:
                    await archive.delete_archive(connection)
                elif not await archive.select_is_empty(connection):
                    raise Conflict("The database is not empty; say --replace to delete what is there.")
                for table, records in _batches(lines):
                    for record in records:
                        inspection.look(record)
                        if isinstance(record, TournamentRecord):
                            record.epoch = new_epoch()
                    values = [msgspec.structs.asdict(record) for record in records]
                    await archive.insert_archive(connection, table, values)
                    rows += len(values)
                inspection.end()
                await archive.update_numbering(connection)
    except Wrong as error:
        raise MalformedRequest(f"{file} is no right backup: {error}. Nothing was restored.") from None
    except (OSError, EOFError, zlib.error, msgspec.DecodeError) as error:
        raise MalformedRequest(f"{file} cannot be read as a backup of this program: {error}.") from error
    return rows


def _batches(lines: gzip.GzipFile) -> Iterator[tuple[str, list[Record]]]:
    """Each batch of rows, read by the shape of its table. Raises Wrong, also where the end is not the end."""
    whole = False
    for number, line in enumerate(lines, start=2):
        batch = msgspec.json.decode(line, type=BackupBatch)
        if whole:
            raise Wrong(f"line {number} stands behind its end")
        if batch.table == END:
            whole = True
            continue
        if batch.table not in SHAPES:
            raise Wrong(f"line {number} has rows of {batch.table!r}, which is no table of a backup")
        try:
            yield batch.table, _records(batch)
        except msgspec.ValidationError as error:
            raise Wrong(f"line {number}, a row of {batch.table}: {error}") from None
    if not whole:
        raise Wrong("it is cut off")


def _records(batch: BackupBatch) -> list[Any]:
    return [msgspec.convert(row, SHAPES[batch.table]) for row in batch.rows]
