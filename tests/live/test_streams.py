"""What goes on in an open stream besides the log: tokens, revocation, filters, presence."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from dataclasses import replace
from unittest import mock

import httpx
import pytest

from quart_app.actions import matches, staff, tournaments
from quart_app.actions.upkeep.epochs import renew_epochs
from quart_app.domain.commands import (
    ChangeVisibility,
    ConfirmResult,
    CreateTournament,
    DeleteTournament,
    EntrantLine,
    StartMatch,
    UpdateScore,
)
from quart_app.live.streams.subscriber import Subscriber
from quart_app.live.streams.views import View
from quart_app.settings import Settings
from quart_app.show import projections
from tests.live.listening import until
from tests.server import PASSWORD, Frame, Server, open_feed, running


async def play(server: Server, tournament_id: int, *numbers: int) -> None:
    """These matches from start to result."""
    for number in numbers:
        await matches.start_match(server.services, tournament_id, StartMatch(match_id=number), None)
        score = UpdateScore(match_id=number, participant1_score=2, participant2_score=1)
        await matches.update_score(server.services, tournament_id, score, None)
        await matches.confirm_result(server.services, tournament_id, ConfirmResult(match_id=number), None)


async def test_open_stream_goes_on_under_a_fresh_token(settings: Settings) -> None:
    """Before a token ends the stream gets a new one, and lives on past the old one's end."""
    async with running(replace(settings, feed_token_seconds=4.0)) as server:
        tournament = await server.tournament()
        async with server.feed(tournament.id) as feed:
            await feed.next()
            fresh = (await feed.until("token")).payload["token"]
            await asyncio.sleep(3)
            await play(server, tournament.id, 1)
            await feed.until("match_started")
            url = f"{server.url}/sse/tournaments/{tournament.id}/"
            async with open_feed(url, {"Authorization": f"Bearer {fresh}"}) as again:
                assert again.response.status_code == 200


async def goodbye_of_anna(server: Server, change: dict[str, object]) -> Frame:
    """The last frame of the stream of an organiser who is changed while it is open."""
    tournament = await server.tournament()
    bearer = await server.sign_in("anna")
    path = f"/api/tournaments/{tournament.id}/feed-token/"
    token = (await server.client.post(path, headers=bearer)).json()["token"]
    url = f"{server.url}/sse/tournaments/{tournament.id}/"
    async with open_feed(url, {"Authorization": f"Bearer {token}"}) as feed:
        await feed.next()
        anna = await staff.authenticate(server.services, "anna", PASSWORD)
        await staff.change_staff(server.services, anna.id, **change)  # type: ignore[arg-type]
        return (await asyncio.wait_for(feed.rest(), 10))[-1]


@pytest.mark.parametrize(
    "change", [{"active": False}, {"role": "scorer"}, {"password": "another long password"}]
)
async def test_revocation_ends_open_streams_within_two_seconds(
    server: Server, change: dict[str, object]
) -> None:
    """Whoever is disabled, loses the role or gets a new password is shown out of what they watch."""
    goodbye = await goodbye_of_anna(server, change)
    assert goodbye.payload == {"code": 4003, "reason": "revoked", "reconnect": False}


async def test_tournament_made_private_shows_spectators_out(server: Server) -> None:
    """A spectator's stream ends within two seconds once the tournament is private."""
    tournament = await server.tournament()
    async with server.feed(tournament.id) as feed:
        await feed.next()
        private = ChangeVisibility(visibility="private")
        await tournaments.change_visibility(server.services, tournament.id, private, None)
        frames = await asyncio.wait_for(feed.rest(), 2.0)
    assert frames[-1].payload["code"] == 4003


async def test_a_draft_that_is_deleted_shows_everybody_out(server: Server) -> None:
    """Its makers too: there is nothing to follow any more."""
    lines = tuple(EntrantLine(name=name) for name in ("Ana", "Bo"))
    command = CreateTournament(name="Wrong", entrants=lines)
    draft = (await tournaments.create_tournament(server.services, command, None)).tournament
    async with server.feed(draft.id) as feed:
        await feed.next()
        await tournaments.change_standing(server.services, draft.id, DeleteTournament(), None)
        frames = await asyncio.wait_for(feed.rest(), 2.0)
    assert (frames[-1].event, frames[-1].payload["code"]) == ("goodbye", 4003)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?match=2", {("match_started", 2), ("score_updated", 2), ("match_completed", 2)}),
        ("?types=match_completed", {("match_completed", 1), ("match_completed", 2)}),
        (
            "?match=1&match=2&types=match_started,score_updated",
            {
                ("match_started", 1),
                ("match_started", 2),
                ("score_updated", 1),
                ("score_updated", 2),
            },
        ),
        ("?participant=1&types=match_completed", {("match_completed", 1)}),
    ],
)
async def test_filter_shows_what_was_asked_for(
    server: Server, query: str, expected: set[tuple[str, int]]
) -> None:
    """By match, by participant, by type; all of them must fit."""
    tournament = await server.tournament()
    async with server.feed(tournament.id, query=query) as feed:
        await feed.next()
        await play(server, tournament.id, 1, 2)
        frames = [await feed.next() for _ in expected]
        assert await feed.silence(0.3)
        (subscriber,) = server.hub.audiences[tournament.id].subscribers
    assert {(frame.event, frame.payload["match_id"]) for frame in frames} == expected
    assert subscriber.counted[0] == len(expected)


async def test_only_what_is_shown_counts_as_delivered(server: Server) -> None:
    """A walkover is two events at once; who asked for one of them got one."""
    tournament = await server.tournament()
    winner = tournament.matches[1].slots[0].participant_id
    async with server.feed(tournament.id, query="?types=bracket_updated") as feed:
        await feed.next()
        walkover = ConfirmResult(match_id=1, winner_id=winner)
        await matches.confirm_result(server.services, tournament.id, walkover, None)
        await feed.until("bracket_updated")
        (subscriber,) = server.hub.audiences[tournament.id].subscribers
        assert subscriber.counted[0] == 1


async def test_filtered_events_still_move_the_clients_position(settings: Settings) -> None:
    """An id-only block goes out with the heartbeat, so that a resume replays nothing unwanted."""
    async with running(replace(settings, heartbeat_seconds=0.5)) as server:
        tournament = await server.tournament()
        async with server.feed(tournament.id, query="?match=3") as feed:
            await feed.next()
            await play(server, tournament.id, 1)
            # bracket_updated names match 3, so it is shown; match 2 is of no interest at all
            await feed.until("bracket_updated")
            await matches.start_match(server.services, tournament.id, StartMatch(match_id=2), None)
            block = await feed.next(3)
            head = (await server.services.ledger.load(tournament.id)).position
    assert (block.id, block.event, block.data) == (head, None, None)


@pytest.mark.parametrize("query", ["?match=x", "?types=nonsense", "?participant=-1", "?match=" + "9" * 30])
async def test_impossible_filter_gets_422(server: Server, query: str) -> None:
    """A filter that nothing can pass is told so, with the field."""
    tournament = await server.tournament()
    async with server.feed(tournament.id, query=query) as feed:
        assert feed.response.status_code == 422


async def test_presence_counts_who_watches(server: Server) -> None:
    """Everyone is told how many watch, JSON and HTML feeds together, without an id."""
    tournament = await server.tournament()
    async with server.feed(tournament.id) as one, server.feed(tournament.id, html=True) as other:
        await other.next()
        while (frame := await asyncio.wait_for(one.next_block(), 4)).event != "presence":
            pass
        while frame.payload["watching"] != 2:
            frame = await asyncio.wait_for(one.next_block(), 4)
    assert (frame.payload, frame.id) == ({"tournament_id": tournament.id, "watching": 2}, None)


async def test_html_catch_up_is_one_frame(server: Server) -> None:
    """However many events a page has missed, it gets one frame, with the head's id."""
    tournament = await server.tournament()
    start = (await server.services.ledger.load(tournament.id)).position
    await play(server, tournament.id, 1, 2)
    head = (await server.services.ledger.load(tournament.id)).position
    async with server.feed(tournament.id, html=True, query=f"?lastEventId={start}") as feed:
        await feed.next()
        frame = await feed.next()
        assert await feed.silence(0.3)
    assert (frame.id, frame.event) == (head, None)


async def test_revocation_is_noticed_even_if_nobody_tells(server: Server) -> None:
    """A change that no notice of reaches this worker still ends the stream: the database is asked."""
    await server.services.bus.close()
    server.services.bus._ear.listener = None  # type: ignore[attr-defined]
    goodbye = await goodbye_of_anna(server, {"active": False})
    assert goodbye.payload["code"] == 4003


def subscribers_in_memory() -> int:
    """How many there are, whether or not anything still needs them; the server's own canary aside."""
    subscribers = [each for each in gc.get_objects() if isinstance(each, Subscriber)]
    return sum(each.join.tournament_id > 0 for each in subscribers)


async def test_a_stream_that_ended_is_gone_from_memory(server: Server) -> None:
    """At once, without Python's collector: with a crowd that comes and goes, that comes by too rarely."""
    tournament = await server.tournament()
    gc.collect()
    before = subscribers_in_memory()
    gc.disable()
    try:
        for html in (False, True):
            async with server.feed(tournament.id, html=html) as feed:
                await feed.next()
                assert subscribers_in_memory() == before + 1
            await until(lambda: server.hub.subscribers == 0)
            await until(lambda: subscribers_in_memory() == before)
    finally:
        gc.enable()


async def test_fault_in_rendering_stops_nobody_else(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A template that fails cuts those who would have got it; the JSON feed goes on."""
    tournament = await server.tournament()
    async with server.feed(tournament.id, html=True) as pages, server.feed(tournament.id) as feed:
        await pages.next()
        await feed.next()

        def fail(*_: object) -> str:
            raise ValueError("a template is broken")

        room = server.hub.audiences[tournament.id].room
        with monkeypatch.context() as broken:
            broken.setattr(room, "_fragments_chunk", fail)
            await play(server, tournament.id, 1)
            await feed.until("match_completed")
            await feed.until("bracket_updated")
            with pytest.raises(httpx.ReadError):
                await asyncio.wait_for(pages.rest(), 10)
        await play(server, tournament.id, 2)
        await feed.until("match_completed")


async def test_a_stream_that_cannot_be_brought_to_the_head_is_the_only_one_that_ends(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log begins anew, and the page of it cannot be rendered: the JSON feed goes on, and so does the
    hub."""
    tournament = await server.tournament()
    runs = mock.AsyncMock(wraps=server.hub.run)
    monkeypatch.setattr(server.hub, "run", runs)
    async with server.feed(tournament.id, html=True) as pages, server.feed(tournament.id) as feed:
        await pages.next()
        await feed.next()
        room = server.hub.audiences[tournament.id].room
        whole = room.whole

        def fail(view: View) -> bytes:
            if view.projection.changes is not None:
                raise ValueError("a template is broken")
            return whole(view)

        monkeypatch.setattr(room, "whole", fail)
        await renew_epochs(server.services)
        await feed.until("resync")
        with contextlib.suppress(httpx.ReadError):  # cut, with a reset or without
            await asyncio.wait_for(pages.rest(), 5.0)
        await play(server, tournament.id, 1)
        await feed.until("match_completed")
    metrics = (await server.client.get("/metrics")).text
    assert ('grandstand_feed_closes_total{reason="fault"} 1.0' in metrics, runs.await_count) == (True, 0)


async def test_who_comes_in_and_cannot_be_brought_to_the_head_is_cut_and_counted(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On every way in, and rendered once for all of them; who asks is told to come again, and who is there
    goes on."""
    tournament = await server.tournament()
    whole = mock.Mock(side_effect=ValueError("a template is broken"))
    monkeypatch.setattr(projections, "PAGE", replace(projections.PAGE, whole=whole))
    path = f"/sse/tournaments/{tournament.id}/fragments/"
    token = await server.feed_token(tournament.id)
    headers = {"Authorization": f"Bearer {token}", "Last-Event-ID": "abc-1"}
    async with server.feed(tournament.id) as feed:
        await feed.next()
        for way in ({}, {"Origin": server.url}):
            with contextlib.suppress(httpx.ReadError, httpx.RemoteProtocolError):
                async with open_feed(server.url + path, {**headers, **way}) as page:
                    assert await asyncio.wait_for(page.rest(), 5.0) == []
            answer = await server.client.get(f"{path}catch-up/", headers={**headers, **way})
            assert answer.status_code == 503
        await until(lambda: server.hub.subscribers == 1)
        await play(server, tournament.id, 1)
        await feed.until("match_completed")
        metrics = (await server.client.get("/metrics")).text
        assert ('grandstand_feed_closes_total{reason="fault"} 2.0' in metrics, whole.call_count) == (True, 1)
        assert server.hub.seats.taken == 1
