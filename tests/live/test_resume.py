"""Resume: a client that was cut off anywhere holds, in the end, exactly the log."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from unittest.mock import AsyncMock

import pytest

from quart_app.actions import matches, tournaments
from quart_app.actions.services import Services
from quart_app.actions.upkeep import backup
from quart_app.actions.upkeep.restore import restore
from quart_app.domain.commands import ChangeVisibility, ConfirmResult, StartMatch, UpdateScore
from quart_app.domain.events import DamagedEvent
from quart_app.errors import Unavailable
from quart_app.live.bus.local import LocalBus
from quart_app.live.streams.join import Join
from quart_app.live.wires.port import Wire
from quart_app.settings import Settings
from quart_app.show.projections import everything
from quart_app.store.event_log import select_events
from quart_app.timeline.ledger import Ledger
from tests.server import Server, logged, open_feed, running


async def play_through(server: Server, tournament_id: int) -> None:
    """A whole tournament, higher numbers winning 2–1 after 1–1."""
    while True:
        tournament = (await server.services.ledger.load(tournament_id)).tournament
        ready = [match for match in tournament.matches.values() if match.status == "ready"]
        if not ready:
            return
        for match in ready:
            number = match.match_id
            await matches.start_match(server.services, tournament_id, StartMatch(match_id=number), None)
            for score in ((1, 0), (1, 1), (1, 2)):
                command = UpdateScore(
                    match_id=number, participant1_score=score[0], participant2_score=score[1]
                )
                await matches.update_score(server.services, tournament_id, command, None)
            result = ConfirmResult(match_id=number)
            await matches.confirm_result(server.services, tournament_id, result, None)


async def log_of(server: Server, tournament_id: int) -> list[tuple[str, bytes]]:
    """The log as the database has it: ids and data."""
    async with server.services.database.reading() as connection:
        return [(envelope.id, envelope.data) for envelope in await select_events(connection, tournament_id)]


async def test_cut_after_every_event_and_resumed_the_stream_equals_the_log(server: Server) -> None:
    """Cut after each event of a whole tournament in turn; what comes before and after joins to the log."""
    tournament = await server.tournament(4, third_place=True)
    await play_through(server, tournament.id)
    log = await log_of(server, tournament.id)
    joined: list[list[str | None]] = []
    for cut in range(len(log)):
        async with server.feed(tournament.id, Last_Event_ID=log[cut][0]) as feed:
            welcome = await feed.next()
            rest = await feed.take(len(log) - cut - 1)
            assert welcome.payload["resume"]["replayed"] == len(rest)
        joined.append([*(id for id, _ in log[: cut + 1]), *(frame.id for frame in logged(rest))])
    assert joined == [[id for id, _ in log]] * len(log)


async def test_data_of_every_frame_is_the_logs_own(server: Server) -> None:
    """What a feed sends is the log, byte for byte."""
    tournament = await server.tournament(4)
    await play_through(server, tournament.id)
    log = await log_of(server, tournament.id)
    async with server.feed(tournament.id, Last_Event_ID=log[0][0].rpartition("-")[0] + "-0") as feed:
        await feed.next()
        frames = await feed.take(len(log))
    sent = [(frame.data or "").encode().partition(b'"data":')[2].removesuffix(b"}") for frame in frames]
    assert sent == [data for _, data in log]


async def test_replay_runs_into_live_without_a_seam(server: Server) -> None:
    """Events that come while a client catches up follow the replay, once and in order."""
    tournament = await server.tournament(8)
    start = (await server.services.ledger.load(tournament.id)).position
    async with server.feed(tournament.id, Last_Event_ID=start) as feed:
        await play_through(server, tournament.id)
        log = await log_of(server, tournament.id)
        await feed.next()
        frames = await feed.take(len(log) - tournament.seq)
    assert [frame.id for frame in frames] == [id for id, _ in log[tournament.seq :]]


async def test_resumed_welcome_has_no_id(server: Server) -> None:
    """A cut in mid-replay must not lose the rest of it, so the welcome of a resume moves nothing."""
    tournament = await server.tournament(4)
    start = (await server.services.ledger.load(tournament.id)).position
    async with server.feed(tournament.id, Last_Event_ID=start) as feed:
        assert (await feed.next()).id is None


async def test_position_may_come_in_the_query(server: Server) -> None:
    """The page renders its position into its connect URL."""
    tournament = await server.tournament(4)
    start = (await server.services.ledger.load(tournament.id)).position
    await play_through(server, tournament.id)
    async with server.feed(tournament.id, query=f"?lastEventId={start}") as feed:
        await feed.next()
        assert (await feed.next()).event == "match_started"


async def test_header_counts_before_the_query(server: Server) -> None:
    """On a reconnect the header is newer than the URL that the page was rendered with."""
    tournament = await server.tournament(4)
    start = (await server.services.ledger.load(tournament.id)).position
    await play_through(server, tournament.id)
    newest = (await server.services.ledger.load(tournament.id)).position
    async with server.feed(tournament.id, query=f"?lastEventId={start}", Last_Event_ID=newest) as feed:
        assert (await feed.next()).payload["resume"]["asked"] == newest


async def test_unknown_epoch_gets_resync_with_the_snapshot(server: Server) -> None:
    """An id of another log is answered with the whole state, and the head to go on from."""
    tournament = await server.tournament(4)
    async with server.feed(tournament.id, Last_Event_ID="0bad-2") as feed:
        await feed.next()
        resync = await feed.next()
    assert (resync.event, resync.payload["reason"], resync.payload["snapshot"]["position"]) == (
        "resync",
        "unknown_epoch",
        resync.id,
    )


async def test_id_past_the_head_gets_resync(server: Server) -> None:
    """An id that this log has not given out yet is answered with the state."""
    tournament = await server.tournament(4)
    epoch = (await server.services.ledger.load(tournament.id)).epoch
    async with server.feed(tournament.id, Last_Event_ID=f"{epoch}-99999") as feed:
        await feed.next()
        assert (await feed.next()).payload["reason"] == "ahead_of_log"


@pytest.mark.parametrize("by_quart", [False, True])
@pytest.mark.parametrize("path", ["", "fragments/", "fragments/catch-up/"])
async def test_who_is_ahead_is_not_taken_back_where_the_log_cannot_be_read(
    server: Server, monkeypatch: pytest.MonkeyPatch, path: str, by_quart: bool
) -> None:
    """On every way in: who heard of the newest event elsewhere is told to come again, and then goes on."""
    tournament = await server.tournament(4)
    token = await server.feed_token(tournament.id)
    path = f"/sse/tournaments/{tournament.id}/{path}"
    unread = AsyncMock(side_effect=Unavailable("The log cannot be read.", 1))
    other = Services(server.services.database, LocalBus(), Ledger(server.services.database))
    async with server.feed(tournament.id) as steady:
        await steady.next()
        with monkeypatch.context() as patched:
            patched.setattr(server.services.ledger, "timeline", unread)
            newest = (await matches.start_match(other, tournament.id, StartMatch(match_id=1), None)).position
            headers = {"Authorization": f"Bearer {token}", "Last-Event-ID": newest}
            headers |= {"Origin": server.url} if by_quart else {}
            async with open_feed(server.url + path, headers) as refused:
                assert (refused.response.status_code, unread.await_count > 0) == (503, True)
        async with open_feed(server.url + path, headers) as feed:
            if path.endswith("catch-up/"):
                assert feed.response.status_code == 204
            else:
                resume = (await feed.next()).payload["resume"]
                assert (resume["asked"], resume["lost"]) == (newest, False)


async def test_who_comes_from_another_log_is_brought_to_what_is_known(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Streams go on from memory while the log cannot be read: within an epoch alone nobody is taken back."""
    tournament = await server.tournament(4)
    async with server.feed(tournament.id) as steady:
        await steady.next()
        with monkeypatch.context() as patched:
            unread = AsyncMock(side_effect=Unavailable("The log cannot be read.", 1))
            patched.setattr(server.services.ledger, "timeline", unread)
            async with server.feed(tournament.id, Last_Event_ID="0bad-2") as feed:
                await feed.next()
                assert (await feed.next()).payload["reason"] == "unknown_epoch"
        assert unread.await_count > 0


async def test_who_comes_as_the_log_turns_out_damaged_is_refused(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the head of a stream, from whichever log they come: it would have to end at once."""
    tournament = await server.tournament(4)
    token = await server.feed_token(tournament.id)
    async with server.feed(tournament.id) as steady:
        await steady.next()
        monkeypatch.setattr(
            server.services.ledger, "timeline", AsyncMock(side_effect=DamagedEvent("by hand"))
        )
        headers = {"Authorization": f"Bearer {token}", "Last-Event-ID": "0bad-2", "Origin": server.url}
        async with open_feed(f"{server.url}/sse/tournaments/{tournament.id}/", headers) as refused:
            assert refused.response.status_code == 503
        monkeypatch.undo()


async def test_too_far_behind_gets_resync(settings: Settings) -> None:
    """More than ``replay_events_max`` events are not replayed."""
    async with running(replace(settings, replay_events_max=10)) as server:
        tournament = await server.tournament(4)
        start = (await server.services.ledger.load(tournament.id)).position
        await play_through(server, tournament.id)
        async with server.feed(tournament.id, Last_Event_ID=start) as feed:
            await feed.next()
            assert (await feed.next()).payload["reason"] == "too_far_behind"


async def test_garbage_gets_400(server: Server) -> None:
    """An id that is none of ours is told so."""
    tournament = await server.tournament(4)
    token = await server.feed_token(tournament.id)
    headers = {"Authorization": f"Bearer {token}", "Last-Event-ID": "'; drop table"}
    answer = await server.client.get(f"/sse/tournaments/{tournament.id}/", headers=headers)
    assert answer.status_code == 400


async def test_restore_brings_open_streams_to_the_restored_state(server: Server, tmp_path: Path) -> None:
    """Whoever watches a restore gets ``resync`` under the new epoch, and goes on from there."""
    tournament = await server.tournament(4)
    await backup.backup(server.services, tmp_path / "all.gz")
    async with server.feed(tournament.id) as feed:
        await feed.next()
        await matches.start_match(server.services, tournament.id, StartMatch(match_id=1), None)
        await feed.next()
        await restore(server.services, tmp_path / "all.gz", everything, replace=True)
        resync = await feed.until("resync")
        await matches.start_match(server.services, tournament.id, StartMatch(match_id=2), None)
        after = await feed.next()
    epoch = (await server.services.ledger.load(tournament.id)).epoch
    assert (resync.id, after.id) == (f"{epoch}-3", f"{epoch}-4")


async def test_restore_of_a_private_tournament_shows_spectators_nothing(
    server: Server, tmp_path: Path
) -> None:
    """What was made public since the backup is private again: whoever watches as a spectator is shown out."""
    tournament = await server.tournament(4, visibility="private")
    await backup.backup(server.services, tmp_path / "all.gz")
    public = ChangeVisibility(visibility="public")
    await tournaments.change_visibility(server.services, tournament.id, public, None)
    async with server.feed(tournament.id) as feed, server.feed(tournament.id, html=True) as page:
        for each in (feed, page):
            await each.next()
        await restore(server.services, tmp_path / "all.gz", everything, replace=True)
        rests = [await asyncio.wait_for(each.rest(), 5.0) for each in (feed, page)]
    assert [[frame.event for frame in rest if frame.event != "presence"] for rest in rests] == [
        ["goodbye"]
    ] * 2
    assert rests[0][-1].payload["code"] == 4003


async def test_tournament_that_a_restore_removed_is_gone_for_those_who_watch(
    server: Server, tmp_path: Path
) -> None:
    """Its streams end, and neither its page nor its feed can be opened any more."""
    await backup.backup(server.services, tmp_path / "none.gz")
    tournament = await server.tournament(4)
    token = await server.feed_token(tournament.id)
    async with server.feed(tournament.id) as feed:
        await feed.next()
        assert (await server.client.get(f"/tournaments/{tournament.id}/")).status_code == 200
        await restore(server.services, tmp_path / "none.gz", everything, replace=True)
        rest = await asyncio.wait_for(feed.rest(), 5.0)
    assert rest[-1].payload["code"] == 4003
    headers = {"Authorization": f"Bearer {token}"}
    paths = (f"/tournaments/{tournament.id}/", f"/sse/tournaments/{tournament.id}/")
    assert [(await server.client.get(path, headers=headers)).status_code for path in paths] == [404, 404]


async def test_those_whose_position_is_lost_do_not_keep_each_other_waiting(settings: Settings) -> None:
    """Each waits for one reading of the log, however many come after it; pages are served from memory on."""
    async with running(replace(settings, limit_connects_per_address=100_000)) as server:
        await many_lost_positions(server)


async def many_lost_positions(server: Server) -> None:
    """Some come again and again from a place that no log has, while others do it once."""
    tournament = await server.tournament(4)
    over = asyncio.Event()

    async def come_and_go() -> None:
        while not over.is_set():
            async with server.feed(tournament.id, Last_Event_ID="abc-1") as feed:
                await feed.next()

    async with server.feed(tournament.id) as steady:
        await steady.next()
        crowd = [asyncio.create_task(come_and_go()) for _ in range(20)]
        try:
            for _ in range(10):
                async with server.feed(tournament.id, Last_Event_ID="def-1") as feed:
                    assert (await feed.next()).payload["resume"]["reason"] == "unknown_epoch"
                assert server.hub.current(tournament.id) is not None
        finally:
            over.set()
            await asyncio.gather(*crowd)


async def test_who_comes_in_as_it_becomes_private_sees_nothing(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the check of the grant and the seat the tournament was made private."""
    tournament = await server.tournament(4)
    admit = server.hub.admit

    async def late(join: Join, wire: Wire) -> None:
        private = ChangeVisibility(visibility="private")
        await tournaments.change_visibility(server.services, tournament.id, private, None)
        await admit(join, wire)

    monkeypatch.setattr(server.hub, "admit", late)
    async with server.feed(tournament.id, Last_Event_ID="abc-1") as feed:
        rest = await asyncio.wait_for(feed.rest(), 5.0)
    assert [frame.event for frame in rest] == ["goodbye"]
