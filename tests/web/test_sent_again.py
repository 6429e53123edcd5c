"""The form of a new tournament, sent again because its answer got lost."""

from __future__ import annotations

import asyncio

from quart_app.actions.staff import add_staff
from quart_app.store.tournaments import select_tournaments
from tests.web.hall import PASSWORD, Browser, Hall

NEW = "/staff/tournaments/new/"
FORM = {"name": "Hall Cup", "participants": "Ana\nBo", "seeding": "standard", "visibility": "private"}


async def tournaments(hall: Hall) -> int:
    """How many there are."""
    async with hall.services.database.reading() as connection:
        return len(await select_tournaments(connection, public_only=False, limit=99))


async def test_a_form_that_is_sent_again_leads_to_what_it_made(hall: Hall, anna: Browser) -> None:
    """One after the other, and several at once, as a browser does after a reload or a second tap."""
    form = FORM | {"form_id": (await anna.get(NEW)).value("form_id")}
    first = await anna.post(NEW, form)
    again = await asyncio.gather(*(anna.post(NEW, form) for _ in range(5)))
    assert {(each.status, each.location) for each in (first, *again)} == {(303, first.location)}
    form |= {"form_id": (await anna.get(NEW)).value("form_id")}
    herd = await asyncio.gather(*(anna.post(NEW, form) for _ in range(5)))
    assert len({each.location for each in herd}) == 1
    assert herd[0].location != first.location
    assert await tournaments(hall) == 2


async def test_a_form_that_was_altered_since_makes_another(hall: Hall, anna: Browser) -> None:
    """Back, another name, and sent: that is no second try."""
    form = FORM | {"form_id": (await anna.get(NEW)).value("form_id")}
    first = await anna.post(NEW, form)
    other = await anna.post(NEW, form | {"name": "Garden Cup"})
    assert (other.status, other.location == first.location) == (303, False)
    assert (await anna.post(NEW, form)).location == first.location
    assert await tournaments(hall) == 2


async def test_a_form_that_comes_back_is_the_same_form(hall: Hall, anna: Browser) -> None:
    """What was refused made nothing; it keeps its id, and is carried out when it is mended."""
    form = FORM | {"form_id": (await anna.get(NEW)).value("form_id")}
    refused = await anna.post(NEW, form | {"name": ""})
    assert (refused.status, refused.value("form_id")) == (422, form["form_id"])
    assert (await anna.post(NEW, form)).status == 303
    assert await tournaments(hall) == 1


async def test_forms_of_two_people_are_two_forms(hall: Hall, anna: Browser) -> None:
    """Nobody is led to what another made, even with the same id."""
    await add_staff(hall.services, "otto", PASSWORD, "organiser")
    otto = await hall.sign_in("otto")
    first, second = [await each.post(NEW, FORM | {"form_id": "the same"}) for each in (anna, otto)]
    assert first.location != second.location
