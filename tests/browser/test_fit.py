"""How pages fit where they are looked at: long names, byes, many live matches, the rounds on a phone."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser

from quart_app.actions.matches import start_match
from quart_app.actions.tournaments import create_tournament
from quart_app.domain.commands import CreateTournament, EntrantLine, StartMatch
from tests.browser.browsing import viewing
from tests.server import Server

PHONE = {"viewport": {"width": 390, "height": 844}}
LAPTOP = {"viewport": {"width": 1280, "height": 800}}
WALL = {"viewport": {"width": 1920, "height": 1080}}

BROKEN = """[...document.querySelectorAll("#bracket bdi")].filter((name) => {
  const range = document.createRange();
  const [text] = name.childNodes;
  return [...text.data.matchAll(/[^ -]+/g)].some(({ index, 0: word }) => {
    range.setStart(text, index);
    range.setEnd(text, index + word.length);
    return new Set([...range.getClientRects()].map((line) => Math.round(line.top))).size > 1;
  });
}).map((name) => name.textContent)"""
"""The names of which a word stands on two lines."""


async def crowd(server: Server, players: int, live: int = 0) -> str:
    """A tournament of people with long names, so many matches of it being played: its page's address."""
    lines = tuple(EntrantLine(name=f"Viswanathan Venkataraghavan {n}", seed=n) for n in range(1, players + 1))
    command = CreateTournament(name="Open", entrants=lines)
    made = (await create_tournament(server.services, command, None, generate=True)).tournament
    for match_id in made.agenda.ready[:live]:
        await start_match(server.services, made.id, StartMatch(match_id=match_id), None)
    return f"{server.url}/tournaments/{made.id}/"


async def test_a_column_is_as_wide_as_its_names(server: Server, browser: Browser) -> None:
    """In seven rounds no word is broken while columns stand empty, and nothing scrolls sideways."""
    url = await crowd(server, 100, live=3)
    async with viewing(browser, url, **LAPTOP) as viewer:
        assert await viewer.page.evaluate(BROKEN) == []
        widths = await viewer.page.evaluate(
            "[...document.querySelectorAll('.round')].map((round) => round.getBoundingClientRect().width)"
        )
        assert widths[0] > 1.4 * widths[-1]
        assert await viewer.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_byes_and_rounds_fit_a_phone(server: Server, browser: Browser) -> None:
    """A bye is one line; the control of seven rounds scrolls, and stays in sight."""
    url = await crowd(server, 100)
    async with viewing(browser, url, **PHONE) as viewer:
        heights = await viewer.page.evaluate(
            """[...document.querySelectorAll("[data-status=bye]")].map((bye) => bye.offsetHeight)"""
        )
        assert (len(heights), sum(heights) < 28 * 60) == (28, True)
        control = viewer.page.locator(".round-control")
        final = control.get_by_role("button", name="Final 0 of 1", exact=True)
        assert await control.evaluate("(control) => control.scrollWidth > control.clientWidth")
        await final.click()
        assert await viewer.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert await control.evaluate("(control) => control.scrollLeft > 0")
        await viewer.page.set_viewport_size({"width": 1280, "height": 800})
        await viewer.until("document.querySelectorAll('.round > h3').length === 7")


@pytest.mark.parametrize("live", [5, 8])
async def test_a_wall_shows_sixteen_while_many_are_played(
    server: Server, browser: Browser, live: int
) -> None:
    """However long the names are."""
    url = await crowd(server, 16, live=live)
    async with viewing(browser, url, **WALL) as viewer:
        bottom = "document.querySelector('#bracket').getBoundingClientRect().bottom"
        assert await viewer.page.evaluate(bottom) <= 1080


async def test_live_cards_shrink_with_their_number(server: Server, browser: Browser) -> None:
    """On a phone the bracket begins within a screen and a half while eight are played."""
    url = await crowd(server, 16, live=8)
    async with viewing(browser, url, **PHONE) as viewer:
        top = "document.querySelector('#bracket').getBoundingClientRect().top"
        assert await viewer.page.evaluate(top) < 1.5 * 844
