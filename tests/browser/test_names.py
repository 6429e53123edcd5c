"""Names of any script on a phone: no page grows wider, nothing is cut off, nothing paints over others."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from quart_app.actions import matches, staff
from quart_app.actions.tournaments import create_tournament
from quart_app.domain.commands import ConfirmResult, CreateTournament, EntrantLine, StartMatch, UpdateScore
from tests.browser.browsing import Viewer, viewing
from tests.server import PASSWORD, Server

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}}
UNBROKEN = {
    "Latin": "W" * 97,
    "Arabic": "\u0645" * 97,
    "Thai": "\u0e01" * 97,
    "families": "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 19,
    "joined by no-break spaces": "Ab\u00a0" * 32,
    "joined by word joiners": "W\u2060" * 48,
    "the widest letter": "\ufdfd" * 30,
    "digits": "0" * 97,
}
PILE = "W\u0316\u0317\u0318\u0301\u030c" * 12
"""As many marks as the rules allow on each letter, above and below it."""

TOO_WIDE = """() => [...document.querySelectorAll("body *")]
  .filter((element) => element.getBoundingClientRect().right > innerWidth + 1 && element.checkVisibility()
    && !element.closest(".visually-hidden, .skip"))
  .map((element) => element.outerHTML.slice(0, 80))"""

CUT_OFF = """() => [...document.querySelectorAll('[translate="no"]')]
  .filter((element) => element.checkVisibility() && getComputedStyle(element).textOverflow === "ellipsis")
  .map((element) => element.outerHTML.slice(0, 80))"""

# The pixels that change when the piled names are drawn in no colour, outside their boxes and a small margin.
STRAY = """async ([shown, hidden, boxes]) => {
  const [one, other] = await Promise.all([shown, hidden].map(async (png) => {
    const picture = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
    const canvas = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
    canvas.drawImage(picture, 0, 0);
    return canvas.getImageData(0, 0, picture.width, picture.height);
  }));
  const stray = [];
  let drawn = 0;
  for (let at = 0; at < one.data.length; at += 4) {
    if ([0, 1, 2].every((byte) => Math.abs(one.data[at + byte] - other.data[at + byte]) < 32)) continue;
    drawn += 1;
    const x = (at / 4) % one.width, y = Math.floor(at / 4 / one.width);
    if (!boxes.some(([left, top, right, bottom]) => x >= left && x <= right && y >= top && y <= bottom)) {
      stray.push(`${x},${y}`);
    }
  }
  return [drawn, stray.slice(0, 20)];
}"""

PILED = """[...document.body.querySelectorAll("*")].filter((element) => element.checkVisibility() &&
  [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE &&
    node.data.includes("\\u0316")))"""

BOXES = f"""() => {PILED}.map((element) => {{
    while (getComputedStyle(element).overflowX === "visible" && element !== document.body) {{
      element = element.parentElement;
    }}
    if (element === document.body) return [0, 0, 0, 0]; // nothing holds it in
    const {{ left, top, right, bottom }} = element.getBoundingClientRect();
    const margin = 0.2 * parseFloat(getComputedStyle(element).fontSize) + 1;
    return [left - margin, top + scrollY - margin, right + margin, bottom + scrollY + margin];
  }})"""


async def hall(server: Server, names: list[str]) -> list[str]:
    """The paths of every page that shows names: of a draft, of matches in every state, and of an end."""
    await staff.add_staff(server.services, "anna", PASSWORD, "organiser")
    paths = ["/", "/staff/"]
    for generate, results in ((False, 0), (True, 0), (True, 1), (True, len(names))):
        command = CreateTournament(
            name=names[-1],
            entrants=tuple(EntrantLine(name=name) for name in names),
            third_place=True,
        )
        made = await create_tournament(server.services, command, None, generate=generate)
        path = f"/tournaments/{made.tournament.id}/"
        paths += [path, f"/staff{path}"]
        for number in range(1, results + 1):
            await matches.start_match(server.services, made.tournament.id, StartMatch(match_id=number), None)
            score = UpdateScore(match_id=number, participant1_score=2, participant2_score=1)
            await matches.update_score(server.services, made.tournament.id, score, None)
            if results > 1:
                await matches.confirm_result(
                    server.services, made.tournament.id, ConfirmResult(match_id=number), None
                )
        if generate:
            paths += [
                f"{each}matches/{number}/" for each in (path, f"/staff{path}") for number in (1, len(names))
            ]
    return paths


async def sign_in(server: Server, viewer: Viewer) -> None:
    """As anna, an organiser."""
    await viewer.page.fill("#name", "anna")
    await viewer.page.fill("#password", PASSWORD)
    await viewer.page.keyboard.press("Enter")
    await viewer.page.wait_for_url("**/staff/")


async def open_all(page: Page) -> None:
    """Unfold whatever is folded."""
    await page.evaluate("document.querySelectorAll('details').forEach((details) => (details.open = true))")


async def picture(page: Page) -> str:
    """The whole page, without the bar, in which the state of the connection comes and goes."""
    bar = page.locator(".bar")
    png = await page.screenshot(full_page=True, animations="disabled", mask=[bar])
    return base64.b64encode(png).decode()


async def test_no_name_widens_a_page(server: Server, browser: Browser) -> None:
    """A hundred letters without a break, of every kind, on every page, with all that can be unfolded."""
    names = [f"{text}{number}" for number, text in enumerate(UNBROKEN.values())]
    paths = await hall(server, names)
    async with viewing(browser, f"{server.url}/staff/login/", **PHONE) as viewer:
        await sign_in(server, viewer)
        for path in paths:
            await viewer.page.goto(server.url + path)
            await open_all(viewer.page)
            wide = await viewer.page.evaluate("document.documentElement.scrollWidth")
            assert (path, wide, await viewer.page.evaluate(TOO_WIDE)) == (path, 390, [])
            assert await viewer.page.evaluate(CUT_OFF) == []
        await viewer.page.goto(f"{server.url}/staff/tournaments/new/")
        await viewer.page.fill("#participants", "\n".join(f"{name};{name};1" for name in names))
        await viewer.page.fill("#name", "Cup")
        await viewer.page.click("button.wide")
        await viewer.page.wait_for_selector("#split")
        await viewer.page.wait_for_load_state()  # without its style sheet, any page is wide
        assert await viewer.page.evaluate("document.documentElement.scrollWidth") == 390


async def test_the_name_that_somebody_follows_widens_nothing(server: Server, browser: Browser) -> None:
    """It stands in a heading of its own."""
    await hall(server, ["W" * 99 + str(number) for number in range(4)])
    async with viewing(browser, f"{server.url}/tournaments/3/", **PHONE) as viewer:
        await viewer.page.locator("button.star:visible").first.click()
        await viewer.until("!document.querySelector('#following').hidden")
        assert await viewer.page.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize("width", [390, 1280])
async def test_no_name_paints_over_its_neighbours(server: Server, browser: Browser, width: int) -> None:
    """Not even with as many marks as a letter may have: what they draw ends with the name's box."""
    names = [PILE + letter for letter in "abcd"]
    paths = await hall(server, names)
    viewport = {"viewport": {"width": width, "height": 844}}
    async with (
        viewing(browser, f"{server.url}/staff/login/", **viewport) as viewer,
        viewing(browser, "about:blank") as table,
    ):
        await sign_in(server, viewer)
        page = viewer.page
        for path in paths:
            await page.goto(server.url + path)
            await open_all(page)
            boxes = await page.evaluate(BOXES)
            shown = await picture(page)
            await page.evaluate(f"() => {PILED}.forEach((element) => (element.style.color = 'transparent'))")
            drawn, stray = await table.page.evaluate(STRAY, [shown, await picture(page), boxes])
            assert drawn > 100, path
            assert (path, stray) == (path, [])
