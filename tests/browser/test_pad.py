"""The scoring pad under a thumb: no tap is lost, no typing wiped, no two referees overwrite each other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import groupby
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser, Dialog, Route

from quart_app.actions import matches, staff
from quart_app.domain.commands import StartMatch, UpdateScore
from quart_app.domain.state.tournament import Tournament
from quart_app.web.doors.security import ANSWER_MARK
from tests.browser.browsing import Viewer, viewing
from tests.server import PASSWORD, Server

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
WATCH_NUMBERS = """() => {
    const of = () => [...document.querySelectorAll(".pad-number")].map((input) => input.value).join("–");
    window.seen = [of()];
    document.addEventListener("submit", () => window.seen.push(of()));  // behind the page's own listener
    setInterval(() => window.seen.push(of()), 10);
}"""
NUMBERS = "[...document.querySelectorAll('.pad-number')].map((input) => input.value).join('–')"
SPECTATORS = (
    "[...document.querySelectorAll('.score')].map((score) => score.textContent).slice(0, 2).join('–')"
)
NOT_SAVED = "document.querySelector('#pad-trouble').textContent.includes('is not saved yet')"


class Pad(Viewer):
    """A referee's phone with the pad of match 1 open."""

    async def tap(self, side: int, times: int = 1, *, pause: float = 0.0) -> None:
        """Tap a side's plus."""
        for _ in range(times):
            await self.page.locator(".plus").nth(side - 1).evaluate("(button) => button.click()")
            await asyncio.sleep(pause)

    async def reads(self, numbers: str) -> None:
        """Wait until the pad shows this score."""
        await self.until(f"{NUMBERS} === '{numbers}'")


async def now(server: Server, tournament_id: int) -> Tournament:
    """The tournament as its log has it."""
    return (await server.services.ledger.load(tournament_id)).tournament


async def scored(server: Server, tournament_id: int, score: tuple[int, int]) -> None:
    """Wait until the log has this score of match 1."""
    async with asyncio.timeout(8):
        while (await now(server, tournament_id)).matches[1].score != score:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.02)


@asynccontextmanager
async def refereeing(
    browser: Browser, server: Server, url: str, name: str, **options: Any
) -> AsyncIterator[Pad]:
    """A phone on which a member of staff has signed in and opened a page."""
    async with viewing(browser, f"{server.url}/staff/login/", **(PHONE | options)) as viewer:
        await viewer.page.fill("#name", name)
        await viewer.page.fill("#password", PASSWORD)
        await viewer.page.press("#password", "Enter")
        await viewer.page.wait_for_url("**/staff/")
        await viewer.page.goto(url)
        yield Pad(viewer.page)


async def add_referees(server: Server) -> int:
    """A tournament of four, P1 v P4 being played in match 1; anna and bob may score it."""
    await staff.add_staff(server.services, "anna", PASSWORD, "organiser")
    await staff.add_staff(server.services, "bob", PASSWORD, "scorer")
    tournament = await server.tournament(4)
    await matches.start_match(server.services, tournament.id, StartMatch(match_id=1), None)
    return tournament.id


@pytest_asyncio.fixture(name="tid")
async def _tid(server: Server) -> int:
    """A tournament of four, P1 v P4 being played in match 1; anna and bob may score it."""
    return await add_referees(server)


def pad_of(server: Server, tid: int, match_id: int = 1) -> str:
    """The address of a match's pad."""
    return f"{server.url}/staff/tournaments/{tid}/matches/{match_id}/"


async def test_a_tap_shows_on_a_spectators_page(server: Server, browser: Browser, tid: int) -> None:
    """From one phone to another, without a reload, and without a word on either console."""
    async with (
        refereeing(browser, server, pad_of(server, tid), "anna") as pad,
        viewing(browser, f"{server.url}/tournaments/{tid}/") as spectator,
    ):
        await spectator.until_live()
        await pad.tap(1)
        await spectator.until(f"{SPECTATORS} === '1–0'")
        assert pad.complaints + spectator.complaints == []


async def test_every_quick_tap_counts(server: Server, browser: Browser, tid: int) -> None:
    """On a slow line the number runs ahead of the server and never back; nobody conflicts with themselves."""
    answers: list[int] = []

    async def slow(route: Route) -> None:
        await asyncio.sleep(0.25)
        response = await route.fetch()
        answers.append(response.status)
        await route.fulfill(response=response)

    async with refereeing(browser, server, pad_of(server, tid), "anna") as pad:
        await pad.page.route("**/score/", slow)
        await pad.page.evaluate(WATCH_NUMBERS)
        await pad.tap(1, 12, pause=0.06)
        await scored(server, tid, (12, 0))
        await asyncio.sleep(0.4)
        seen = [numbers for numbers, _ in groupby(await pad.page.evaluate("window.seen"))]
        assert seen == [f"{number}–0" for number in range(13)]
        assert set(answers) == {200}


async def test_a_pad_that_nobody_touches_asks_for_nothing(server: Server, browser: Browser, tid: int) -> None:
    """After its one post a started match waits for the first tap, and what is opened stays open."""
    posts: list[str] = []
    async with refereeing(browser, server, pad_of(server, tid, 2), "anna") as pad:
        await pad.until_live()
        pad.page.on("request", lambda asked: posts.extend([asked.url] if asked.method == "POST" else []))
        await pad.page.click("text=Start the match")
        await pad.until("document.querySelector('.pad-score') !== null")
        await pad.page.click(".pad-confirm > summary")
        await asyncio.sleep(2.5)
        assert posts == [f"{pad_of(server, tid, 2)}start/"]
        assert await pad.page.evaluate("document.querySelector('.pad-confirm').open")


async def test_a_typed_score_is_saved_by_enter(server: Server, browser: Browser, tid: int) -> None:
    """For sports where tapping would take all day; a number that cannot be is told beside it and kept."""
    async with refereeing(browser, server, pad_of(server, tid), "anna") as pad:
        pad.page.once("dialog", lambda dialog: dialog.accept())
        await pad.page.fill("#participant2_score", "101")
        await pad.page.press("#participant2_score", "Enter")
        await scored(server, tid, (0, 101))
        await pad.page.fill("#participant2_score", "1o2")
        await pad.page.press("#participant2_score", "Enter")
        await pad.until("document.querySelector('#participant2_score-error') !== null")
        assert await pad.page.input_value("#participant2_score") == "1o2"
        assert await pad.page.evaluate("document.activeElement.id") == "participant2_score"


async def test_the_pad_follows_another_referee(server: Server, browser: Browser, tid: int) -> None:
    """The score of somebody else arrives by itself, with their name and a warning."""
    async with (
        refereeing(browser, server, pad_of(server, tid), "anna") as anna,
        refereeing(browser, server, pad_of(server, tid), "bob") as bob,
    ):
        await anna.until_live()
        await bob.tap(2)
        await anna.reads("0–1")
        assert "bob is scoring this match too." in await anna.text("#pad")


async def test_a_script_that_comes_late_keeps_no_page_from_following(
    server: Server, browser: Browser, tid: int
) -> None:
    """htmx may begin before its extension for streams has arrived; the page is live all the same."""

    async def late(route: Route) -> None:
        await asyncio.sleep(0.5)
        await route.continue_()

    async with viewing(browser, "about:blank") as viewer:
        await viewer.page.route("**/hx-sse.min.js*", late)
        await viewer.page.goto(f"{server.url}/tournaments/{tid}/")
        await viewer.until_live()


async def test_typing_survives_another_referee(server: Server, browser: Browser, tid: int) -> None:
    """Who is in the middle of a note keeps it, is told, and confirms nothing that they have not read."""
    async with refereeing(browser, server, pad_of(server, tid), "anna") as pad:
        await pad.until_live()
        await pad.tap(1)
        await scored(server, tid, (1, 0))
        await pad.reads("1–0")
        await pad.page.click("summary:has-text('Confirm')")
        await pad.page.fill("#confirm-notes", "after extra time")
        other = UpdateScore(match_id=1, participant1_score=1, participant2_score=2)
        await matches.update_score(server.services, tid, other, None)
        await pad.until("document.querySelector('.stale').hidden === false")
        await pad.page.click("text=Yes, that is final")
        await pad.until("document.querySelector('#pad-refusal') !== null")
        assert await pad.page.input_value("#confirm-notes") == "after extra time"
        assert "P4 beat P1 2–1" in (await pad.text(".pad-verdict")).replace("\u2060", "")
        assert (await now(server, tid)).matches[1].result is None


async def test_a_lost_connection_loses_no_score(server: Server, browser: Browser, tid: int) -> None:
    """The pad says that it is not saved, keeps it, and sends it when the network is back."""
    async with refereeing(browser, server, pad_of(server, tid), "anna") as pad:
        await pad.page.context.set_offline(True)
        await pad.tap(1, 3)
        await pad.until(NOT_SAVED)
        await pad.page.context.set_offline(False)
        await scored(server, tid, (3, 0))
        await pad.until(f"!{NOT_SAVED}")


async def test_an_answer_that_is_lost_makes_no_conflict(server: Server, browser: Browser, tid: int) -> None:
    """The score arrived but its answer did not: it is sent again, and what was tapped since builds on it."""
    answers: list[int] = []

    async def lose_the_first(route: Route) -> None:
        response = await route.fetch()
        answers.append(response.status)
        await (route.abort() if len(answers) == 1 else route.fulfill(response=response))

    async with refereeing(browser, server, pad_of(server, tid), "anna") as pad:
        await pad.page.route("**/score/", lose_the_first)
        await pad.tap(1)
        await pad.until(NOT_SAVED)
        await pad.tap(2, 3)
        await pad.reads("1–3")
        await scored(server, tid, (1, 3))
        await pad.until(f"!{NOT_SAVED}")
        await pad.until("document.querySelector('#pad').dataset.seq === '6'")
        assert answers == [200, 200, 200]


async def test_a_server_that_cannot_answer_now_loses_no_score(
    server: Server, browser: Browser, tid: int
) -> None:
    """Its words are shown, the pad stays, and the score is sent again."""
    answers = iter((500, 429))

    async def fail_twice(route: Route) -> None:
        status = next(answers, None)
        if status is None:
            await route.continue_()
        else:
            headers = ANSWER_MARK | {"Content-Type": "text/html"}
            await route.fulfill(status=status, body="<p>Not now.</p>", headers=headers)

    async with refereeing(browser, server, pad_of(server, tid), "anna") as pad:
        await pad.page.route("**/score/", fail_twice)
        await pad.tap(1, 2)
        await pad.until("document.querySelector('#pad-trouble').textContent.includes('Not now.')")
        await pad.reads("2–0")
        await scored(server, tid, (2, 0))
        await pad.until("document.querySelector('#pad-trouble').textContent === ''")


async def test_who_confirms_while_a_tap_is_under_way_reads_the_score_with_it(
    server: Server, browser: Browser, tid: int
) -> None:
    """The confirmation opens when the answer is there, about the score that the tap made."""

    async def slow(route: Route) -> None:
        await asyncio.sleep(0.3)
        await route.continue_()

    async with refereeing(browser, server, pad_of(server, tid), "anna") as pad:
        await pad.tap(1)
        await scored(server, tid, (1, 0))
        await pad.until("document.querySelector('.pad-confirm .pad-verdict').textContent.includes('1–')")
        await pad.page.route("**/score/", slow)
        await pad.page.click(".pad-confirm > summary")
        await pad.tap(2, 3)
        assert not await pad.page.evaluate("document.querySelector('.pad-confirm').open")
        await pad.page.click(".pad-confirm > summary")
        await pad.until("document.querySelector('.pad-confirm').open")
        assert "P4 beat P1 3–1" in (await pad.text(".pad-verdict")).replace("\u2060", "")


async def test_a_login_that_has_ended_leads_to_the_login_and_back(
    server: Server, browser: Browser, tid: int
) -> None:
    """The next tap asks who it is, then comes back to the pad, and what was tapped is offered again."""
    async with refereeing(browser, server, pad_of(server, tid), "anna") as pad:
        await pad.page.locator(".plus").first.tap()
        await scored(server, tid, (1, 0))
        await pad.reads("1–0")
        await pad.page.context.clear_cookies()
        asked: list[str] = []

        async def stay(dialog: Dialog) -> None:
            asked.append(dialog.type)
            await dialog.dismiss()

        pad.page.on("dialog", stay)
        await pad.page.locator(".plus").last.evaluate("(button) => [button.click(), button.click()].length")
        await pad.page.wait_for_url("**/staff/login/**")
        await pad.page.fill("#name", "anna")
        await pad.page.fill("#password", PASSWORD)
        await pad.page.press("#password", "Enter")
        await pad.page.wait_for_url(pad_of(server, tid))
        await pad.reads("1–0")
        assert asked == []
        assert "You had entered 1–2 when your login ended." in await pad.text("#pad-unsaved")
        await pad.page.tap("text=Set it to 1–2")
        await scored(server, tid, (1, 2))
        await pad.page.reload()
        assert await pad.page.locator("#pad-unsaved").count() == 0


async def test_a_match_is_played_without_scripts(server: Server, browser: Browser, tid: int) -> None:
    """Plus, minus, a typed score and the confirmation are plain forms."""
    url = pad_of(server, tid)
    async with refereeing(browser, server, url, "anna", java_script_enabled=False) as pad:
        await pad.page.locator(".plus").first.tap()
        await pad.page.locator(".plus").first.tap()
        await pad.page.locator(".minus").first.tap()
        await pad.page.fill("#participant2_score", "4")
        await pad.page.press("#participant2_score", "Enter")
        await pad.page.locator("summary:has-text('Confirm')").tap()
        await pad.page.locator("text=Yes, that is final").tap()
        assert "P4 beat P1 4–1." in (await pad.text("#pad")).replace("\u2060", "")


async def test_the_list_of_matches_keeps_itself_current(server: Server, browser: Browser, tid: int) -> None:
    """A match that starts moves to those being played, and its score is followed."""
    url = f"{server.url}/staff/tournaments/{tid}/"
    async with refereeing(browser, server, url, "bob") as page:
        await page.until_live()
        await matches.start_match(server.services, tid, StartMatch(match_id=2), None)
        await page.until("document.querySelectorAll('.work.big .work-item').length === 2")
        score = UpdateScore(match_id=2, participant1_score=0, participant2_score=3)
        await matches.update_score(server.services, tid, score, None)
        await page.until("document.querySelector('.work.big').textContent.includes('0–3')")
