"""The stream in a real browser: a page keeps itself current, comes back by itself, and never looks fresher
than it is."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Route

from quart_app.actions.matches import confirm_result, start_match, update_score
from quart_app.actions.tournaments import change_visibility, create_tournament, generate_bracket
from quart_app.domain.bracket.match import MatchStatus
from quart_app.domain.commands import (
    ChangeVisibility,
    ConfirmResult,
    CreateTournament,
    EntrantLine,
    GenerateBracket,
    StartMatch,
    UpdateScore,
)
from quart_app.settings import Settings
from tests.browser.browsing import HALL, line_to, viewing
from tests.server import Server, running

FEED = re.compile(r"/sse/tournaments/\d+/fragments/")
STATE = "document.getElementById('freshness').dataset.state"
LIVE_SCORES = "[...document.querySelectorAll('#live-1 .score')].map((score) => score.textContent).join('–')"


async def score(server: Server, tournament_id: int, match_id: int, first: int, second: int) -> None:
    """Post a score."""
    command = UpdateScore(match_id=match_id, participant1_score=first, participant2_score=second)
    await update_score(server.services, tournament_id, command, None)


async def live_match(server: Server) -> tuple[int, str]:
    """A tournament of four whose first match is being played at 1–0: its id and its page's address."""
    tournament = await server.tournament(4)
    await start_match(server.services, tournament.id, StartMatch(match_id=1), None)
    await score(server, tournament.id, 1, 1, 0)
    return tournament.id, f"{server.url}/tournaments/{tournament.id}/"


async def test_a_score_appears_on_an_open_page(server: Server, browser: Browser) -> None:
    """In the strip and in the bracket, spoken by the announcer, and without a word on the console."""
    tid, url = await live_match(server)
    async with viewing(browser, url) as viewer:
        await viewer.until_live()
        await score(server, tid, 1, 1, 1)
        await viewer.until(f"{LIVE_SCORES} === '1–1'")
        await viewer.until(f"{LIVE_SCORES.replace('live-1', 'match-1')} === '1–1'")
        told = "document.getElementById('announcer').textContent"
        await viewer.until(f"{told} === 'P1 and P4 are level at 1–1.'")
        assert viewer.complaints == []


async def test_a_page_that_followed_a_whole_tournament_equals_a_fresh_one(
    server: Server, browser: Browser
) -> None:
    """What htmx made of all frames is, element for element, what a new page holds."""
    tournament = await server.tournament(7, third_place=True)
    tid, url = tournament.id, f"{server.url}/tournaments/{tournament.id}/"
    async with viewing(browser, url) as follower:
        await follower.until_live()
        for number in range(40):
            ready = [m for m in tournament.matches.values() if m.status is MatchStatus.READY]
            if not ready:
                break
            match_id = ready[number % len(ready)].match_id
            await start_match(server.services, tid, StartMatch(match_id=match_id), None)
            for first, second in ((1, 0), (1, 1), (1, 1 + match_id % 2)):
                await score(server, tid, match_id, first, second)
            result = ConfirmResult(match_id=match_id)
            if not match_id % 2:
                result = replace(result, participant1_tiebreak=4, participant2_tiebreak=2)
            tournament = (await confirm_result(server.services, tid, result, None)).tournament
        await follower.until("document.querySelector('.podium') !== null")
        async with viewing(browser, url) as newcomer:
            await newcomer.until_live()
            assert await follower.region() == await newcomer.region()
        assert follower.complaints == []


async def test_a_draft_turns_into_its_bracket(server: Server, browser: Browser) -> None:
    """The page of a draft shows the bracket as soon as it is drawn, and follows it from there."""
    command = CreateTournament(name="Draft cup", entrants=tuple(EntrantLine(name=name) for name in "ABCD"))
    tid = (await create_tournament(server.services, command, None)).tournament.id
    async with viewing(browser, f"{server.url}/tournaments/{tid}/") as viewer:
        await viewer.until_live()
        await generate_bracket(server.services, tid, GenerateBracket(), None)
        await viewer.until("document.querySelectorAll('.bracket .match').length === 3")
        await start_match(server.services, tid, StartMatch(match_id=1), None)
        await viewer.until("document.querySelector('#match-1').dataset.status === 'live'")


async def test_an_older_fragment_never_overwrites_a_newer_one(server: Server, browser: Browser) -> None:
    """A partial whose data-seq is below the held one is passed over; one that is not, is taken."""
    _, url = await live_match(server)
    async with viewing(browser, url) as viewer:
        await viewer.until_live()
        swapped = await viewer.page.evaluate(
            """async () => {
              const region = document.getElementById("live-region");
              const held = Number(document.getElementById("match-1").dataset.seq);
              const texts = [];
              for (const seq of [held - 1, held, held + 1]) {
                const card = `<li class="match" id="match-1" data-seq="${seq}">from ${seq - held}</li>`;
                const text = `<hx-partial hx-target="#match-1" hx-swap="outerMorph">${card}</hx-partial>`;
                await htmx.swap({ sourceElement: region, swap: "none", text });
                texts.push(document.getElementById("match-1").textContent);
              }
              return texts;
            }"""
        )
        assert swapped[1:] == ["from 0", "from 1"]
        assert "from" not in swapped[0]


async def test_a_fragment_that_the_page_does_not_show_is_passed_over(
    server: Server, browser: Browser
) -> None:
    """A match's page takes what is its own out of the tournament's frames, without an error."""
    tid, url = await live_match(server)
    async with viewing(browser, f"{url}matches/1/") as viewer:
        await viewer.until_live()
        await start_match(server.services, tid, StartMatch(match_id=2), None)
        await score(server, tid, 1, 3, 0)
        await viewer.until("document.querySelector('#match-1 .score').textContent === '3'")
        await viewer.until("document.querySelector('#story').textContent.includes('P1 3–0 P4')")
        assert viewer.complaints == []


async def test_a_first_connection_that_fails_is_tried_again(server: Server, browser: Browser) -> None:
    """Once without a network, once with an error page, of which nothing gets onto ours; then it is live."""
    tid, url = await live_match(server)
    answers = iter(("abort", "error"))

    async def fail_twice(route: Route) -> None:
        match next(answers, None):
            case "abort":
                await route.abort()
            case "error":
                body = "<title>Broken</title><p>broken</p>"
                await route.fulfill(status=503, body=body, content_type="text/html")
            case _:
                await route.continue_()

    async with viewing(browser, "about:blank") as viewer:
        await viewer.page.route(FEED, fail_twice)
        await viewer.page.goto(url)
        await viewer.until(f"{STATE} === 'reconnecting'")
        await score(server, tid, 1, 2, 0)
        await viewer.until_live()
        await viewer.until(f"{LIVE_SCORES} === '2–0'")
        assert "roken" not in await viewer.page.content()


@pytest.mark.parametrize(
    "late", ["htmx.min.js", "hx-sse.min.js", "sharing.js", "line.js", "live.js", "page.js"]
)
async def test_a_script_that_comes_late_loses_nothing(server: Server, browser: Browser, late: str) -> None:
    """However long one of them takes, the page gets its stream, and only one."""
    _, url = await live_match(server)
    feeds: list[str] = []

    async def wait(route: Route) -> None:
        await asyncio.sleep(0.5)
        await route.continue_()

    async with viewing(browser, "about:blank") as viewer:
        viewer.page.on("request", lambda each: feeds.append(each.url))
        await viewer.page.route(f"**/{late}*", wait)
        await viewer.page.goto(url)
        await viewer.until_live()
        await asyncio.sleep(0.3)
        assert sum("/sse/" in each for each in feeds) == 1


async def test_an_expired_token_is_renewed(server: Server, browser: Browser) -> None:
    """A page whose cookie has run out before it could connect fetches a new one and is live."""
    _, url = await live_match(server)
    statuses: list[int] = []

    async def let_the_cookie_run_out(route: Route) -> None:
        if not statuses:
            await viewer.page.context.clear_cookies()
        await route.continue_()

    async with viewing(browser, "about:blank") as viewer:
        viewer.page.on("response", lambda each: statuses.append(each.status) if "/sse/" in each.url else None)
        await viewer.page.route(FEED, let_the_cookie_run_out)
        await viewer.page.goto(url)
        await viewer.until_live()
        assert statuses == [401, 200]


async def test_a_page_outlives_its_token(settings: Settings, browser: Browser) -> None:
    """With tokens of a second the stream goes on, and so does a reconnect long after the first token."""
    async with running(replace(settings, feed_token_seconds=1.0)) as server:
        tid, url = await live_match(server)
        async with viewing(browser, url) as viewer:
            await viewer.until_live()
            await asyncio.sleep(2.5)
            await viewer.page.evaluate("document.getElementById('live-region')._htmx.sse.reader.cancel()")
            await viewer.until(f"{STATE} !== 'live'")
            await viewer.until_live()
            await score(server, tid, 1, 2, 0)
            await viewer.until(f"{LIVE_SCORES} === '2–0'")


async def test_a_page_over_plain_http_follows(settings: Settings, browser: Browser) -> None:
    """In production, in a hall's own network, where a browser drops every cookie that is Secure."""
    async with running(replace(settings, environment="production")) as server:
        tid, url = await live_match(server)
        async with viewing(browser, url.replace("127.0.0.1", HALL)) as viewer:
            await viewer.until_live()
            await score(server, tid, 1, 2, 0)
            await viewer.until(f"{LIVE_SCORES} === '2–0'")
            assert viewer.complaints == []


async def test_a_page_comes_back_after_a_restart(settings: Settings, browser: Browser) -> None:
    """While the server is away the page says so; afterwards it catches up with what it missed."""
    async with viewing(browser, "about:blank") as viewer:
        async with running(settings) as server:
            tid, url = await live_match(server)
            await viewer.page.goto(url)
            await viewer.until_live()
        await viewer.until(f"{STATE} === 'reconnecting'")
        async with running(replace(settings, port=urlsplit(url).port or 0)) as server:
            await score(server, tid, 1, 4, 2)
            await viewer.until_live()
            await viewer.until(f"{LIVE_SCORES} === '4–2'")


async def test_a_page_that_may_no_longer_watch_says_so_and_stops(server: Server, browser: Browser) -> None:
    """Made private, the tournament's page explains itself in a sentence and does not try again."""
    tid, url = await live_match(server)
    async with viewing(browser, url) as viewer:
        await viewer.until_live()
        await change_visibility(server.services, tid, ChangeVisibility(visibility="private"), None)
        await viewer.until("!document.getElementById('stopped').hidden")
        assert await viewer.text("#stopped") == (
            "You may no longer follow this tournament. Reload the page to see what you may."
        )
        assert await viewer.text("#freshness") == "Not live · last update just now"


async def test_a_stale_page_never_looks_live(settings: Settings, browser: Browser) -> None:
    """A while without a connection, and the mark has the age of what is shown, and no badge says Live."""
    async with viewing(browser, "about:blank") as viewer:
        async with running(settings) as server:
            _, url = await live_match(server)
            await viewer.page.goto(url)
            await viewer.until_live()
            assert await viewer.page.locator(".badge.live").count() == 2
        await viewer.until(f"{STATE} === 'stale'", seconds=15)
        mark = await viewer.text("#freshness")
        assert re.fullmatch(r"Not live · last update 1\d s ago( · Try now)?", mark)
        assert await viewer.page.locator(".badge.live:visible").count() == 0
        assert await viewer.page.title() == "(not live) Cup of 4 – Grandstand"


async def test_a_crowd_is_told_of_only_while_it_is_known(server: Server, browser: Browser) -> None:
    """In figures that can be read, beside the mark; a page that is not live does not know."""
    _, url = await live_match(server)
    crowd = "document.getElementById('watching')"
    frame = """() => htmx.trigger("#live-region", "presence", { data: '{"data": {"watching": 12345}}' })"""
    async with viewing(browser, url, locale="en-GB") as viewer:
        await viewer.until_live()
        await viewer.page.evaluate(frame)
        await viewer.until(f"{crowd}.checkVisibility() && {crowd}.textContent === '12,345 watching'")
        await viewer.page.evaluate("document.getElementById('live-region')._htmx.sse.reader.cancel()")
        await viewer.until(f"{crowd}.hidden")


async def test_a_hidden_page_rests_and_catches_up(settings: Settings, browser: Browser) -> None:
    """Out of sight it lets its stream go; looked at again it connects at once, whatever others are told to
    wait, and is not live before it has caught up."""
    hide = """(hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
      return document.getElementById("freshness").dataset.state;
    }"""
    async with running(replace(settings, retry_seconds=20.0)) as server:
        tid, url = await live_match(server)
        async with viewing(browser, url) as viewer:
            await viewer.until_live()
            await viewer.page.evaluate(hide, True)
            await viewer.until("!document.getElementById('live-region')._htmx.sse.reader")
            for _ in range(200):
                if server.hub.subscribers:
                    await asyncio.sleep(0.02)
            assert server.hub.subscribers == 0
            assert await viewer.page.title() == "Cup of 4 – Grandstand"
            await score(server, tid, 1, 1, 3)
            assert await viewer.page.evaluate(hide, False) == "reconnecting"
            await viewer.until_live()
            await viewer.until(f"{LIVE_SCORES} === '1–3'")


async def test_a_line_gone_dead_is_noticed(settings: Settings, browser: Browser) -> None:
    """Without even a heartbeat the page no longer calls itself live; it does once the line is back."""
    async with running(replace(settings, heartbeat_seconds=0.5)) as server:
        tid, url = await live_match(server)
        async with (
            line_to(urlsplit(url).port or 0) as line,
            viewing(browser, f"{line.url}/tournaments/{tid}/") as viewer,
        ):
            await viewer.until_live()
            line.freeze()
            await viewer.until(f"{STATE} === 'reconnecting'")
            await score(server, tid, 1, 5, 0)
            line.thaw()
            await viewer.until_live()
            await viewer.until(f"{LIVE_SCORES} === '5–0'")
