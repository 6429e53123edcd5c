"""Accounts and refresh tokens as actions, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import argon2
import pytest

from quart_app.actions.services import Services
from quart_app.actions.staff import (
    add_staff,
    authenticate,
    change_staff,
    record_refresh_token,
    rotate_refresh_token,
)
from quart_app.auth.passwords import needs_rehash
from quart_app.domain.events import Envelope
from quart_app.errors import Conflict, InvalidInput, NotFound, Unauthenticated
from quart_app.live.bus.port import Notice, StaffChanged
from quart_app.store.database.engine import Database
from quart_app.store.staff import StaffRow, insert_staff
from tests.auth.doors import PASSWORD, services_on

LATER = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture(name="services")
def _services(database: Database) -> Services:
    return services_on(database)


async def recorded(services: Services, name: str = "Ana") -> StaffRow:
    """A new account with a refresh token ``a``."""
    staff = await add_staff(services, name, PASSWORD, "scorer")
    await record_refresh_token(services, staff, jti="a", expires_at=LATER)
    return staff


async def is_good(services: Services, staff: StaffRow, jti: str, new_jti: str) -> bool:
    """Whether a refresh token can be exchanged."""
    try:
        await rotate_refresh_token(services, staff, jti, new_jti=new_jti, expires_at=LATER)
    except Unauthenticated:
        return False
    return True


async def refusal(services: Services, name: str, password: str) -> str:
    """The words with which a login is refused."""
    with pytest.raises(Unauthenticated) as caught:
        await authenticate(services, name, password)
    return caught.value.detail


async def test_who_was_added_gets_in(services: Services) -> None:
    """The name, in whatever case and with space around it, and the password give the account's row."""
    added = await add_staff(services, " Ana Ñandú ", PASSWORD, "organiser")
    assert await authenticate(services, "ANA ñandú ", PASSWORD) == added
    assert (added.name, added.role, added.active) == ("Ana Ñandú", "organiser", True)


@pytest.mark.parametrize(
    ("name", "password", "role", "field"),
    [
        ("", PASSWORD, "scorer", "name"),
        ("x" * 65, PASSWORD, "scorer", "name"),
        ("a\nb", PASSWORD, "scorer", "name"),
        ("a\0", PASSWORD, "scorer", "name"),
        ("Ana", "short", "scorer", "password"),
        ("Ana", "x" * 1025, "scorer", "password"),
        ("Ana", PASSWORD, "king", "role"),
    ],
)
async def test_what_does_not_fit_is_named(
    services: Services, name: str, password: str, role: str, field: str
) -> None:
    """An account that cannot be is refused with the field at fault."""
    with pytest.raises(InvalidInput) as caught:
        await add_staff(services, name, password, role)
    assert set(caught.value.problems) == {field}


async def test_a_name_is_taken_once(services: Services) -> None:
    """In any case."""
    await add_staff(services, "Ana", PASSWORD, "scorer")
    with pytest.raises(Conflict):
        await add_staff(services, "ANA", PASSWORD, "scorer")


async def test_every_refusal_sounds_the_same(services: Services) -> None:
    """Wrong password, unknown name, disabled account, and text that no name or password could be."""
    staff = await add_staff(services, "Ana", PASSWORD, "scorer")
    disabled = await add_staff(services, "Bo", PASSWORD, "scorer")
    await change_staff(services, disabled.id, active=False)
    attempts = [
        (staff.name, "wrong"),
        (staff.name, ""),
        (staff.name, PASSWORD * 1000),
        ("Nobody", PASSWORD),
        (disabled.name, PASSWORD),
        ("", PASSWORD),
        ("\0", PASSWORD),
        ("\ud800", "\ud800"),
        ("x" * 100_000, PASSWORD),
    ]
    assert len({await refusal(services, *attempt) for attempt in attempts}) == 1


async def test_a_weak_hash_is_renewed_by_the_next_login(services: Services) -> None:
    """A login replaces a hash of old parameters by one of today's."""
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    async with services.database.writing() as connection:
        await insert_staff(connection, name="Ana", password_hash=weak, role="scorer", at=services.clock())
    renewed = await authenticate(services, "Ana", PASSWORD)
    assert not needs_rehash(renewed.password_hash)
    assert await authenticate(services, "Ana", PASSWORD) == renewed


async def test_a_new_password_replaces_the_old(services: Services) -> None:
    """Only the new one is right afterwards."""
    staff = await add_staff(services, "Ana", PASSWORD, "scorer")
    changed = await change_staff(services, staff.id, password="another one 1")
    assert await authenticate(services, "Ana", "another one 1") == changed
    await refusal(services, "Ana", PASSWORD)


async def test_nobody_cannot_be_changed(services: Services) -> None:
    """An unknown id is NotFound."""
    with pytest.raises(NotFound):
        await change_staff(services, 99, active=False)


class Ear:
    """A listener that keeps the notices."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []

    def heard(self, tournament_id: int, head_seq: int, envelopes: tuple[Envelope, ...]) -> None:
        """Nothing is announced here."""

    def suspect(self, tournament_ids: Collection[int]) -> None:
        """Nothing is watched here."""

    def noticed(self, notice: Notice) -> None:
        """Keep it."""
        self.notices.append(notice)


@pytest.mark.parametrize("change", [{"password": "another one 1"}, {"role": "organiser"}, {"active": False}])
async def test_every_worker_hears_of_a_change(services: Services, change: dict[str, object]) -> None:
    """Whatever changes, the bus tells whose grants are to be checked again."""
    staff = await add_staff(services, "Ana", PASSWORD, "scorer")
    ear = Ear()
    running = asyncio.create_task(services.bus.run(ear))
    await asyncio.sleep(0)
    await change_staff(services, staff.id, **change)  # type: ignore[arg-type]
    running.cancel()
    assert ear.notices == [StaffChanged(staff_id=staff.id)]


async def test_a_refresh_token_is_exchanged_once(services: Services) -> None:
    """Each token of the chain is good for exactly the next."""
    staff = await recorded(services)
    assert [await is_good(services, staff, *pair) for pair in ("ab", "bc", "cd")] == [True, True, True]


async def test_reuse_kills_the_family(services: Services) -> None:
    """A token that was spent is refused, and takes the good one that descends from it along."""
    staff = await recorded(services)
    await is_good(services, staff, "a", "b")
    assert [await is_good(services, staff, *pair) for pair in ("ax", "bc")] == [False, False]


async def test_reuse_spares_other_families(services: Services) -> None:
    """Another login of the same member goes on."""
    staff = await recorded(services)
    await record_refresh_token(services, staff, jti="p", expires_at=LATER)
    await is_good(services, staff, "a", "b")
    await is_good(services, staff, "a", "x")
    assert await is_good(services, staff, "p", "q")


async def test_of_two_at_once_one_is_reuse(services: Services) -> None:
    """Two exchanges of one token at the same moment: at most one wins, and then its gain is dead as well."""
    staff = await recorded(services)
    won = await asyncio.gather(*(is_good(services, staff, "a", f"b{number}") for number in range(8)))
    assert sum(won) == 1
    assert not await is_good(services, staff, f"b{won.index(True)}", "c")


async def test_an_unknown_refresh_token_is_refused(services: Services) -> None:
    """One that was never recorded."""
    assert not await is_good(services, await recorded(services), "z", "y")


@pytest.mark.parametrize("change", [{"password": "another one 1"}, {"active": False}])
async def test_a_new_password_and_disabling_end_every_refresh_token(
    services: Services, change: dict[str, object]
) -> None:
    """Who signed in before has to sign in again, with the row of before and of after."""
    before = await recorded(services)
    after = await change_staff(services, before.id, **change)  # type: ignore[arg-type]
    assert [await is_good(services, staff, "a", "b") for staff in (before, after)] == [False, False]


async def test_enabling_again_brings_no_token_back(services: Services) -> None:
    """What died stays dead."""
    staff = await recorded(services)
    await change_staff(services, staff.id, active=False)
    assert not await is_good(services, await change_staff(services, staff.id, active=True), "a", "b")


async def test_another_role_keeps_the_tokens(services: Services) -> None:
    """A role is looked up each time, so no login has to end for it."""
    staff = await recorded(services)
    assert await is_good(services, await change_staff(services, staff.id, role="organiser"), "a", "b")
