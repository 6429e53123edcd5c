"""A log that nothing can read, as a failing disk or somebody's hand leaves it: one tournament's trouble."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from quart_app.domain.events import Envelope, MatchVoided, encode_event
from quart_app.store.tables import events
from quart_app.store.tables import tournaments as rows
from quart_app.timeline.bound import Kept
from tests.server import Server
from tests.web.test_health import until_ready_says

ELSEWHERE = '{"tournament_id":99,"resumed_at":"","resumed_by":1}'
"""An event that can be read, and does not fit."""

IN_JSON = {"Accept": "application/json"}


async def rewrite(server: Server, tournament_id: int, **values: Any) -> dict[str, Any]:
    """Change a tournament's third event behind the server's back, which has forgotten it; what it was."""
    event = sa.and_(events.c.tournament_id == tournament_id, events.c.seq == 3)
    async with server.services.database.writing() as connection:
        was = (await connection.execute(sa.select(events).where(event))).mappings().one()
        await connection.execute(sa.update(events).where(event).values(**values))
    server.services.ledger.kept = Kept(0, 10_000)
    return {name: was[name] for name in values}


@pytest.mark.parametrize(
    "values",
    [
        {"data": "nothing"},
        {"data": "[" * 100_000},
        {"version": 0},
        {"version": 1, "data": '{"rounds":[1],"matches":[]}'},
        {"type": "tournament_resumed", "version": 1, "data": ELSEWHERE},
    ],
)
async def test_it_takes_no_other_tournament_with_it(server: Server, values: dict[str, Any]) -> None:
    """Neither off the front page nor by the worker, which stays ready and says so, once in its log; and all
    is well once it is mended."""
    damaged, other = await server.tournament(4, name="Damaged"), await server.tournament(4, name="Other")
    await until_ready_says(server, "ok")
    with capture_logs() as lines:
        was = await rewrite(server, damaged.id, **values)
        for _ in range(2):
            answer = await server.client.get(f"/tournaments/{damaged.id}/", headers=IN_JSON)
            assert (answer.status_code, answer.json()["code"]) == (503, "service.log_damaged")
    ready = await server.client.get("/readyz")
    assert (ready.status_code, ready.json()["status"], ready.json()["checks"]["log"]) == (
        200,
        "degraded",
        "damaged",
    )
    told = [each for each in lines if each["event"] == "log_damaged"]
    assert [(each["tournament_id"], "event 3" in each["reason"]) for each in told] == [(damaged.id, True)]
    assert (await server.client.get(f"/tournaments/{other.id}/")).status_code == 200
    front = await server.client.get("/")
    assert (front.status_code, "Damaged" in front.text, "Other" in front.text) == (200, True, True)
    await rewrite(server, damaged.id, **was)
    await until_ready_says(server, "ok")
    assert (await server.client.get(f"/tournaments/{damaged.id}/")).status_code == 200


async def test_beside_it_a_newer_log_is_told_and_read_again(server: Server) -> None:
    """What only another worker can read comes first; and it is noticed when it can be read here again."""
    damaged, newer = await server.tournament(), await server.tournament()
    await rewrite(server, damaged.id, data="nothing")
    was = await rewrite(server, newer.id, version=99)
    for tournament in (damaged, newer):
        assert (await server.client.get(f"/tournaments/{tournament.id}/")).status_code == 503
    ready = await server.client.get("/readyz")
    assert (ready.status_code, ready.json()["checks"]["log"]) == (503, "newer")
    await rewrite(server, newer.id, **was)
    assert (await until_ready_says(server, "degraded")).json()["checks"]["log"] == "damaged"


async def test_a_format_that_only_a_newer_version_has_is_told(server: Server) -> None:
    """As any other news that this version cannot read, and as no fault of ours."""
    tournament = await server.tournament(4)
    first = sa.and_(events.c.tournament_id == tournament.id, events.c.seq == 1)
    data = sa.func.replace(events.c.data, '"single_elimination"', '"ladder"')
    async with server.services.database.writing() as connection:
        await connection.execute(sa.update(events).where(first).values(data=data))
    server.services.ledger.kept = Kept(0, 10_000)
    answer = await server.client.get(f"/tournaments/{tournament.id}/", headers=IN_JSON)
    assert (answer.status_code, answer.json()["code"]) == (503, "service.log_newer")
    assert (await server.client.get("/readyz")).json()["checks"]["log"] == "newer"


async def test_a_hint_that_does_not_fit_is_looked_into_at_once(server: Server) -> None:
    """The log is read, and says how it is; nobody waits for the next look at it."""
    tournament = await server.tournament(4)
    async with server.feed(tournament.id) as feed:
        await feed.next()
        audience = server.hub.audiences[tournament.id]
        seq = audience.room.head + 1
        event = MatchVoided(tournament_id=tournament.id, match_id=99, voided_at="", voided_by=None)
        hint = Envelope(
            tournament_id=tournament.id,
            epoch=audience.room.epoch,
            seq=seq,
            event=event,
            data=encode_event(event),
            at="",
            actor_id=None,
        )
        server.hub.heard(tournament.id, seq, (hint,))
        assert audience.suspected


async def test_its_streams_end_with_a_word(server: Server) -> None:
    """Nobody watches a page that says Live and stands still."""
    tournament = await server.tournament()
    async with server.feed(tournament.id) as feed:
        await feed.next()
        async with server.services.database.writing() as connection:
            await connection.execute(
                sa.insert(events).values(
                    tournament_id=tournament.id, seq=4, type="match_started", version=1, data="{", at="now"
                )
            )
            await connection.execute(sa.update(rows).where(rows.c.id == tournament.id).values(head_seq=4))
        rest = await asyncio.wait_for(feed.rest(), 20)
    assert (rest[-1].event, rest[-1].payload) == (
        "goodbye",
        {"code": 1012, "reason": "damaged_log", "reconnect": True},
    )
