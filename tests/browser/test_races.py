"""The staff's pages where the feed, answers to their forms and what is being typed cross each other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Route

from quart_app.actions import corrections, matches
from quart_app.domain.commands import ConfirmResult, ReopenMatch, StartMatch, UpdateScore
from quart_app.web.doors.security import ANSWER_MARK
from tests.browser.test_pad import add_referees, pad_of, refereeing, scored
from tests.browser.test_pad_focus import until_focused
from tests.server import Server

SCORING = "document.querySelector('.pad-score') !== null"
TWO_PLAYED = "document.querySelectorAll('.work.big .work-item').length === 2"
NOT_NOW = "document.querySelector('#pad-trouble').textContent.includes('Not now.')"


@pytest_asyncio.fixture(name="tid")
async def _tid(server: Server) -> int:
    """A tournament of four, P1 v P4 being played in match 1; anna and bob may score it."""
    return await add_referees(server)


def late(may_answer: asyncio.Event) -> Callable[[Route], Awaitable[None]]:
    """Hold back an answer that the server has given."""

    async def hold(route: Route) -> None:
        answer = await route.fetch()
        await may_answer.wait()
        await route.fulfill(response=answer)

    return hold


async def refuse(route: Route) -> None:
    """Answer as a server that is too busy."""
    headers = ANSWER_MARK | {"Content-Type": "text/html"}
    await route.fulfill(status=503, body="<p>Not now.</p>", headers=headers)


async def score(server: Server, tid: int, match_id: int, goals: int) -> None:
    """Let somebody else set a match's score to 0 against ``goals``."""
    command = UpdateScore(match_id=match_id, participant1_score=0, participant2_score=goals)
    await matches.update_score(server.services, tid, command, None)


async def test_what_came_while_a_form_was_under_way_is_shown_after_its_answer(
    server: Server, browser: Browser, tid: int
) -> None:
    """Also where the answer has taken the form out of the page."""
    may_answer = asyncio.Event()
    async with refereeing(browser, server, pad_of(server, tid, 2), "anna") as pad:
        await pad.until_live()
        await pad.page.route("**/start/", late(may_answer))
        await pad.page.click("text=Start the match")
        await pad.until("document.querySelector('#match-2').dataset.status === 'live'")
        await score(server, tid, 2, 3)
        await pad.until("document.querySelector('#match-2').textContent.includes('3')")
        may_answer.set()
        await pad.reads("0–3")


async def test_a_tap_on_a_match_that_was_decided_meanwhile_is_over(
    server: Server, browser: Browser, tid: int
) -> None:
    """The answer has no score to tap on; when the match is played on, the pad follows, and counts."""
    may_ask = asyncio.Event()

    async def held(route: Route) -> None:
        await may_ask.wait()
        await route.continue_()

    async with refereeing(browser, server, pad_of(server, tid), "anna") as pad:
        await pad.until_live()
        await pad.page.route("**/score/", held)
        await pad.tap(1)
        await score(server, tid, 1, 3)
        await matches.confirm_result(server.services, tid, ConfirmResult(match_id=1), None)
        may_ask.set()
        await pad.until(f"!({SCORING})")
        await corrections.change_result(server.services, tid, ReopenMatch(match_id=1), None)
        await pad.until(SCORING)
        await pad.tap(2)
        await scored(server, tid, (0, 4))


async def test_a_score_that_cannot_be_saved_any_more_holds_nothing_up(
    server: Server, browser: Browser, tid: int
) -> None:
    """While it waited to be sent again, the start was taken back."""
    async with refereeing(browser, server, pad_of(server, tid), "anna") as pad:
        await pad.until_live()
        await pad.page.route("**/score/", refuse)
        await pad.tap(1)
        await pad.until(NOT_NOW)
        await pad.page.click("#pad-started > summary")
        await pad.page.click("text=Take the start back")
        await pad.until(f"!({SCORING})")
        await asyncio.sleep(2.5)  # longer than until it would be sent again
        await pad.page.unroute("**/score/")
        await matches.start_match(server.services, tid, StartMatch(match_id=1), None)
        await pad.until(SCORING)
        await pad.tap(2)
        await scored(server, tid, (0, 1))


async def test_taps_that_wait_survive_the_answer_to_another_form(
    server: Server, browser: Browser, tid: int
) -> None:
    """It shows the pad anew, with the score as it was then; what was tapped since counts nevertheless."""
    may_answer = asyncio.Event()
    async with refereeing(browser, server, pad_of(server, tid), "anna") as pad:
        await pad.page.route("**/score/", late(may_answer))
        await pad.tap(1, 3)
        await scored(server, tid, (1, 0))
        await pad.page.click("#pad-walkover > summary")
        await pad.page.click("text=Record the walkover")
        await pad.until("document.querySelector('#pad-refusal') !== null")
        await pad.reads("3–0")
        may_answer.set()
        await scored(server, tid, (3, 0))
        await pad.reads("3–0")


async def test_a_pad_that_never_got_to_the_login_follows(server: Server, browser: Browser, tid: int) -> None:
    """The way there was stopped, or somebody has come back from it: its form is under way no more."""

    async def stay(route: Route) -> None:
        await route.fulfill(status=204)

    async with refereeing(browser, server, pad_of(server, tid, 2), "anna") as pad:
        await pad.until_live()
        cookies = await pad.page.context.cookies()
        await pad.page.route("**/staff/login/**", stay)
        await pad.page.context.clear_cookies()
        async with pad.page.expect_request("**/staff/login/**unsaved=1"):
            await pad.page.click("text=Start the match")
        await pad.page.context.add_cookies(cookies)  # type: ignore[arg-type]  # what it gave itself
        await matches.start_match(server.services, tid, StartMatch(match_id=2), None)
        await pad.until(SCORING)


async def test_who_began_to_type_while_the_pad_was_asked_for_is_told(
    server: Server, browser: Browser, tid: int
) -> None:
    """It is not shown, as it would wipe what they typed; nothing else would say that there is news."""
    may_answer = asyncio.Event()
    async with refereeing(browser, server, pad_of(server, tid), "anna") as pad:
        await pad.until_live()
        await pad.page.route("**/matches/1/", late(may_answer))
        async with pad.page.expect_request("**/matches/1/"):
            await score(server, tid, 1, 3)
        await pad.page.click("#pad-walkover > summary")
        await pad.page.fill("#walkover-notes", "hurt")
        may_answer.set()
        await pad.until("document.querySelector('.stale').hidden === false")
        assert await pad.page.input_value("#walkover-notes") == "hurt"


@pytest.mark.parametrize("lost", [False, True], ids=["refused", "lost"])
async def test_a_button_whose_form_came_to_nothing_keeps_the_focus(
    server: Server, browser: Browser, tid: int, lost: bool
) -> None:
    """Whoever has no mouse presses it again."""

    async def lose(route: Route) -> None:
        await asyncio.sleep(0.2)  # time for the focus to get lost
        await (route.abort() if lost else refuse(route))

    async with refereeing(browser, server, pad_of(server, tid, 2), "anna") as pad:
        await pad.page.route("**/start/", lose)
        await pad.page.focus("text=Start the match")
        await pad.page.keyboard.press("Enter")
        await pad.until("document.querySelector('#pad-trouble').textContent !== ''")
        await pad.page.unroute("**/start/")
        await until_focused(pad, "#pad-start button")
        await pad.page.keyboard.press("Enter")
        await pad.until(SCORING)


async def test_a_button_that_is_pressed_twice_sends_once(server: Server, browser: Browser, tid: int) -> None:
    """It can keep the focus because of that."""
    may_answer = asyncio.Event()
    asked: list[str] = []
    async with refereeing(browser, server, pad_of(server, tid, 2), "anna") as pad:
        pad.page.on("request", lambda each: asked.extend([each.url] if each.method == "POST" else []))
        await pad.page.route("**/start/", late(may_answer))
        await pad.page.focus("text=Start the match")
        await pad.page.keyboard.press("Enter")
        await pad.page.keyboard.press("Enter")
        may_answer.set()
        await pad.until(SCORING)
        assert [each for each in asked if each.endswith("/start/")] == [f"{pad_of(server, tid, 2)}start/"]


async def test_a_panel_that_closes_gives_the_focus_to_what_opens_it(
    server: Server, browser: Browser, tid: int
) -> None:
    """What it asked about has changed; the keyboard goes on there, and not at the top of the page."""
    async with refereeing(browser, server, pad_of(server, tid), "anna") as pad:
        await pad.until_live()
        await score(server, tid, 1, 3)
        await pad.reads("0–3")
        await pad.page.click(".pad-confirm > summary")
        await pad.page.focus(".pad-confirm .pad-final")
        await score(server, tid, 1, 4)
        await pad.reads("0–4")
        await until_focused(pad, ".pad-confirm > summary")


async def test_a_panel_of_a_tournament_that_closes_gives_the_focus_to_what_opens_it(
    server: Server, browser: Browser, tid: int
) -> None:
    """As on the pad."""
    async with refereeing(browser, server, f"{server.url}/staff/tournaments/{tid}/", "anna") as page:
        await page.until_live()
        await page.page.click("summary:has-text('Archive it')")
        await page.page.focus("button:has-text('Archive it')")
        await matches.start_match(server.services, tid, StartMatch(match_id=2), None)
        await page.until(TWO_PLAYED)
        await page.until("document.activeElement.textContent === 'Archive it'")
        assert await page.page.evaluate("document.activeElement.matches('summary')")


async def test_the_focus_stays_on_a_match_that_moves_in_the_list(
    server: Server, browser: Browser, tid: int
) -> None:
    """Enter opens the match that was chosen, wherever it stands now."""
    async with refereeing(browser, server, f"{server.url}/staff/tournaments/{tid}/", "anna") as page:
        await page.until_live()
        await page.page.focus("a.work-item[href$='/matches/2/']")
        await matches.start_match(server.services, tid, StartMatch(match_id=2), None)
        await page.until(TWO_PLAYED)
        await until_focused(page, "a.work-item[href$='/matches/2/']")


async def test_an_answer_that_is_swallowed_is_asked_for_again(
    server: Server, browser: Browser, tid: int
) -> None:
    """As soon as for a form, and not after the minute that is htmx' own."""
    asked = 0

    async def swallow(route: Route) -> None:
        nonlocal asked
        asked += 1
        if asked > 1:
            await route.continue_()

    async with refereeing(browser, server, pad_of(server, tid, 2), "anna") as pad:
        await pad.until_live()
        await pad.page.route("**/matches/2/", swallow)
        await matches.start_match(server.services, tid, StartMatch(match_id=2), None)
        await pad.until(SCORING, seconds=20)


async def test_an_answer_that_comes_after_the_feed_keeps_the_focus(
    server: Server, browser: Browser, tid: int
) -> None:
    """The feed tells of the start first: the pad waits for the answer, which knows what had the focus."""
    may_answer = asyncio.Event()
    async with refereeing(browser, server, pad_of(server, tid, 2), "anna") as pad:
        await pad.page.route("**/start/", late(may_answer))
        await pad.page.focus("text=Start the match")
        await pad.page.keyboard.press("Enter")
        await pad.until("document.querySelector('#match-2').dataset.status === 'live'")
        await asyncio.sleep(0.5)  # longer than to ask for the pad anew takes
        may_answer.set()
        await until_focused(pad, ".plus")


async def test_a_start_that_is_not_answered_is_shown_by_the_feed(
    server: Server, browser: Browser, tid: int
) -> None:
    """Where the answer is lost, the pad follows as it would have, had somebody else started the match."""

    async def lost(route: Route) -> None:
        await route.fetch()
        await asyncio.sleep(0.5)
        await route.abort()

    async with refereeing(browser, server, pad_of(server, tid, 2), "anna") as pad:
        await pad.page.route("**/start/", lost)
        await pad.page.click("text=Start the match")
        await pad.until(SCORING)
