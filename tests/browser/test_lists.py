"""The list of participants in a real browser: by keyboard, out of a file, too large, and without scripts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, Route

from quart_app.actions import staff
from quart_app.actions.tournaments import change_visibility
from quart_app.domain.commands import ChangeVisibility
from quart_app.domain.formats import FORMATS
from tests.browser.browsing import Viewer, viewing
from tests.server import PASSWORD, Server

VALUE = "document.querySelector('#participants').value"
SAID = "document.querySelector('#participants-said').textContent"


@asynccontextmanager
async def creating(server: Server, browser: Browser, **options: Any) -> AsyncIterator[Viewer]:
    """An organiser at the form of a new tournament, its name typed."""
    await staff.add_staff(server.services, "anna", PASSWORD, "organiser")
    login = f"{server.url}/staff/login/?next=/staff/tournaments/new/"
    async with viewing(browser, login, **options) as viewer:
        await viewer.page.fill("#name", "anna")
        await viewer.page.fill("#password", PASSWORD)
        await viewer.page.keyboard.press("Enter")
        await viewer.page.wait_for_url(f"{server.url}/staff/tournaments/new/")  # not with that behind next=
        await viewer.page.fill("#name", "Hall Cup")
        yield viewer


async def test_a_doubtful_list_is_confirmed_with_the_keyboard_alone(server: Server, browser: Browser) -> None:
    """The focus is where the question is; another column is chosen, seen, and saved."""
    async with creating(server, browser) as viewer:
        page = viewer.page
        await page.focus("#participants")
        await page.keyboard.insert_text("7\tAna\tRome\n3\tBo\tBern\n")
        assert await viewer.text("#participants-count") == "2 participants"
        await page.locator("button.wide").press("Enter")
        await page.wait_for_selector("#split")
        await viewer.until("document.activeElement.id === 'split'")
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.id") == "tab_1"
        await page.keyboard.press("ArrowDown")  # from the seed to left out
        await page.locator("button[name=again]").press("Enter")
        await viewer.until("document.querySelector('td.quiet')?.textContent === '7 · Rome'")
        await page.locator("button.wide").press("Enter")
        await page.wait_for_url("**/staff/tournaments/1/")
        assert await page.locator(".draw-line").all_text_contents() == ["Ana", "Bo"]


FILES = {
    "UTF-8": "Zoë\nŽofia\n".encode(),
    "UTF-8 ": "\ufeffZoë\r\nŽofia\r\n".encode(),
    "UTF-16": "Zoë\nŽofia\n".encode("utf-16"),
    "UTF-16 ": "Zoë\nŽofia\n".encode("utf-16-be"),
    "Windows-1252": "Zoë\nŽofia\n".encode("cp1252"),
}


@pytest.mark.parametrize("encoding", FILES)
async def test_a_file_is_read_in_its_encoding(server: Server, browser: Browser, encoding: str) -> None:
    """It stands below what was typed; nobody loses a letter, and undoing it works."""
    async with creating(server, browser) as viewer:
        page = viewer.page
        await page.fill("#participants", "Ana\n")
        await page.set_input_files(
            "#participants-file", {"name": "list.csv", "mimeType": "text/csv", "buffer": FILES[encoding]}
        )
        await viewer.until(f"{SAID} !== ''")
        assert await page.evaluate(VALUE) == "Ana\nZoë\nŽofia"
        assert f"read as {encoding.strip()}." in await page.evaluate(SAID)
        assert await viewer.text("#participants-count") == "3 participants"
        await page.keyboard.press("Control+z")
        assert (await page.evaluate(VALUE)).strip() == "Ana"


async def test_a_file_can_be_dropped_on_the_list(server: Server, browser: Browser) -> None:
    """The page does not go away with it."""
    async with creating(server, browser) as viewer:
        await viewer.page.evaluate(
            """() => {
              const data = new DataTransfer();
              data.items.add(new File([new Uint8Array([90, 111, 235])], "list.txt"));
              for (const type of ["dragover", "drop"]) {
                const event = new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true });
                document.querySelector("#participants").dispatchEvent(event);
                if (!event.defaultPrevented) throw new Error(`${type} is the browser's`);
              }
            }"""
        )
        await viewer.until(f"{VALUE} === 'Zoë'")


@pytest.mark.parametrize(
    ("content", "words"), [(b"PK\x03\x04", "Save it as CSV"), (b"x" * 3_000_000, "is too large for a list")]
)
async def test_a_file_that_is_no_list_changes_nothing(
    server: Server, browser: Browser, content: bytes, words: str
) -> None:
    """It is told what to do instead."""
    async with creating(server, browser) as viewer:
        await viewer.page.fill("#participants", "Ana")
        await viewer.page.set_input_files(
            "#participants-file", {"name": "list.xlsx", "mimeType": "text/csv", "buffer": content}
        )
        await viewer.until(f"{SAID} !== ''")
        assert words in await viewer.page.evaluate(SAID)
        assert await viewer.page.evaluate(VALUE) == "Ana"


async def test_a_list_that_is_too_large_is_not_sent(server: Server, browser: Browser) -> None:
    """It stays where it is, and the form can be sent when it is shorter."""
    async with creating(server, browser) as viewer:
        await viewer.page.evaluate("document.querySelector('#participants').value = 'é'.repeat(500_000)")
        await viewer.page.click("button.wide")
        assert "too large to be sent" in await viewer.page.evaluate(SAID)
        assert await viewer.page.evaluate(f"{VALUE}.length") == 500_000
        await viewer.page.fill("#participants", "Ana\nBo")
        await viewer.page.click("button.wide")
        await viewer.page.wait_for_url("**/staff/tournaments/1/")


ASKED = """[...document.querySelectorAll(".only")].filter((each) => each.checkVisibility())
    .flatMap((each) => [...each.querySelectorAll("input, select")])
    .filter((each) => each.checkVisibility()).map((each) => each.name)"""


async def test_a_form_asks_only_for_what_its_formats_need(server: Server, browser: Browser) -> None:
    """Those of the first stage, and of what follows it."""
    async with creating(server, browser) as viewer:
        for name, each in FORMATS.items():
            if "plans" in each.uses:
                continue
            await viewer.page.check(f"input[name=format][value={name}]")
            asked = set(await viewer.page.evaluate(ASKED))
            assert asked == each.uses - {"best_of", "draws", "advance"} | (
                {"then"} if "advance" in each.uses else set()
            )
        await viewer.page.check("input[name=format][value=round_robin]")
        for follower, more in (("single_elimination", {"then_third_place"}), ("double_elimination", set())):
            await viewer.page.select_option("#then", follower)
            asked = set(await viewer.page.evaluate(ASKED))
            assert asked == {"groups", "legs", "ruleset", "then", "advance", "best_of_rest"} | more


async def test_a_form_that_the_browser_was_stopped_at_is_sent_again(server: Server, browser: Browser) -> None:
    """Its answer got lost: a tap at once is a slip, a later one asks again, and is led to what was made."""
    made: list[str] = []
    lost = asyncio.Event()
    async with creating(server, browser) as viewer:
        page = viewer.page
        await page.context.clock.install()
        await page.reload()
        await page.fill("#name", "Hall Cup")
        await page.fill("#participants", "Ana\nBo")

        async def lose(route: Route) -> None:
            made.append((await route.fetch(max_redirects=0)).headers["location"])
            await route.fulfill(status=204)  # the page stays, as after a stop
            lost.set()

        await page.route("**/staff/tournaments/new/", lose)
        button = page.locator("button.wide")
        await button.click()
        await asyncio.wait_for(lost.wait(), 10)
        await button.click()
        await page.context.clock.fast_forward(11_000)
        await page.unroute("**/staff/tournaments/new/")
        await button.click()
        await page.wait_for_url("**/staff/tournaments/1/")
        assert made == ["/staff/tournaments/1/"]


async def test_a_refused_list_outlives_what_the_stream_brings(server: Server, browser: Browser) -> None:
    """It is saved nowhere else; who is told of a change can still ask for the present state."""
    async with creating(server, browser) as viewer:
        page = viewer.page
        await page.fill("#participants", "Ana\nBo")
        await page.click("button.wide")
        await page.wait_for_url("**/staff/tournaments/1/")
        await page.click("#staff-participants > summary")
        await page.fill("#participants", "Eva\nEva")
        await page.click("#staff-participants button.wide")
        await page.wait_for_selector("#participants-error")
        await viewer.until_live()
        await change_visibility(server.services, 1, ChangeVisibility(visibility="private"), None)
        await page.wait_for_selector("#work .stale:not([hidden])")
        assert await page.evaluate(VALUE) == "Eva\nEva"
        await page.click("[data-refresh]")
        await viewer.until(f"{VALUE} === 'Ana\\nBo'")


async def test_without_scripts_a_list_is_pasted(server: Server, browser: Browser) -> None:
    """No button that does nothing; the question comes, and what is confirmed is saved."""
    async with creating(server, browser, java_script_enabled=False) as viewer:
        page = viewer.page
        await page.locator(".list-file").wait_for(state="hidden")  # the browser says late that it runs none
        await page.fill("#participants", "1. Ana\n2. Bo")
        await page.click("button.wide")
        await page.wait_for_selector("#split")
        await page.click("button.wide")
        await page.wait_for_url("**/staff/tournaments/1/")


async def test_without_scripts_a_list_that_is_too_large_can_be_gone_back_to(
    server: Server, browser: Browser
) -> None:
    """The refusal is a page of ours, and Back leads to what was typed."""
    async with creating(server, browser, java_script_enabled=False) as viewer:
        await viewer.page.fill("#participants", "Ana " * 1_000_000)
        await viewer.page.click("button.wide")
        await viewer.page.wait_for_selector("text=The request is too large")
        await viewer.page.go_back()
        assert (await viewer.page.input_value("#participants")).startswith("Ana Ana")


async def test_seeds_are_dragged_and_moved_by_the_keyboard(server: Server, browser: Browser) -> None:
    """Whoever is moved among the seeded has a seed; what it is now is said; saving keeps it."""
    async with creating(server, browser, viewport={"width": 800, "height": 1600}) as viewer:
        page = viewer.page
        await page.fill("#participants", "Ana, 1\nBo, 2\nCem\nDi")
        await page.click("button.wide")
        await page.click("#staff-order summary")
        await page.wait_for_load_state()  # it is the script that a handle is for
        handle = page.locator(".order-handle")
        await handle.nth(3).hover()
        await page.mouse.down()
        box = await handle.nth(0).bounding_box()
        assert box is not None
        await page.mouse.move(box["x"] + 5, box["y"] + 5, steps=8)
        await page.mouse.up()
        names = page.locator(".order-name")
        assert await names.all_text_contents() == ["Di", "Ana", "Bo", "Cem"]
        numbers = "[...document.querySelectorAll('.order input')].map((field) => field.value)"
        assert await page.evaluate(numbers) == ["1", "2", "3", ""]
        await handle.nth(0).press("ArrowDown")
        assert await page.evaluate("document.activeElement.getAttribute('aria-label')") == "Move Di"
        assert "Di is now seed 2" in await page.locator("#staff-order [role=status]").inner_text()
        await handle.nth(0).press("End")
        assert await page.evaluate(numbers) == ["1", "2", "", ""]
        await page.click("#staff-order button.primary")
        await page.wait_for_url("**/staff/tournaments/1/#staff-order")
    entrants = (await server.services.ledger.load(1)).tournament.entrants
    assert [(each.name, each.seed) for each in entrants] == [
        ("Ana", None),
        ("Bo", 2),
        ("Cem", None),
        ("Di", 1),
    ]
