"""A result that is set right on a phone, under the eyes of those who watch."""

from __future__ import annotations

from playwright.async_api import Browser

from quart_app.actions.staff import add_staff
from tests.browser.browsing import viewing
from tests.browser.test_pad import add_referees, pad_of, refereeing
from tests.server import PASSWORD, Server

ANNOUNCED = """
window.told = [];
new MutationObserver(() => told.push(document.getElementById("announcer").textContent))
    .observe(document.getElementById("announcer"), {childList: true, characterData: true, subtree: true});
"""


async def played(server: Server, headers: dict[str, str], tid: int, match_id: int, *scores: int) -> None:
    """A match by the API: started if it is not, scored, and confirmed."""
    at = f"/api/tournaments/{tid}/matches/{match_id}/"
    body = {"participant1_score": scores[0], "participant2_score": scores[1]}
    for verb, sent in (("start", {}), ("score", body), ("confirm", {})):
        await server.client.post(f"{at}{verb}/", json=sent, headers=headers)


async def test_a_correction_on_a_phone_while_the_next_match_is_played(
    server: Server, browser: Browser
) -> None:
    """A quarter-final, under its semi-final. It says first how far it reaches; the second browser sees
    old → new without a reload, and each thing is announced once."""
    headers = await server.sign_in("anna")
    tid = (await server.tournament(8)).id
    for match_id in (1, 2, 3, 4):
        await played(server, headers, tid, match_id, 2, 1)
    here = f"/tournaments/{tid}/"
    semi_final = {"participant1_score": 3, "participant2_score": 0}
    for verb, sent in (("start", {}), ("score", semi_final)):
        await server.client.post(f"/api{here}matches/5/{verb}/", json=sent, headers=headers)
    async with (
        refereeing(browser, server, pad_of(server, tid), "anna") as pad,
        viewing(browser, f"{server.url}{here}") as viewer,
        viewing(browser, f"{server.url}{here}matches/1/") as beside,
        viewing(browser, f"{server.url}{here}matches/5/") as above,
    ):
        for each in (viewer, beside, above):
            await each.until_live()
        assert await viewer.text("#match-5 .badge") == "Live"
        for each in (viewer, beside, above):
            await each.page.evaluate(ANNOUNCED)
            await each.page.evaluate("window.same = true")
        await pad.page.click("text=Correct the result")
        await pad.page.fill("[name=participant1_score]", "1")
        await pad.page.fill("[name=participant2_score]", "2")
        await pad.page.press("[name=reason]", "Enter")
        await pad.until("document.body.textContent.includes('This reaches further')")
        reaches = await pad.text("main")
        assert "SF 1" in reaches
        assert "Final" not in reaches
        assert await pad.page.input_value("[name=participant2_score]") == "2"
        assert await viewer.page.evaluate("told") == []
        await pad.page.click("button[name=policy]")
        await pad.page.wait_for_url("**/matches/1/")
        await viewer.until("document.querySelector('#match-1').textContent.includes('Corrected')")
        await viewer.until("document.querySelector('#match-5').dataset.status === 'ready'")
        await viewer.until("document.querySelector('#match-5').textContent.includes('P8')")
        assert await viewer.page.locator("#live-strip .badge.live").count() == 0
        story = "document.querySelector('#story').textContent"
        await beside.until(f"/Corrected: P8 beat P1 2–1.*P1 beat P8 2–1/s.test({story})")
        await above.until(f"{story}.includes('Taken back, as QF 1 has another result')")
        await viewer.until("told.some((words) => words.includes('Corrected: P8 beat P1 2–1'))")
        # and nothing comes after it
        await played(server, headers, tid, 6, 2, 0)
        await viewer.until("told.some((words) => words.includes('P2'))")
        for each in (viewer, beside, above):
            told = await each.page.evaluate("told.filter((words) => words)")
            assert len(told) == len(set(told)), told
            assert await each.page.evaluate("same"), "it was loaded anew"
        told = await viewer.page.evaluate("told.filter((words) => words.includes('P8'))")
        assert len(told) == 1, told


async def test_who_stands_at_a_match_reads_why_play_stops(server: Server, browser: Browser) -> None:
    """A referee at the pad and who watches one match: that it is put off, that it goes on, and new names."""
    tid = await add_referees(server)
    headers = await server.sign_in("carla")
    api = f"/api/tournaments/{tid}/"
    async with (
        refereeing(browser, server, pad_of(server, tid), "bob") as pad,
        viewing(browser, f"{server.url}/tournaments/{tid}/matches/1/") as viewer,
    ):
        for each in (pad, viewer):
            await each.until_live()
        await server.client.post(f"{api}cancel/", json={"reason": "Flood"}, headers=headers)
        for each in (pad, viewer):
            await each.until("document.querySelector('#hold').textContent === 'Cancelled: Flood'")
            await each.until("document.querySelector('main .badge').textContent === 'Called off'")
        told = "Cancelled: Flood. Called off: P1 and P4 are level at 0–0."
        await viewer.until(f"document.querySelector('#announcer').textContent === '{told}'")
        await pad.tap(1)
        await pad.until("document.querySelector('#pad-refusal')?.textContent.includes('cancelled: Flood')")
        await server.client.post(f"{api}resume/", json={}, headers=headers)
        for each in (pad, viewer):
            await each.until("document.querySelector('#hold').textContent === ''")
            await each.until("document.querySelector('main .badge').textContent === 'Live'")
        await pad.until("!document.querySelector('#pad-refusal')")
        await pad.tap(1)
        await pad.reads("1–0")
        await server.client.post(f"{api}participants/1/rename/", json={"name": "Neu"}, headers=headers)
        await pad.until("document.querySelector('#pad .pad-name').textContent.includes('Neu')")
        await viewer.until("document.querySelector('#pairing').textContent.includes('Neu')")
        await viewer.until("document.querySelector('#match-1').textContent.includes('Neu')")
        pad.complaints.clear()  # of the refused tap, which is a 409


async def test_nothing_looks_live_once_it_is_called_off(server: Server, browser: Browser) -> None:
    """And of many matches at once the reason is said none the less."""
    headers = await server.sign_in("anna")
    tid = (await server.tournament(8)).id
    api = f"/api/tournaments/{tid}/"
    for match_id in (1, 2, 3, 4):
        await server.client.post(f"{api}matches/{match_id}/start/", json={}, headers=headers)
    async with viewing(browser, f"{server.url}/tournaments/{tid}/") as viewer:
        await viewer.until_live()
        assert await viewer.page.title() == "(4 live) Cup of 8 – Grandstand"
        await server.client.post(f"{api}cancel/", json={"reason": "Rain"}, headers=headers)
        told = "Cancelled: Rain. 4 matches have changed."
        await viewer.until(f"document.querySelector('#announcer').textContent === '{told}'")
        assert await viewer.page.title() == "Cup of 8 – Grandstand"
        assert await viewer.page.locator(".badge.live, [data-status=live], [data-viewer-live]").count() == 0
        await server.client.post(f"{api}resume/", json={}, headers=headers)
        await viewer.until("document.title === '(4 live) Cup of 8 – Grandstand'")


async def test_the_page_of_a_match_that_is_gone_leads_on(server: Server, browser: Browser) -> None:
    """It is drawn anew with two: the final of four is no more, and its page says so by itself."""
    tid = await add_referees(server)
    headers = await server.sign_in("carla")
    here = f"/tournaments/{tid}/"
    async with viewing(browser, f"{server.url}{here}matches/3/") as viewer:
        await viewer.until("document.querySelector('#freshness').dataset.state === 'live'")
        back = await server.client.post(f"/api{here}matches/1/reopen/", json={}, headers=headers)
        assert back.status_code == 200
        body = {"redraw": True, "participants": [{"name": "P1"}, {"name": "P2"}]}
        drawn = await server.client.post(f"/api{here}draw/", json=body, headers=headers)
        assert drawn.status_code == 200
        await viewer.page.wait_for_selector(f"a[href='{here}'] >> text=See what is played")
        viewer.complaints.clear()  # of the answer that says so, which is a 404


async def test_a_match_that_is_no_more_leads_on(server: Server, browser: Browser) -> None:
    """Without another draw: nobody comes to it, as neither of two went on; its round is taken back."""
    await add_staff(server.services, "anna", PASSWORD, "organiser")
    headers = await server.sign_in("carla")
    people = {"name": "Cup", "participants": [{"name": f"P{n}"} for n in (1, 2, 3, 4)]}
    for form, match_id, before, deed, body in (
        ("double_elimination", 4, "", "matches/1/confirm/", {"walkover": True}),
        ("swiss", 1, "stages/1/rounds/", "stages/1/unpair/", {}),
    ):
        wish = people | {"format": form} | ({"rounds": 2} if form == "swiss" else {})
        made = await server.client.post("/api/tournaments/", json=wish, headers=headers)
        here = f"/tournaments/{made.json()['tournament_id']}/"
        if before:
            await server.client.post(f"/api{here}{before}", json={}, headers=headers)
        pad_path = f"{server.url}/staff{here}matches/{match_id}/"
        async with (
            refereeing(browser, server, pad_path, "anna") as pad,
            viewing(browser, f"{server.url}{here}matches/{match_id}/") as viewer,
        ):
            for each in (pad, viewer):
                await each.until_live()
            done = await server.client.post(f"/api{here}{deed}", json=body, headers=headers)
            assert done.status_code == 200, done.text
            for each, leads in ((pad, f"/staff{here}"), (viewer, here)):
                await each.page.wait_for_selector(
                    f"a[href='{leads}'] >> text=See what is played", timeout=8000
                )
                each.complaints.clear()  # of the answer that says so, which is a 404


async def test_a_new_draw_reaches_who_looks_at_one_match(server: Server, browser: Browser) -> None:
    """Two change places: others stand on the match's page. It becomes a bye: the page and the pad lead on."""
    tid = (await server.tournament(4)).id
    await add_staff(server.services, "anna", PASSWORD, "organiser")
    headers = await server.sign_in("carla")
    here = f"/tournaments/{tid}/"
    async with (
        refereeing(browser, server, pad_of(server, tid), "anna") as pad,
        viewing(browser, f"{server.url}{here}matches/1/") as viewer,
    ):
        for each in (pad, viewer):
            await each.until_live()
        drawn = await server.client.post(f"/api{here}draw/", json={"swap": [1, 2]}, headers=headers)
        assert drawn.status_code == 200
        await viewer.page.wait_for_selector("#pairing >> text=P2", timeout=8000)  # it loads itself anew
        await pad.until("document.querySelector('#pad').textContent.includes('P2')")
        three = {"redraw": True, "participants": [{"name": f"P{n}"} for n in (1, 2, 3)]}
        drawn = await server.client.post(f"/api{here}draw/", json=three, headers=headers)
        assert drawn.status_code == 200
        await viewer.page.wait_for_selector(f"a[href='{here}'] >> text=See what is played", timeout=8000)
        await pad.page.wait_for_selector(f"a[href='/staff{here}'] >> text=See what is played", timeout=8000)
        for each in (pad, viewer):
            each.complaints.clear()  # of the answer that says so, which is a 404
