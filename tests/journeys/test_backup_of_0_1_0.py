"""What version 0.1.0 wrote goes on working: its backup reads, replays byte for byte, and plays on.

``backup-0.1.0.gz`` and ``replay-0.1.0.json.gz``, which is what 0.1.0 itself read in that backup, were made by
that release; the epochs, which a restore renews, stand as 0 in the latter.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from quart_app.actions.services import Services
from quart_app.actions.staff import authenticate
from quart_app.actions.upkeep.restore import restore
from quart_app.actions.writing.perform import perform
from quart_app.domain.commands import GenerateBracket
from quart_app.domain.state.tournament import TournamentStatus
from quart_app.live.bus.local import LocalBus
from quart_app.live.streams import frames
from quart_app.show.fragments import render_all
from quart_app.show.projections import everything
from quart_app.show.snapshot import snapshot
from quart_app.store.database.engine import Database
from quart_app.store.event_log import select_events
from quart_app.timeline.ledger import Ledger
from tests.domain.strategies import at_random

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
REPLAY: dict[str, dict[str, Any]] = json.loads(
    gzip.decompress((FIXTURES / "replay-0.1.0.json.gz").read_bytes())
)


@pytest.fixture(name="services")
async def _services(database: Database) -> Services:
    """A database into which the backup of 0.1.0 was restored."""
    services = Services(database, LocalBus(), Ledger(database))
    await restore(services, FIXTURES / "backup-0.1.0.gz", everything, replace=False)
    return services


async def test_it_reads_as_it_did(services: Services) -> None:
    """Every tournament has the state that 0.1.0 made of it; nothing is missing, and more may be there."""
    for number, expected in REPLAY.items():
        now = await services.ledger.load(int(number))
        shown = json.loads(msgspec.json.encode(snapshot("0", now.tournament)))
        assert within(expected["snapshot"], shown), f"tournament {number}"
        assert render_all(now.tournament)


async def test_it_replays_byte_for_byte(services: Services) -> None:
    """A client that reads a feed from its beginning gets the very bytes that it got from 0.1.0."""
    for number, expected in REPLAY.items():
        async with services.database.reading() as connection:
            log = await select_events(connection, int(number))
        frames_now = [frames.encode(msgspec.structs.replace(each, epoch="0")) for each in log]
        assert b"".join(frames_now).decode() == expected["frames"]


async def test_it_plays_on(services: Services) -> None:
    """Each bracket that was left half played comes to its end, and a draft can be drawn; logins hold."""
    assert (await authenticate(services, "anna", "corner flag 9")).role == "organiser"
    for number in REPLAY:
        tournament = (await services.ledger.load(int(number))).tournament
        while tournament.status is not TournamentStatus.COMPLETED:
            draft = tournament.status is TournamentStatus.DRAFT
            wish = GenerateBracket() if draft else at_random(1)(tournament)
            tournament = (await perform(services, tournament.id, wish, None)).tournament
        assert tournament.champion is not None


def within(old: Any, new: Any) -> bool:
    """Whether everything that stood in an old answer stands in the new one; objects may have gained keys."""
    if isinstance(old, dict):
        return all(key in new and within(value, new[key]) for key, value in old.items())
    if isinstance(old, list):
        return len(old) == len(new) and all(map(within, old, new))
    return bool(old == new)
