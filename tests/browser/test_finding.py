"""Finding a name among many, in a real browser: on the staff's lists and on a tournament's page."""

from __future__ import annotations

from playwright.async_api import Browser

from quart_app.actions import staff
from quart_app.actions.matches import start_match
from quart_app.actions.tournaments import create_tournament
from quart_app.domain.commands import CreateTournament, EntrantLine, StartMatch
from tests.browser.browsing import viewing
from tests.server import PASSWORD, Server

PHONE = {"viewport": {"width": 390, "height": 844}}


async def crowd(server: Server, *last: str) -> int:
    """A tournament of twenty, these its last: its id."""
    names = [f"Player {n}" for n in range(20 - len(last))] + list(last)
    lines = tuple(EntrantLine(name=name) for name in names)
    command = CreateTournament(name="Cup", entrants=lines, seeding="given")
    return (await create_tournament(server.services, command, None, generate=True)).tournament.id


async def test_a_long_list_of_the_staffs_is_searched(server: Server, browser: Browser) -> None:
    """Whatever the accents; what the feed brings is searched too. A short list has no such field."""
    await staff.add_staff(server.services, "anna", PASSWORD, "organiser")
    tid = await crowd(server, "Zoë Žižek")
    await server.tournament(4)
    playing = (await server.services.ledger.load(tid)).tournament.agenda.ready[-1]
    async with viewing(browser, f"{server.url}/staff/login/", **PHONE) as viewer:
        await viewer.page.fill("#name", "anna")
        await viewer.page.fill("#password", PASSWORD)
        await viewer.page.keyboard.press("Enter")
        await viewer.page.wait_for_url(f"{server.url}/staff/")
        await viewer.page.goto(f"{server.url}/staff/tournaments/{tid}/")
        await viewer.until_live()
        await viewer.page.get_by_role("searchbox", name="Find a match").fill("zizek")
        items = viewer.page.locator("#work .work-item:visible")
        assert await items.count() == 1
        await start_match(server.services, tid, StartMatch(match_id=playing), None)
        await viewer.until("document.querySelector('#work .badge.live') !== null")
        assert await items.count() == 1
        assert await viewer.text(".filter [role=status]") == "1 of 19"
        await viewer.page.keyboard.press("Escape")
        assert await items.count() > 1
        await viewer.page.goto(f"{server.url}/staff/tournaments/{tid}/people/")
        await viewer.page.get_by_role("searchbox", name="Find somebody").fill("ZO")
        assert await viewer.page.locator(".people li:visible").all_inner_texts() == ["Zoë Žižek"]
        await viewer.page.goto(f"{server.url}/staff/tournaments/2/people/")
        assert not await viewer.page.get_by_role("searchbox").is_visible()
