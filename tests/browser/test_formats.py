"""Every format in a real browser: nothing is wider than its screen, sections and tables do what they say."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Browser

from quart_app.actions.matches import confirm_result, start_match
from quart_app.actions.stages import publish_round
from quart_app.actions.tournaments import create_tournament
from quart_app.domain.commands import ConfirmResult, CreateTournament, EntrantLine, PublishRound, StartMatch
from quart_app.domain.events import StageSettings
from tests.browser.browsing import Viewer, viewing
from tests.domain.formats.test_custom import ROBOTICS, SIDED
from tests.server import Server

SCREENS = {"phone": (390, 844), "laptop": (1280, 800), "wall": (1920, 1080)}
STAGES: dict[str, tuple[int, tuple[StageSettings, ...]]] = {
    "single elimination": (16, (StageSettings(format="single_elimination", third_place=True),)),
    "double elimination": (16, (StageSettings(format="double_elimination", best_of=3),)),
    "double elimination of 6": (6, (StageSettings(format="double_elimination"),)),
    "groups, then a knock-out": (
        16,
        (
            StageSettings(format="round_robin", groups=4, advance=2),
            StageSettings(format="single_elimination"),
        ),
    ),
    "a graph of its own": (8, (StageSettings(format="custom", plans=ROBOTICS),)),
    "the same with sides": (8, (StageSettings(format="custom", plans=SIDED),)),
    "league": (12, (StageSettings(format="round_robin", legs=2),)),
    "swiss": (9, (StageSettings(format="swiss", rounds=4),)),
}


async def made(server: Server, name: str) -> tuple[int, str]:
    """A tournament of a format, begun where there is something to begin: its id and its address."""
    count, stages = STAGES[name]
    entrants = tuple(EntrantLine(name=f"Participant {number}") for number in range(1, count + 1))
    command = CreateTournament(name=name, entrants=entrants, stages=stages)
    created = await create_tournament(server.services, command, None, generate=True)
    tid = created.tournament.id
    if name == "swiss":
        pairs = tuple((number, number + 4) for number in range(1, 5))
        await publish_round(server.services, tid, PublishRound(stage=1, pairs=pairs, byes=(9,)), None)
    ready = (await server.services.ledger.load(tid)).tournament.agenda.ready
    await start_match(server.services, tid, StartMatch(match_id=ready[0]), None)
    return tid, f"{server.url}/tournaments/{tid}/"


def screen(name: str) -> dict[str, Any]:
    """A browser's context for a screen."""
    width, height = SCREENS[name]
    return {"viewport": {"width": width, "height": height}}


OVERLAPPING = """() => {
  const cards = [...document.querySelectorAll("#bracket .match:not(.gap) .play")]
    .filter((card) => card.checkVisibility()).map((card) => card.getBoundingClientRect());
  return cards.filter((one, at) => cards.some((other, where) => at < where
    && one.left < other.right - 2 && other.left < one.right - 2
    && one.top < other.bottom - 2 && other.top < one.bottom - 2)).length;
}"""
"""How many cards lie on another."""


async def shown_sections(viewer: Viewer) -> list[str]:
    """The titles of the sections whose rounds can be seen."""
    shown: list[str] = await viewer.page.evaluate(
        """[...document.querySelectorAll(".section:has(> .section-head)")]
           .filter((section) => section.querySelector(".tree").checkVisibility())
           .map((section) => section.querySelector(".section-title").textContent)"""
    )
    return shown


@pytest.mark.parametrize("where", SCREENS)
@pytest.mark.parametrize("name", STAGES)
async def test_nothing_is_wider_than_its_screen_and_no_card_lies_on_another(
    server: Server, browser: Browser, name: str, where: str
) -> None:
    """On a phone, a laptop and a wall, in every format; and no script complains."""
    _, url = await made(server, name)
    async with viewing(browser, url, **screen(where)) as viewer:
        await viewer.until_live()
        wide = await viewer.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert (wide[0] <= wide[1], viewer.complaints) == (True, [])
        assert await viewer.page.evaluate(OVERLAPPING) == 0


async def test_a_phone_shows_one_section_at_a_time(server: Server, browser: Browser) -> None:
    """The one that is being played; another by a tap, or by the keys."""
    _, url = await made(server, "double elimination")
    async with viewing(browser, url, **screen("phone")) as viewer:
        await viewer.until_live()
        assert await shown_sections(viewer) == ["Winners"]
        await viewer.page.get_by_role("button", name="Losers", exact=True).click()
        assert await shown_sections(viewer) == ["Losers"]
        await viewer.page.keyboard.press("ArrowRight")
        assert await shown_sections(viewer) == ["Grand final"]


async def test_a_section_folds_on_a_wide_screen(server: Server, browser: Browser) -> None:
    """And stays folded through a swap."""
    tid, url = await made(server, "double elimination")
    async with viewing(browser, url, **screen("laptop")) as viewer:
        await viewer.until_live()
        await viewer.page.get_by_role("button", name="Losers", exact=True).click()
        assert await shown_sections(viewer) == ["Winners", "Grand final"]
        await confirm_result(server.services, tid, ConfirmResult(match_id=1, score=(2, 0)), None)
        await viewer.until("document.querySelector('#match-1 .won')")
        assert await shown_sections(viewer) == ["Winners", "Grand final"]


async def test_a_match_says_where_its_loser_falls(server: Server, browser: Browser) -> None:
    """Where somebody looks at it, and a tap leads there."""
    _, url = await made(server, "double elimination")
    async with viewing(browser, url, **screen("laptop")) as viewer:
        falls = viewer.page.locator("#match-1 .falls")
        assert await falls.text_content() == "Loser to L1 1"
        await viewer.page.locator("#match-1").hover()
        await falls.click()
        assert (
            await viewer.page.evaluate("document.querySelector(':target .match-label').textContent") == "L1 1"
        )


async def test_a_row_moves_and_is_marked(server: Server, browser: Browser) -> None:
    """As soon as a result is confirmed, with the order of a fresh page."""
    tid, url = await made(server, "league")
    async with viewing(browser, url, **screen("laptop")) as viewer:
        await viewer.until_live()
        match = (await server.services.ledger.load(tid)).tournament.matches[1]
        await confirm_result(server.services, tid, ConfirmResult(match_id=1, score=(0, 3)), None)
        await viewer.until("document.querySelector('tr[data-place=\"1\"] .points').textContent === '3'")
        first = await viewer.page.evaluate(
            "document.querySelector('tr[data-place=\"1\"]').dataset.participant"
        )
        assert first == str(match.slots[1].participant_id)
        await viewer.until("document.querySelector('tr[data-viewer-moved]')")


async def test_who_has_played_whom_stays_open_through_a_swap(server: Server, browser: Browser) -> None:
    """Closed at first; what the viewer opened is theirs."""
    tid, url = await made(server, "groups, then a knock-out")
    async with viewing(browser, url, **screen("laptop")) as viewer:
        await viewer.until_live()
        cross = viewer.page.locator("#cross-table-1-0")
        assert not await cross.is_visible()
        await viewer.page.locator("#cross-1-0").press("Enter")
        assert await cross.is_visible()
        await confirm_result(server.services, tid, ConfirmResult(match_id=1, score=(2, 1)), None)
        await viewer.until("document.querySelector('#cross-table-1-0').textContent.includes('2–1')")
        assert await cross.is_visible()


async def test_a_followed_name_is_lit_in_table_and_matches(server: Server, browser: Browser) -> None:
    """One tap on the star in the table."""
    _, url = await made(server, "groups, then a knock-out")
    async with viewing(browser, url, **screen("laptop")) as viewer:
        await viewer.page.locator("#row-1-0-1 .star").click()
        lit = await viewer.page.evaluate(
            "document.querySelectorAll('#bracket .match[data-viewer-path]').length"
        )
        assert lit == 3
        assert await viewer.text("#following h2") == "You follow Participant 1"


@pytest.mark.parametrize("name", ["double elimination", "groups, then a knock-out", "swiss"])
async def test_without_scripts_everything_is_in_sight(server: Server, browser: Browser, name: str) -> None:
    """Nothing is folded away that only a script could open."""
    _, url = await made(server, name)
    async with viewing(browser, url, java_script_enabled=False, **screen("phone")) as viewer:
        hidden = await viewer.page.locator("#bracket .match:not(.gap)").evaluate_all(
            "(all) => all.filter((match) => !match.checkVisibility()).length"
        )
        assert hidden == 0
