"""A rolling deploy: a worker of this version beside one of the next, which logs what this one cannot read.

The next version is a copy of this one with one more kind of event.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path

import httpx

from quart_app.settings import Settings
from tests.server import Server, running

ROOT = Path(__file__).parents[2]

EVENT = '''

class MatchPraised(MatchEvent, frozen=True, kw_only=True):
    """Somebody liked a match."""

    type: ClassVar[str] = "match_praised"
'''

PRAISE = """
import asyncio, sys
from quart_app.actions.writing.perform import record
from quart_app.actions.services import Services
from quart_app.domain.events.play import MatchPraised
from quart_app.live.bus.local import LocalBus
from quart_app.store.database.engine import Database
from quart_app.timeline.ledger import Ledger

async def praise(url, tournament_id):
    database = Database(url)
    services = Services(database, LocalBus(), Ledger(database))
    event = MatchPraised(tournament_id=tournament_id, match_id=1)
    await record(services, tournament_id, lambda state: (event,), None)
    await database.close()

asyncio.run(praise(sys.argv[1], int(sys.argv[2])))
"""


def next_version(folder: Path) -> Path:
    """The next version of the package, in a folder of its own."""
    shutil.copytree(ROOT / "quart_app", folder / "quart_app", ignore=shutil.ignore_patterns("__pycache__"))
    for name, place, more in (
        ("domain/events/play.py", None, EVENT),
        ("domain/events/codec.py", "        MatchStarted,\n", "        MatchPraised,\n"),
        ("domain/events/codec.py", "from quart_app.domain.events.play import (\n", "    MatchPraised,\n"),
        ("domain/fold.py", "    events.BracketUpdated: _repeated,\n", "    MatchPraised: _repeated,\n"),
        (
            "domain/fold.py",
            "from quart_app.domain.parts",
            "from quart_app.domain.events.play import MatchPraised\nfrom quart_app.domain.parts",
        ),
    ):
        path = folder / "quart_app" / name
        text = path.read_text()
        assert place is None or place in text
        after = more if more.startswith("from") else f"{place}{more}"
        path.write_text(text + more if place is None else text.replace(place, after, 1))
    return folder


async def praise(folder: Path, server: Server, tournament_id: int) -> None:
    """Let the next version log its event."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PRAISE, server.settings.database_url, str(tournament_id)),
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)},
    )
    assert await asyncio.wait_for(process.wait(), 30) == 0


async def test_who_cannot_read_a_log_says_so_and_nobody_goes_back(settings: Settings, tmp_path: Path) -> None:
    """Streams end with a goodbye, newcomers and pages get 503, the worker is not ready; other tournaments go
    on.

    Within an epoch nobody is brought back to an older state: there is no resync at all.
    """
    async with running(settings) as server:
        tournament, other = await server.tournament(4), await server.tournament(4)
        token = await server.feed_token(tournament.id)
        path = f"/tournaments/{tournament.id}/"
        assert (await server.client.get(path)).status_code == 200
        async with (
            server.feed(tournament.id) as feed,
            server.feed(tournament.id, html=True) as page,
            server.feed(other.id) as elsewhere,
        ):
            (welcome, *_) = [await each.next() for each in (feed, page, elsewhere)]
            await praise(next_version(tmp_path / "next"), server, tournament.id)
            rests = [await asyncio.wait_for(each.rest(), 10) for each in (feed, page)]
            for rest in rests:
                told = [frame for frame in rest if frame.event != "presence"]
                assert [frame.event for frame in told] == ["goodbye"]
                assert told[0].payload == {"code": 1012, "reason": "newer_version", "reconnect": True}
            headers = {"Authorization": f"Bearer {token}", "Last-Event-ID": welcome.payload["head"]}
            answers = [
                await server.client.get(f"/sse/tournaments/{tournament.id}/", headers=headers),
                await server.client.get(f"/api/tournaments/{tournament.id}/"),
                await server.client.get(f"/api/tournaments/{tournament.id}/events/"),
                await server.client.get(path, headers={"Accept": "application/json"}),
            ]
            for answer in answers:
                assert (answer.status_code, answer.json()["code"]) == (503, "service.log_newer"), answer.text
                assert int(answer.headers["Retry-After"]) > 0
            ready = await server.client.get("/readyz")
            assert (ready.status_code, ready.json()["checks"]["log"]) == (503, "newer")
            assert await is_served(server, other.id)


async def is_served(server: Server, tournament_id: int) -> bool:
    """Whether a tournament can still be opened."""
    answer: httpx.Response = await server.client.get(f"/tournaments/{tournament_id}/")
    async with server.feed(tournament_id) as feed:
        return answer.status_code == 200 and (await feed.next()).event == "connection_established"
