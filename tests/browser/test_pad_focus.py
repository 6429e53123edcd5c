"""Where the focus goes on the pad, and what a referee sees of a refusal; what the Back button brings."""

from __future__ import annotations

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from quart_app.actions import matches
from quart_app.domain.commands import UpdateScore
from tests.browser.browsing import Viewer
from tests.browser.test_pad import Pad, add_referees, now, pad_of, refereeing, scored
from tests.server import PASSWORD, Server

SMALL = {"viewport": {"width": 360, "height": 640}}


@pytest_asyncio.fixture(name="tid")
async def _tid(server: Server) -> int:
    """A tournament of four, P1 v P4 being played in match 1; anna and bob may score it."""
    return await add_referees(server)


async def until_focused(viewer: Viewer, selector: str) -> None:
    """Wait until the focus is on such an element: after a swap it comes in a moment of its own."""
    await viewer.until(f"document.activeElement.matches({selector!r})")


async def in_sight(viewer: Viewer, selector: str) -> bool:
    """Whether an element stands within the screen."""
    seen: bool = await viewer.page.evaluate(
        """(selector) => {
          const { top, bottom } = document.querySelector(selector).getBoundingClientRect();
          return top >= 0 && bottom <= innerHeight;
        }""",
        selector,
    )
    return seen


async def led(pad: Pad, server: Server, tid: int) -> None:
    """Bring match 1 to 1–0, and the pad with it."""
    await pad.tap(1)
    await scored(server, tid, (1, 0))
    await pad.until("document.querySelector('.pad-confirm .pad-verdict').textContent.includes('1–')")


async def test_back_brings_the_page_and_not_the_bare_pad(server: Server, browser: Browser, tid: int) -> None:
    """Also after a refresh has asked for the pad alone at the page's own address."""
    async with refereeing(browser, server, pad_of(server, tid), "anna") as pad:
        await pad.keep_answers()
        await pad.until_live()
        score = UpdateScore(match_id=1, participant1_score=0, participant2_score=1)
        await matches.update_score(server.services, tid, score, None)
        await pad.reads("0–1")
        await pad.page.click(".back a")
        await pad.page.wait_for_url(f"**/staff/tournaments/{tid}/")
        await pad.page.go_back()
        assert await pad.page.locator("link[rel=stylesheet]").count() == 1
        await pad.reads("0–1")


async def test_enter_makes_no_result_final(server: Server, browser: Browser, tid: int) -> None:
    """In the tie-break it leads from field to field to the button, which makes it final."""
    async with refereeing(browser, server, pad_of(server, tid), "anna") as pad:
        await pad.page.click(".pad-confirm > summary")
        await pad.page.fill("#participant1_tiebreak", "4")
        await pad.page.press("#participant1_tiebreak", "Enter")
        await until_focused(pad, "#participant2_tiebreak")
        await pad.page.keyboard.type("3")
        await pad.page.keyboard.press("Enter")
        await until_focused(pad, ".pad-final")
        assert (await now(server, tid)).matches[1].live
        await pad.page.keyboard.press("Enter")
        await pad.until("document.querySelector('.pad-result') !== null")
        await until_focused(pad, "#pad-title")


async def test_enter_on_a_walkover_leads_to_its_button(server: Server, browser: Browser, tid: int) -> None:
    """A choice with the keyboard is not yet a result."""
    async with refereeing(browser, server, pad_of(server, tid), "anna") as pad:
        await pad.page.click("#pad-walkover > summary")
        await pad.page.check("#pad-walkover input[type=radio] >> nth=0")
        await pad.page.keyboard.press("Enter")
        await until_focused(pad, ".pad-final")
        assert (await now(server, tid)).matches[1].live


async def test_a_refused_confirmation_is_seen(server: Server, browser: Browser, tid: int) -> None:
    """On a small phone, too, where the button is far below what says no."""
    async with refereeing(browser, server, pad_of(server, tid), "anna", **SMALL) as pad:
        await led(pad, server, tid)
        await pad.page.click(".pad-confirm > summary")
        await pad.page.fill("#confirm-notes", "after extra time")
        score = UpdateScore(match_id=1, participant1_score=1, participant2_score=2)
        await matches.update_score(server.services, tid, score, None)
        await pad.until("document.querySelector('.stale').hidden === false")
        assert await in_sight(pad, ".stale")
        await pad.page.click("text=Yes, that is final")
        await pad.until("document.querySelector('#pad-refusal') !== null")
        await until_focused(pad, "#pad-refusal")
        assert await in_sight(pad, "#pad-refusal")


async def test_a_level_score_leads_to_its_tie_break(server: Server, browser: Browser, tid: int) -> None:
    """Confirmed without one, the first field of it has the focus."""
    async with refereeing(browser, server, pad_of(server, tid), "anna", **SMALL) as pad:
        await pad.page.click(".pad-confirm > summary")
        await pad.page.click(".pad-confirm .pad-final")
        await pad.until("document.querySelector('#pad-refusal') !== null")
        await until_focused(pad, "#participant1_tiebreak")
        assert await in_sight(pad, "#participant1_tiebreak")


async def test_a_walkover_without_a_choice_leads_to_it(server: Server, browser: Browser, tid: int) -> None:
    """The first choice has the focus."""
    async with refereeing(browser, server, pad_of(server, tid), "anna", **SMALL) as pad:
        await pad.page.click("#pad-walkover > summary")
        await pad.page.click("text=Record the walkover")
        await pad.until("document.querySelector('#winner_id-error') !== null")
        await until_focused(pad, "[name=winner_id]")
        assert await in_sight(pad, "#pad-walkover :focus")


async def test_a_started_match_waits_for_the_first_plus(server: Server, browser: Browser, tid: int) -> None:
    """The button that had the focus is gone; the keyboard goes on where the score is."""
    async with refereeing(browser, server, pad_of(server, tid, 2), "anna") as pad:
        await pad.page.focus("text=Start the match")
        await pad.page.keyboard.press("Enter")
        await pad.until("document.querySelector('.pad-score') !== null")
        await until_focused(pad, ".plus")


@pytest.mark.parametrize("width", [320, 360, 390])
async def test_a_score_of_four_digits_can_be_read(
    server: Server, browser: Browser, tid: int, width: int
) -> None:
    """On a small phone, and nothing makes the page wider than it is."""
    phone = {"viewport": {"width": width, "height": 640}}
    async with refereeing(browser, server, pad_of(server, tid), "anna", **phone) as pad:
        await pad.page.fill("#participant1_score", "9999")
        assert await pad.page.evaluate(
            """() => {
              const number = document.querySelector(".pad-number");
              return number.scrollWidth <= number.clientWidth && document.body.scrollWidth <= innerWidth;
            }"""
        )


async def test_what_was_typed_comes_back_after_a_login_that_ended(
    server: Server, browser: Browser, tid: int
) -> None:
    """The form says so while one types. Sent nevertheless, it is as the page that refuses it promises: Back,
    and the form is as it was, with its count."""
    url = f"{server.url}/staff/tournaments/new/"
    async with refereeing(browser, server, url, "anna") as page:
        await page.keep_answers()
        await page.page.fill("#name", "Hall Cup")
        await page.page.fill("#participants", "Ana\nBo\nCem")
        await page.page.press("#participants", "Tab")  # by this it counts as changed
        await page.until("document.querySelector('#outline').textContent.includes('matches')")
        await page.page.context.clear_cookies()
        await page.page.press("#participants", "End")
        await page.page.keyboard.type("a")
        await page.page.keyboard.press("Tab")
        await page.until("document.querySelector('#outline').textContent.includes('not signed in any more')")
        await page.page.click("text=Create and look at the draw")
        await page.page.wait_for_selector("text=Please sign in")
        await page.page.go_back()
        assert await page.page.input_value("#name") == "Hall Cup"
        assert await page.page.input_value("#participants") == "Ana\nBo\nCema"
        assert await page.text("#participants-count") == "3 participants"


async def test_a_login_that_ended_while_scoring_is_told(server: Server, browser: Browser, tid: int) -> None:
    """The tap was not saved, and the login says so."""
    async with refereeing(browser, server, pad_of(server, tid), "anna") as pad:
        await pad.page.context.clear_cookies()
        await pad.tap(1)
        await pad.page.wait_for_url("**/staff/login/**")
        assert "was not saved" in await pad.text("[role=alert]")
        await pad.page.fill("#name", "anna")
        await pad.page.fill("#password", PASSWORD)
        await pad.page.press("#password", "Enter")
        await pad.page.wait_for_url(pad_of(server, tid))
