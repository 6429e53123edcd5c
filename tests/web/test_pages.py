"""The spectator's pages, through the front door: what stands on them, who sees them, how they follow."""

from __future__ import annotations

import gzip
import re
from http.cookies import SimpleCookie

import pytest
import sqlalchemy as sa

from quart_app.actions.matches import confirm_result, start_match, update_score
from quart_app.actions.tournaments import change_visibility, create_tournament
from quart_app.domain.commands import (
    ChangeVisibility,
    ConfirmResult,
    CreateTournament,
    EntrantLine,
    StartMatch,
    UpdateScore,
)
from quart_app.domain.state.tournament import Tournament
from quart_app.show.templating import STATIC
from quart_app.store.tables import events
from quart_app.timeline.bound import Kept
from tests.server import Feed, Server
from tests.web.live_page import LivePage, parse

COLD_PAGE_BYTES_MAX = 60_000


async def page_of(server: Server, path: str, **headers: str) -> LivePage:
    """A page that answers 200."""
    answer = await server.client.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return LivePage(answer.text)


async def play(server: Server, tournament: Tournament, match_id: int, first: int, second: int) -> Tournament:
    """A whole match, from its start to this result."""
    services, tid = server.services, tournament.id
    await start_match(services, tid, StartMatch(match_id=match_id), None)
    score = UpdateScore(match_id=match_id, participant1_score=first, participant2_score=second)
    await update_score(services, tid, score, None)
    return (await confirm_result(services, tid, ConfirmResult(match_id=match_id), None)).tournament


async def draft(server: Server, name: str) -> Tournament:
    """A tournament whose bracket is not drawn yet."""
    command = CreateTournament(name=name, entrants=tuple(EntrantLine(name=each) for each in "ABC"))
    return (await create_tournament(server.services, command, None)).tournament


async def test_the_list_says_when_there_is_nothing(server: Server) -> None:
    """Without any tournament the list is an empty state in words."""
    page = await page_of(server, "/")
    assert "Nothing is being played yet." in page.document.text()


async def test_the_list_has_live_coming_and_finished_tournaments(server: Server) -> None:
    """Each tournament stands once, under the heading of where it is."""
    await server.tournament(2, name="Coming cup")
    live = await server.tournament(4, name="Live cup")
    await play(server, live, 1, 2, 1)
    await play(server, await server.tournament(2, name="Finished cup"), 1, 1, 0)
    text = (await page_of(server, "/")).document.text()
    assert re.search(
        r"Being played Live cup Semi-finals, 1 of 2 played Coming Coming cup 2 participants "
        r"Finished Finished cup Winner P1 \d+ \w+ \d{4}",
        text,
    ), text


async def test_a_log_of_a_newer_version_takes_no_list_with_it(server: Server) -> None:
    """While workers of two versions serve, the others stand there with their progress, that one without."""
    newer, other = await server.tournament(2, name="Newer cup"), await server.tournament(4, name="Other cup")
    for tournament in (newer, other):
        await start_match(server.services, tournament.id, StartMatch(match_id=1), None)
    async with server.services.database.writing() as connection:
        await connection.execute(
            sa.update(events).where(events.c.tournament_id == newer.id).values(version=99)
        )
    server.services.ledger.kept = Kept(0, 10_000)
    staff = await server.sign_in("Ada")
    for path in ("/", "/staff/"):
        text = (await page_of(server, path, **staff)).document.text()
        assert "Newer cup" in text
        assert re.search(r"Other cup (1 live )?Semi-finals, 0 of 2 played", text)


async def test_drafts_and_private_tournaments_are_listed_for_staff_alone(server: Server) -> None:
    """A stranger's list has neither; a member of staff's has both."""
    await draft(server, "Draft cup")
    await server.tournament(2, name="Secret cup", visibility="private")
    staff = await server.sign_in("Ada")
    stranger, insider = await page_of(server, "/"), await page_of(server, "/", **staff)
    seen = [
        [name in page.document.text() for name in ("Draft cup", "Secret cup")] for page in (stranger, insider)
    ]
    assert seen == [[False, False], [True, True]]


async def test_finished_tournaments_can_be_paged_through(server: Server) -> None:
    """``?before=`` shows what is older than a tournament, and only that."""
    first = await server.tournament(2, name="First cup")
    second = await server.tournament(2, name="Second cup")
    for tournament in (first, second):
        await play(server, tournament, 1, 1, 0)
    text = (await page_of(server, f"/?before={second.id}")).document.text()
    assert ("First cup" in text, "Second cup" in text) == (True, False)


@pytest.mark.parametrize("before", ["", "x", "-1", "9" * 40, "٣", "1.5"])
async def test_a_strange_page_of_the_list_is_still_a_list(server: Server, before: str) -> None:
    """Whatever ``?before=`` holds, the list answers."""
    assert (await server.client.get("/", params={"before": before})).status_code == 200


async def test_a_page_joins_the_feed_where_it_stands(server: Server) -> None:
    """The address that a page connects to holds the position of the state that it shows."""
    tournament = await play(server, await server.tournament(4), 1, 2, 1)
    loaded = await server.services.ledger.load(tournament.id)
    page = await page_of(server, f"/tournaments/{tournament.id}/")
    assert page.feed == f"/sse/tournaments/{tournament.id}/fragments/?page=2&lastEventId={loaded.position}"


async def test_a_page_brings_the_cookie_that_opens_its_feed(server: Server) -> None:
    """The cookie goes to this tournament's feeds only, no script can read it, and the feed takes it."""
    tournament = await server.tournament(2)
    answer = await server.client.get(f"/tournaments/{tournament.id}/")
    cookie = SimpleCookie(answer.headers["Set-Cookie"])["feed_token"]
    path = f"/sse/tournaments/{tournament.id}/"
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (path, True, "Strict")
    assert (await server.client.head(path + "fragments/")).status_code == 200, "the client keeps cookies"


@pytest.mark.parametrize("path", ["/tournaments/{id}/", "/tournaments/{id}/matches/1/"])
async def test_strangers_know_nothing_of_a_private_tournament(server: Server, path: str) -> None:
    """A private tournament and one that never was are the same 404, word for word; staff see the page."""
    tournament = await server.tournament(2, visibility="private")
    staff = await server.sign_in("Ada")
    private = await server.client.get(path.format(id=tournament.id))
    unknown = await server.client.get(path.format(id=tournament.id + 1))
    assert (private.status_code, private.text) == (404, unknown.text)
    await page_of(server, path.format(id=tournament.id), **staff)


@pytest.mark.parametrize("path", ["/tournaments/0/", "/tournaments/99999999999999999999/", "/tournaments/x/"])
async def test_an_impossible_tournament_is_not_found(server: Server, path: str) -> None:
    """No id makes a page fail."""
    assert (await server.client.get(path)).status_code == 404


@pytest.mark.parametrize("match_id", [0, 1, 4, 10**30])
async def test_only_matches_that_are_played_have_a_page(server: Server, match_id: int) -> None:
    """Of three participants one has a bye: that match has no page, nor has a match that does not exist."""
    tournament = await server.tournament(3)
    assert not tournament.matches[1].played
    assert (await server.client.get(f"/tournaments/{tournament.id}/matches/{match_id}/")).status_code == 404


async def test_a_match_tells_its_story(server: Server) -> None:
    """The newest line stands first, each with its time, and the notes with the result."""
    tournament = await server.tournament(4)
    tid, services = tournament.id, server.services
    await start_match(services, tid, StartMatch(match_id=1), None)
    score = UpdateScore(match_id=1, participant1_score=2, participant2_score=2)
    await update_score(services, tid, score, None)
    result = ConfirmResult(
        match_id=1, participant1_tiebreak=5, participant2_tiebreak=3, notes="After penalties"
    )
    await confirm_result(services, tid, result, None)
    page = await page_of(server, f"/tournaments/{tid}/matches/1/")
    story = page.document.find("story")
    assert story is not None
    lines = [re.sub(r"^.* UTC ", "", line.text()) for line in story.walk() if line.tag == "li"]
    assert lines == [
        "P1 beat P4 5–3 in the tie-break, after 2–2 After penalties",
        "P1 2–2 P4",
        "The match has started",
    ]


async def test_a_match_leads_on_to_where_its_winner_and_loser_go(server: Server) -> None:
    """Below a semi-final stand the final and the match for third place."""
    tournament = await server.tournament(4, third_place=True)
    text = (await page_of(server, f"/tournaments/{tournament.id}/matches/1/")).document.text()
    assert "Winner goes to Final" in text
    assert "Loser goes to 3rd place" in text


async def test_a_draft_lists_who_takes_part(server: Server) -> None:
    """Before the draw there is no bracket, and the page says so."""
    tournament = await draft(server, "Draft cup")
    page = await page_of(server, f"/tournaments/{tournament.id}/")
    bracket = page.document.find("bracket")
    assert bracket is not None
    assert bracket.text() == "Participants The bracket is not drawn yet. It will appear here by itself. A B C"


async def test_a_page_that_follows_its_feed_equals_a_fresh_one(server: Server) -> None:
    """From its own position on, over a whole tournament, the page holds what a new one would."""
    tournament = await server.tournament(6, third_place=True)
    path = f"/tournaments/{tournament.id}/"
    page, match_page = await page_of(server, path), await page_of(server, f"{path}matches/2/")
    await change_visibility(server.services, tournament.id, ChangeVisibility(visibility="private"), None)
    await change_visibility(server.services, tournament.id, ChangeVisibility(visibility="public"), None)
    async with server.feed(tournament.id, html=True, query=query_of(page)) as feed:
        for match_id, match in tournament.matches.items():
            if match.played:
                tournament = await play(server, tournament, match_id, 1, match_id % 2 * 2)
                loaded = await server.services.ledger.load(tournament.id)
                await settle(page, match_page, feed, loaded.epoch, tournament.seq)
                assert page.differences(await page_of(server, path)) == []
    fresh = await page_of(server, f"{path}matches/2/")
    assert match_page.document.find("match-2") == fresh.document.find("match-2")


def query_of(page: LivePage) -> str:
    """The query of the address that a page connects to."""
    return "?" + page.feed.partition("?")[2]


async def settle(page: LivePage, match_page: LivePage, feed: Feed, epoch: str, head: int) -> None:
    """Take in frames until the stream has come to the head of the log."""
    while True:
        frame = await feed.next()
        if frame.event is None and frame.data:
            page.receive(frame.data)
            match_page.receive(frame.data)
        if frame.event is None and frame.id == f"{epoch}-{head}":
            return


async def test_a_cold_page_is_small(server: Server) -> None:
    """A bracket of 128 with all that it needs, compressed as an edge would, is under 60 KB."""
    tournament = await server.tournament(128, third_place=True)
    html = (await server.client.get(f"/tournaments/{tournament.id}/")).text
    needed = {
        name
        for each in parse(html).walk()
        for attribute in ("href", "src")
        if (name := str(each.attributes.get(attribute, ""))).startswith("/static/")
    }
    sizes = {"page": len(gzip.compress(html.encode()))}
    for name in needed:
        path = name.removeprefix("/static/").partition("?")[0]
        sizes[path] = len(gzip.compress((STATIC / path).read_bytes()))
    assert sum(sizes.values()) < COLD_PAGE_BYTES_MAX, sizes
