"""Heartbeats as events: for those who ask, in time whatever else is sent, and telling what does not show."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

from quart_app.actions.matches import start_match
from quart_app.domain.commands import StartMatch
from quart_app.live.streams.beats import FIRST_SECONDS
from quart_app.live.streams.tending import TICK_SECONDS
from quart_app.settings import Settings
from tests.live.test_resume import play_through
from tests.server import Feed, Frame, Server, running

ASKED = "?heartbeat=event"


async def beat(feed: Feed) -> tuple[Frame, float]:
    """The next heartbeat, and when it came (monotonic)."""
    frame = await feed.until("heartbeat")
    return frame, time.monotonic()


async def test_they_come_in_time_whatever_else_comes(settings: Settings) -> None:
    """Each says how old the stream is and when the next one is due, and that one keeps the word."""
    async with (
        running(replace(settings, heartbeat_seconds=1.0)) as server,
        server.feed((await server.tournament(4)).id, query=ASKED) as feed,
    ):
        welcome = (await feed.next()).payload
        started = time.monotonic()
        playing = asyncio.create_task(play_through(server, welcome["tournament_id"]))
        due = FIRST_SECONDS
        for number in range(1, 5):
            frame, came = await beat(feed)
            assert frame.payload["number"] == number
            assert abs(came - started - frame.payload["seconds"]) < 1
            assert due <= frame.payload["seconds"] + 0.01 < due + TICK_SECONDS + 1
            due = frame.payload["seconds"] + frame.payload["next"]
            assert frame.payload["next"] <= 1.0
        await playing


async def test_they_tell_how_far_a_filter_has_come(settings: Settings) -> None:
    """A library that hands on no frame without data learns the position from them."""
    async with running(replace(settings, heartbeat_seconds=0.5)) as server:
        tournament = await server.tournament(4)
        async with server.feed(tournament.id, query=f"{ASKED}&types=match_completed") as feed:
            position = (await feed.next()).id
            frame, _ = await beat(feed)
            assert frame.id is None
            told = await start_match(server.services, tournament.id, StartMatch(match_id=1), None)
            frame, _ = await beat(feed)
            assert frame.id == told.position != position
            assert (await beat(feed))[0].id is None


async def test_the_first_are_not_pushed(settings: Settings) -> None:
    """A proxy that holds each piece until the next gets none of them by accident."""
    async with running(replace(settings, heartbeat_seconds=0.5)) as server:
        tournament = await server.tournament(4)
        async with (
            server.feed(tournament.id) as other,
            server.feed(tournament.id, query=ASKED) as feed,
        ):
            await other.next()
            blocks = [(await feed.next_block()).event for _ in range(4)]
            assert blocks == ["connection_established", "heartbeat", "presence", "heartbeat"]


async def test_a_comment_pushes_what_was_sent(server: Server) -> None:
    """So that a proxy which holds each piece until the next one holds back nothing that matters."""
    tournament = await server.tournament(4)
    async with server.feed(tournament.id, query=ASKED) as feed:
        await feed.until("heartbeat")
        await feed.until("heartbeat")
        await start_match(server.services, tournament.id, StartMatch(match_id=1), None)
        await feed.until("match_started")
        assert (await asyncio.wait_for(feed.next_block(), 5)).raw == b":"


async def test_who_does_not_ask_gets_comments(settings: Settings) -> None:
    """As ever: the clients of 0.1 see nothing that they do not know."""
    async with (
        running(replace(settings, heartbeat_seconds=0.5)) as server,
        server.feed((await server.tournament(4)).id) as feed,
    ):
        await feed.next()
        blocks = [await asyncio.wait_for(feed.next_block(), 2) for _ in range(3)]
        assert {block.raw for block in blocks if block.event != "presence"} == {b":"}
