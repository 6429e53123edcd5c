"""The pad's fields under quick fingers, and a screen that stays on while a match is being played."""

from __future__ import annotations

import pytest_asyncio
from playwright.async_api import Browser, Dialog

from quart_app.actions import matches
from quart_app.domain.commands import ConfirmResult, UpdateScore
from tests.browser.test_pad import add_referees, pad_of, refereeing, scored
from tests.server import Server

FIELD = "#participant1_score"
KEEP_LOCKS = """
  const request = WakeLock.prototype.request;
  window.locks = [];
  WakeLock.prototype.request = async function (...kind) {
    const lock = await request.apply(this, kind);
    window.locks.push(lock);
    return lock;
  };
"""


@pytest_asyncio.fixture(name="tid")
async def _tid(server: Server) -> int:
    """A tournament of four, P1 v P4 being played in match 1; anna and bob may score it."""
    return await add_referees(server)


async def test_what_is_typed_replaces_what_stood_there(server: Server, browser: Browser, tid: int) -> None:
    """After a tap into the field, after Enter and after a step by the arrows; a great jump is asked about."""
    asked: list[str] = []

    async def refuse(dialog: Dialog) -> None:
        asked.append(dialog.message)
        await dialog.dismiss()

    async with refereeing(browser, server, pad_of(server, tid), "anna") as pad:
        keyboard = pad.page.keyboard
        await pad.page.tap(FIELD)
        await keyboard.type("13")
        await keyboard.press("Enter")
        await scored(server, tid, (13, 0))
        await keyboard.type("14")
        await keyboard.press("Enter")
        await scored(server, tid, (14, 0))
        await pad.page.tap("#participant2_score")
        await pad.page.click(FIELD)
        await keyboard.type("6")
        await keyboard.press("ArrowUp")
        await scored(server, tid, (7, 0))
        await keyboard.press("ArrowDown")
        await keyboard.press("ArrowDown")
        await scored(server, tid, (5, 0))
        pad.page.once("dialog", refuse)
        await keyboard.type("163")
        await keyboard.press("Enter")
        await pad.reads("5–0")
        assert asked == ["P1: from 5 to 163?"]
        await keyboard.type("8")
        await keyboard.press("Enter")
        await scored(server, tid, (8, 0))


async def test_a_field_that_was_typed_in_shows_what_another_referee_did(
    server: Server, browser: Browser, tid: int
) -> None:
    """It still has the focus; what stood in it is over, and a step builds on the new score."""
    async with refereeing(browser, server, pad_of(server, tid), "anna") as pad:
        await pad.until_live()
        await pad.page.tap(FIELD)
        await pad.page.keyboard.type("13")
        await pad.page.keyboard.press("Enter")
        await scored(server, tid, (13, 0))
        await pad.until("document.querySelector('#pad').dataset.seq === '5'")
        score = UpdateScore(match_id=1, participant1_score=14, participant2_score=0)
        await matches.update_score(server.services, tid, score, None)
        await pad.reads("14–0")


async def test_the_screen_stays_on_while_a_match_is_live(server: Server, browser: Browser, tid: int) -> None:
    """And no longer."""
    async with refereeing(browser, server, f"{server.url}/staff/", "anna") as pad:
        await pad.page.context.grant_permissions(["screen-wake-lock"])
        await pad.page.add_init_script(KEEP_LOCKS)
        await pad.page.goto(pad_of(server, tid))
        await pad.until_live()
        await pad.until("window.locks.length === 1 && !window.locks[0].released")
        score = UpdateScore(match_id=1, participant1_score=1, participant2_score=0)
        await matches.update_score(server.services, tid, score, None)
        await matches.confirm_result(server.services, tid, ConfirmResult(match_id=1), None)
        await pad.until("window.locks.every((lock) => lock.released)")
