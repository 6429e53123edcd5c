"""A restore believes nothing: every row is looked at, every log folded, before anything counts."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from quart_app.actions import tournaments
from quart_app.actions.services import Services
from quart_app.actions.upkeep import backup
from quart_app.actions.upkeep.restore import restore
from quart_app.domain.commands import DeleteTournament
from quart_app.errors import MalformedRequest, NotFound
from quart_app.live.bus.local import LocalBus
from quart_app.show.projections import everything
from quart_app.store.database.engine import Database
from quart_app.store.staff import name_key
from quart_app.timeline.ledger import Ledger
from tests.actions.test_backup import CUP, some_history

Rows = dict[str, list[dict[str, Any]]]


async def rewritten(services: Services, file: Path, change: Callable[[Rows], object]) -> None:
    """A backup of the database, changed by hand."""
    await backup.backup(services, file)
    head, *lines = gzip.decompress(file.read_bytes()).splitlines()  # noqa: ASYNC240
    batches = [msgspec.json.decode(line) for line in lines]
    rows = {batch["table"]: batch["rows"] for batch in batches}
    change(rows)
    written = [{"table": table, "rows": of_it} for table, of_it in rows.items()]
    file.write_bytes(gzip.compress(b"\n".join([head, *map(msgspec.json.encode, written)])))  # noqa: ASYNC240


def without_an_event(rows: Rows) -> None:
    """A hole in the log."""
    del rows["events"][1]


def without_the_last_event(rows: Rows) -> None:
    """The log ends too early."""
    del rows["events"][-1]


def with_a_field(table: str) -> Callable[[Rows], None]:
    """A column that there is not."""
    return lambda rows: rows[table][0].update(surprise=1)


def twice(table: str) -> Callable[[Rows], None]:
    """A row that is there twice."""
    return lambda rows: rows[table].append(dict(rows[table][0]))


def changed(table: str, **fields: Any) -> Callable[[Rows], None]:
    """A row with other values."""
    return lambda rows: rows[table][0].update(fields)


def with_a_row_of_no_log(rows: Rows) -> None:
    """A tournament of which nothing is told."""
    rows["tournaments"].append(rows["tournaments"][0] | {"id": 77, "head_seq": 0, "status": "bogus"})


def told(event: int, **fields: Any) -> Callable[[Rows], None]:
    """An event that says something else."""

    def change(rows: Rows) -> None:
        row = rows["events"][event]
        row["data"] = msgspec.json.encode(msgspec.json.decode(row["data"]) | fields).decode()

    return change


def in_an_older_version(rows: Rows) -> None:
    """The bracket as 0.1.0 wrote it, but in several lines."""
    row = rows["events"][2]
    data = msgspec.json.decode(row["data"])
    del data["short_rounds"]
    for plan in data["matches"]:
        del plan["label"]
    row |= {"version": 1, "data": msgspec.json.format(msgspec.json.encode(data)).decode()}


def planned(**fields: Any) -> Callable[[Rows], None]:
    """A first match that is planned otherwise."""

    def change(rows: Rows) -> None:
        matches = msgspec.json.decode(rows["events"][2]["data"])["matches"]
        told(2, matches=[matches[0] | fields, *matches[1:]])(rows)

    return change


def seen_nowhere(rows: Rows) -> None:
    """A visibility that there is not, in the log and in the lists."""
    told(0, visibility="bogus")(rows)
    changed("tournaments", visibility="bogus")(rows)


def with_a_nul(rows: Rows) -> None:
    """A name that only one of the two databases can hold."""
    told(0, name="a\0b")(rows)
    changed("tournaments", name="a\0b")(rows)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without_an_event, "event 3 of tournament 1 follows event 1"),
        (without_the_last_event, "ends at event 2, its row says at 3"),
        (lambda rows: rows["events"].clear(), "the log of tournament 1 is missing"),
        (lambda rows: rows["events"].reverse(), "event 3 of tournament 1 follows event 0"),
        (with_a_field("staff"), "a row of staff: .*surprise"),
        (with_a_field("tournaments"), "line 3, a row of tournaments: .*surprise"),
        (with_a_field("events"), "a row of events: .*surprise"),
        (lambda rows: rows.update(secrets=[{"id": 1}], end=rows.pop("end")), "line 5 has rows of 'secrets'"),
        (lambda rows: rows.update(more=[]), "line 6 stands behind its end"),
        (twice("staff"), "account 1 .* is there twice"),
        (twice("tournaments"), "tournament 1 is there twice"),
        (twice("events"), "event 1 of tournament 1 follows event 3"),
        (changed("staff", role="king"), "has the role 'king'"),
        (changed("staff", id="1"), "a row of staff: .*str"),
        (changed("staff", name_key="bob"), "another name than its own"),
        (changed("tournaments", id=-7), "a row of tournaments"),
        (changed("tournaments", id=2), "event of tournament 1, but not that tournament"),
        (changed("tournaments", head_seq=9), "ends at event 3, its row says at 9"),
        (changed("tournaments", status="completed"), "another name, status or visibility"),
        (changed("tournaments", visibility="private"), "another name, status or visibility"),
        (changed("events", type="tournament_exploded"), "event 1 of tournament 1 cannot be read"),
        (changed("events", version=99), "event 1 of tournament 1 cannot be read"),
        (changed("events", data="{}"), "event 1 of tournament 1 cannot be read"),
        (
            lambda rows: rows["events"].insert(0, rows["events"].pop(2)),
            "event 3 of tournament 1 follows event 0",
        ),
        (lambda rows: rows.pop("end"), "it is cut off"),
        (with_a_row_of_no_log, "the log of tournament 77 is missing"),
        (changed("staff", created_at="nie"), "account 1 has 'nie' for its created_at"),
        (changed("staff", password_hash="x"), "account 1 has a hash that no password can have"),
        (changed("tournaments", created_at="nie"), "tournament 1 has 'nie' for its created_at"),
        (changed("tournaments", updated_at="nie"), "tournament 1 has 'nie' for its updated_at"),
        (
            changed("tournaments", updated_at="2026-11-24T12:00:00.000Z"),
            "log of tournament 1 was written to last at .*, its row says at 2026-11-24T12:00:00.000Z",
        ),
        (changed("events", at="gestern"), "event 1 of tournament 1 has 'gestern' for its at"),
        (changed("events", at="2026-11-24T12:00:00Z"), "event 1 of tournament 1 has .* for its at"),
        (changed("events", actor_id=10**30), "a row of events: .*actor_id"),
        (changed("events", actor_id=0), "a row of events: .*actor_id"),
        (
            lambda rows: rows["events"][0].update(data=rows["events"][0]["data"].replace(",", ",\n", 1)),
            "event 1 of tournament 1 is not on one line",
        ),
        (in_an_older_version, "event 3 of tournament 1 is not on one line"),
        (told(0, created_at="nie"), "event 1 of tournament 1 has 'nie' for its created_at"),
        (
            told(0, format="chess"),
            "event 1 of tournament 1 cannot be read: a tournament of the format 'chess'",
        ),
        (told(0, seeding="none"), "event 1 of tournament 1 says 'none', .*: standard, given"),
        (planned(round=99), "match 1 of tournament 1 is in no round of its stage"),
        (planned(stage_number=2), "match 1 of tournament 1 is in no round of its stage"),
        (
            planned(slots=[{"participant": 9}, {"participant": 4}]),
            r"tournament 1 could not be shown: KeyError\(9\)",
        ),
        (with_a_nul, "a row of tournaments: .*name"),
        (changed("staff", name="a\0b", name_key=name_key("a\0b")), "a row of staff: .*name"),
        (seen_nowhere, "event 1 of tournament 1 says 'bogus', .*: public, private"),
    ],
)
async def test_what_is_wrong_is_said_and_nothing_is_restored(
    database: Database, tmp_path: Path, change: Callable[[Rows], object], words: str
) -> None:
    """One sentence says where and what; the database is as it was."""
    services = Services(database, LocalBus(), Ledger(database))
    tournament_id = await some_history(services)
    await rewritten(services, tmp_path / "all.gz", change)
    with pytest.raises(MalformedRequest, match=words):
        await restore(services, tmp_path / "all.gz", everything, replace=True)
    assert (await services.ledger.load(tournament_id)).tournament.seq == 3


async def test_what_no_log_can_tell_is_refused(database: Database, tmp_path: Path) -> None:
    """An event that is well-formed, and fits nothing that was before it."""
    services = Services(database, LocalBus(), Ledger(database))
    await some_history(services)

    def score_of_no_match(rows: Rows) -> None:
        data: dict[str, object] = {
            "tournament_id": 1,
            "match_id": 99,
            "participant1_score": 1,
            "participant2_score": 0,
        }
        data |= {"updated_at": "2026-11-24T12:00:00.000Z", "updated_by": None}
        scored = {"seq": 4, "type": "score_updated", "version": 1, "data": msgspec.json.encode(data).decode()}
        rows["events"].append(rows["events"][-1] | scored)
        rows["tournaments"][0]["head_seq"] = 4

    await rewritten(services, tmp_path / "all.gz", score_of_no_match)
    with pytest.raises(MalformedRequest, match="event 4 of tournament 1 does not fit"):
        await restore(services, tmp_path / "all.gz", everything, replace=True)


async def test_a_deleted_draft_stays_deleted(database: Database, tmp_path: Path) -> None:
    """Of what was deleted a row and its log are left, and they are right."""
    services = Services(database, LocalBus(), Ledger(database))
    draft = (await tournaments.create_tournament(services, CUP, None)).tournament.id
    await tournaments.change_standing(services, draft, DeleteTournament(), None)
    await backup.backup(services, tmp_path / "all.gz")
    await restore(services, tmp_path / "all.gz", everything, replace=True)
    with pytest.raises(NotFound):
        await services.ledger.load(draft)


async def test_no_id_is_given_out_twice(database: Database, tmp_path: Path) -> None:
    """An id that somebody had since the backup is part of an address: it goes to nobody else afterwards."""
    services = Services(database, LocalBus(), Ledger(database))
    await some_history(services)
    await backup.backup(services, tmp_path / "all.gz")
    later = (await tournaments.create_tournament(services, CUP, None)).tournament.id
    await restore(services, tmp_path / "all.gz", everything, replace=True)
    assert (await tournaments.create_tournament(services, CUP, None)).tournament.id == later + 1
