"""What a viewer does with a page, in a real browser: follow, fold, choose, jump; what swaps leave alone."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser

from quart_app.actions.matches import confirm_result, start_match, update_score
from quart_app.domain.commands import ConfirmResult, StartMatch, UpdateScore
from tests.browser.browsing import Viewer, viewing
from tests.server import Server

PHONE = {"viewport": {"width": 390, "height": 844}}
LAPTOP = {"viewport": {"width": 1280, "height": 800}}
WALL = {"viewport": {"width": 1920, "height": 1080}}


async def started(server: Server, players: int, match_id: int = 1) -> tuple[int, str]:
    """A tournament with one match at 1–0: its id and its page's address."""
    tournament = await server.tournament(players)
    await start_match(server.services, tournament.id, StartMatch(match_id=match_id), None)
    await score(server, tournament.id, match_id, 1, 0)
    return tournament.id, f"{server.url}/tournaments/{tournament.id}/"


async def score(server: Server, tid: int, match_id: int, first: int, second: int) -> None:
    """Post a score."""
    command = UpdateScore(match_id=match_id, participant1_score=first, participant2_score=second)
    await update_score(server.services, tid, command, None)


async def shown_rounds(viewer: Viewer) -> list[str]:
    """The short names of the rounds whose matches can be seen."""
    shown: list[str] = await viewer.page.evaluate(
        """[...document.querySelectorAll(".round")]
           .filter((round) => round.querySelector(".matches").checkVisibility())
           .map((round) => document.querySelector(`[aria-controls="${round.lastElementChild.id}"] .short`))
           .map((name) => name.textContent)"""
    )
    return shown


async def lit(viewer: Viewer, within: str = "#bracket") -> list[str]:
    """The labels of the matches that are lit as somebody's path."""
    labels: list[str] = await viewer.page.evaluate(
        """(within) => [...document.querySelectorAll(within + " [data-viewer-path] .match-label")]
           .map((label) => label.textContent)""",
        within,
    )
    return labels


async def test_a_click_on_a_name_lights_the_whole_path(server: Server, browser: Browser) -> None:
    """Also as far as the path only comes later, from the stream; a second click puts the light out."""
    tid, url = await started(server, 4)
    async with viewing(browser, url) as viewer:
        await viewer.until_live()
        name = viewer.page.locator("#match-1").get_by_role("button", name="P1")
        await name.click()
        assert await lit(viewer) == ["SF 1"]
        await confirm_result(server.services, tid, ConfirmResult(match_id=1), None)
        await viewer.until("document.querySelector('#match-3 [data-viewer-followed]') !== null")
        assert await lit(viewer) == ["SF 1", "Final"]
        assert await name.get_attribute("aria-pressed") == "true"
        await name.click()
        assert await lit(viewer) == []


async def test_the_followed_name_is_remembered_and_its_next_match_stands_on_top(
    server: Server, browser: Browser
) -> None:
    """After a reload the choice is still there, on the tournament's page and on a match's, on no other's."""
    tid, url = await started(server, 4)
    other = await server.tournament(4)
    async with viewing(browser, url) as viewer:
        await viewer.page.locator("#match-1").get_by_role("button", name="P1").click()
        await confirm_result(server.services, tid, ConfirmResult(match_id=1), None)
        await viewer.page.reload()
        assert await viewer.text("#following") == "You follow P1Final P1Winner of SF 2".replace(
            "Final ", "Final"
        )
        await viewer.page.goto(f"{url}matches/1/")
        assert await lit(viewer, "#live-region") == ["SF 1", "Final"]
        await viewer.page.goto(f"{server.url}/tournaments/{other.id}/")
        assert await lit(viewer, "#live-region") == []


async def test_a_phone_shows_one_round_at_a_time(server: Server, browser: Browser) -> None:
    """At first the one being played; another by a tap or the arrow keys, and nothing scrolls sideways."""
    _, url = await started(server, 8)
    async with viewing(browser, url, **PHONE) as viewer:
        assert await shown_rounds(viewer) == ["QF"]
        await viewer.page.get_by_role("button", name="Final 0 of 1", exact=True).click()
        assert await shown_rounds(viewer) == ["Final"]
        await viewer.page.keyboard.press("ArrowLeft")
        assert await shown_rounds(viewer) == ["SF"]
        assert await viewer.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_a_swap_leaves_the_chosen_round_alone(server: Server, browser: Browser) -> None:
    """Who looks at the final keeps looking at it, whatever the stream brings."""
    tid, url = await started(server, 4)
    async with viewing(browser, url, **PHONE) as viewer:
        await viewer.until_live()
        final = viewer.page.get_by_role("button", name="Final 0 of 1", exact=True)
        await final.click()
        await confirm_result(server.services, tid, ConfirmResult(match_id=1), None)
        await viewer.until("document.querySelector('#round-1 .progress').textContent === '1 of 2'")
        assert await shown_rounds(viewer) == ["Final"]
        assert await final.get_attribute("aria-expanded") == "true"


async def test_finished_rounds_fold_and_open_again(server: Server, browser: Browser) -> None:
    """A long finished round is a tab at first; a click on its title opens it, one on a later folds both."""
    tournament = await server.tournament(32)
    for match_id in range(1, 17):
        winner_id = tournament.matches[match_id].slots[0].participant_id
        walkover = ConfirmResult(match_id=match_id, walkover=True, winner_id=winner_id)
        await confirm_result(server.services, tournament.id, walkover, None)
    async with viewing(browser, f"{server.url}/tournaments/{tournament.id}/", **LAPTOP) as viewer:
        assert await shown_rounds(viewer) == ["R16", "QF", "SF", "Final"]
        await viewer.page.locator("#round-1").click()
        assert await shown_rounds(viewer) == ["R32", "R16", "QF", "SF", "Final"]
        await viewer.page.locator("#round-2").click()
        assert await shown_rounds(viewer) == ["QF", "SF", "Final"]


async def test_the_tab_says_how_many_matches_are_live(server: Server, browser: Browser) -> None:
    """The title counts them, and is the plain one again when none is left."""
    tid, url = await started(server, 2)
    async with viewing(browser, url) as viewer:
        await viewer.until_live()
        assert await viewer.page.title() == "(1 live) Cup of 2 – Grandstand"
        await confirm_result(server.services, tid, ConfirmResult(match_id=1), None)
        await viewer.until("document.title === 'Cup of 2 – Grandstand'")


@pytest.mark.parametrize(("motion", "pulses"), [("no-preference", 2), ("reduce", 0)])
async def test_a_changed_score_pulses_once(
    server: Server, browser: Browser, motion: str, pulses: int
) -> None:
    """In the strip and the bracket, only the score that changed; not at all for who wants no motion."""
    tid, url = await started(server, 2)
    async with viewing(browser, url, reduced_motion=motion) as viewer:
        await viewer.until_live()
        await score(server, tid, 1, 2, 0)
        await viewer.until("document.querySelector('#match-1 .score').textContent === '2'")
        assert await viewer.page.evaluate("document.getAnimations().length") == pulses


async def test_times_are_in_the_viewers_zone(server: Server, browser: Browser) -> None:
    """The text is local, the datetime stays UTC; the date stands once."""
    _, url = await started(server, 2)
    async with viewing(browser, f"{url}matches/1/", timezone_id="Asia/Kathmandu", locale="en-GB") as viewer:
        text, expected, utc = await viewer.page.evaluate(
            """(() => {
              const [day, time] = document.querySelectorAll("#story time");
              const style = { dateStyle: "medium", timeStyle: "short", timeZone: "Asia/Kathmandu" };
              const local = new Date(time.dateTime).toLocaleString("en-GB", style);
              return [`${day.textContent}, ${time.textContent}`, local, time.dateTime];
            })()"""
        )
        assert (text, utc[-1]) == (expected, "Z")


async def test_jump_to_live_is_offered_while_no_live_match_is_in_view(
    server: Server, browser: Browser
) -> None:
    """Deep in a long bracket it stands there, and leads back to the strip."""
    _, url = await started(server, 64)
    async with viewing(browser, url, **LAPTOP) as viewer:
        jump = viewer.page.locator("#jump")
        await viewer.until("document.getElementById('jump').hidden")
        await viewer.page.evaluate("scrollTo(0, document.body.scrollHeight)")
        await viewer.until("!document.getElementById('jump').hidden")
        await jump.click()
        await viewer.until("document.getElementById('jump').hidden")


@pytest.mark.parametrize("live", [1, 4])
async def test_a_wall_shows_sixteen_at_once(server: Server, browser: Browser, live: int) -> None:
    """On a screen of 1920 × 1080 the bracket stands whole, with names of 24 pixels, while four are played."""
    tid, url = await started(server, 16)
    for match_id in range(2, live + 1):
        await start_match(server.services, tid, StartMatch(match_id=match_id), None)
    async with viewing(browser, url, **WALL) as viewer:
        bottom, size = await viewer.page.evaluate(
            """[document.querySelector("#bracket").getBoundingClientRect().bottom,
                getComputedStyle(document.querySelector("#bracket .name")).fontSize]"""
        )
        assert bottom <= 1080
        assert size == "24px"


async def test_the_follow_box_keeps_the_focus(server: Server, browser: Browser) -> None:
    """A score that changes in it takes it from nobody, nor does the name's own click that ends it."""
    tid, url = await started(server, 4)
    async with viewing(browser, url) as viewer:
        await viewer.until_live()
        await viewer.page.locator("#match-1").get_by_role("button", name="P1").click()
        name = viewer.page.locator("#following").get_by_role("button", name="P1")
        await name.focus()
        await score(server, tid, 1, 2, 0)
        await viewer.until("document.querySelector('#following .score').textContent === '2'")
        assert await name.evaluate("(button) => button === document.activeElement")
        await viewer.page.keyboard.press("Enter")
        assert await viewer.page.evaluate("document.activeElement.closest('.match').id") == "match-1"


async def test_a_match_that_ends_is_no_longer_live(server: Server, browser: Browser) -> None:
    """Its page says that it is up to date."""
    tid, url = await started(server, 4)
    async with viewing(browser, f"{url}matches/1/") as viewer:
        await viewer.until_live()
        assert await viewer.text("#freshness") == "Live"
        await confirm_result(server.services, tid, ConfirmResult(match_id=1), None)
        await viewer.until("document.getElementById('freshness').textContent === 'Up to date'")


async def test_a_round_chosen_on_a_phone_begins_at_its_top(server: Server, browser: Browser) -> None:
    """However far the one before was scrolled."""
    _, url = await started(server, 32)
    async with viewing(browser, url, **PHONE) as viewer:
        await viewer.page.locator("#match-16").scroll_into_view_if_needed()
        await viewer.page.get_by_role("button", name="Round of 16 0 of 8", exact=True).click()
        top = await viewer.page.evaluate(
            "document.querySelector('#matches-2 .match').getBoundingClientRect().top"
        )
        assert 0 < top < 200


@pytest.mark.parametrize(("players", "pages"), [(16, 1), (64, 3)])
async def test_a_bracket_is_printed_whole(server: Server, browser: Browser, players: int, pages: int) -> None:
    """Sixteen stand on one sheet; of many each round has its lines."""
    _, url = await started(server, players)
    async with viewing(browser, url, **LAPTOP) as viewer:
        printed = await viewer.page.pdf(prefer_css_page_size=True)
        assert len(re.findall(rb"/Type\s*/Page\b", printed)) == pages


async def test_without_scripts_the_page_stands_and_refreshes_itself(server: Server, browser: Browser) -> None:
    """Every round is there, on a phone too, and a meta refresh keeps it fresh."""
    _, url = await started(server, 4)
    async with viewing(browser, url, java_script_enabled=False, **PHONE) as viewer:
        assert await viewer.page.locator(".matches .match").count() == 3
        for card in await viewer.page.locator(".matches .match").all():
            assert await card.is_visible()
        assert (
            await viewer.page.locator("noscript meta[http-equiv=refresh], meta[http-equiv=refresh]").count()
            == 1
        )
        assert not await viewer.page.locator("#freshness").is_visible()
