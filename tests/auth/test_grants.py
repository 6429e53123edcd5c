"""``check_grant``: a feed's token counts only while what it was given for is still true."""

from __future__ import annotations

import pytest

from quart_app.actions.services import Services, utc_now
from quart_app.actions.staff import add_staff, change_staff
from quart_app.actions.tournaments import change_visibility
from quart_app.auth.tokens import Tokens
from quart_app.domain.commands import ChangeVisibility
from quart_app.errors import AppError, Forbidden, NotFound, Unauthenticated
from quart_app.settings import Settings
from quart_app.store.database.engine import Database
from quart_app.store.staff import StaffRow
from quart_app.web.doors.access import check_grant
from tests.auth.doors import PASSWORD, services_on, tournament

TOKENS = Tokens(Settings.for_tests(), utc_now)


@pytest.fixture(name="services")
def _services(database: Database) -> Services:
    return services_on(database)


async def verdict(services: Services, tournament_id: int, staff: StaffRow | None) -> type[AppError] | None:
    """The error that checking a grant ends in, None where it is good."""
    _, grant = TOKENS.issue_feed(tournament_id, staff=staff)
    try:
        loaded = await services.ledger.load(tournament_id)
        await check_grant(services, grant, loaded.tournament.visibility)
    except AppError as error:
        return type(error)
    return None


@pytest.mark.parametrize(("visibility", "expected"), [("public", None), ("private", NotFound)])
async def test_a_spectator_sees_what_is_public(
    services: Services, visibility: str, expected: type[AppError] | None
) -> None:
    """And nothing of what is private, not even that it is there."""
    assert await verdict(services, await tournament(services, visibility), None) is expected


async def test_a_spectators_grant_ends_when_the_tournament_turns_private(services: Services) -> None:
    """It is checked against the visibility of now."""
    tournament_id = await tournament(services)
    await change_visibility(services, tournament_id, ChangeVisibility(visibility="private"), None)
    assert await verdict(services, tournament_id, None) is NotFound


@pytest.mark.parametrize("visibility", ["public", "private"])
async def test_staff_see_both(services: Services, visibility: str) -> None:
    """A private tournament is open to staff of any role."""
    staff = await add_staff(services, "Ana", PASSWORD, "scorer")
    assert await verdict(services, await tournament(services, visibility), staff) is None


async def test_a_disabled_member(services: Services) -> None:
    """Their grant is worth nothing, not even that of a spectator."""
    staff = await add_staff(services, "Ana", PASSWORD, "scorer")
    await change_staff(services, staff.id, active=False)
    assert await verdict(services, await tournament(services), staff) is Unauthenticated


async def test_a_member_who_is_gone(services: Services) -> None:
    """An id that no account has."""
    ghost = StaffRow(99, "Ghost", "", "organiser", True, "")
    assert await verdict(services, await tournament(services), ghost) is Unauthenticated


async def test_a_role_that_was_taken(services: Services) -> None:
    """A grant for an organiser ends when the member is one no more."""
    staff = await add_staff(services, "Ana", PASSWORD, "organiser")
    await change_staff(services, staff.id, role="scorer")
    assert await verdict(services, await tournament(services), staff) is Forbidden


async def test_a_role_that_was_raised(services: Services) -> None:
    """A grant for a scorer stays good, because an organiser may do all that a scorer may."""
    staff = await add_staff(services, "Ana", PASSWORD, "scorer")
    await change_staff(services, staff.id, role="organiser")
    assert await verdict(services, await tournament(services), staff) is None
