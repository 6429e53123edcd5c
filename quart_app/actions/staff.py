"""The accounts of those who run tournaments, and the refresh tokens that keep their API clients signed in."""

from __future__ import annotations

import secrets
import unicodedata
from datetime import datetime

import structlog

from quart_app.actions.services import Services
from quart_app.auth.passwords import hash_password_aside, needs_rehash, verify_password_aside
from quart_app.errors import InvalidInput, NotFound, Unauthenticated
from quart_app.live.bus.port import StaffChanged
from quart_app.store.refresh_tokens import (
    delete_family,
    delete_staff_tokens,
    insert_refresh_token,
    update_spent,
)
from quart_app.store.staff import (
    ROLES,
    StaffRow,
    insert_staff,
    select_staff,
    select_staff_by_name,
    update_staff,
)

NAME_CHARACTERS_MAX = 64
# NIST SP 800-63B, 5.1.1.2: eight at least, long ones welcome, and no rules about their make-up.
PASSWORD_CHARACTERS_MIN = 8
PASSWORD_CHARACTERS_MAX = 1024

_log = structlog.get_logger(__name__)


async def add_staff(services: Services, name: str, password: str, role: str) -> StaffRow:
    """Make an account and give its row.

    Raises InvalidInput with a sentence for each of ``name``, ``password`` and ``role`` that does not fit, and
    Conflict for a name that is taken, in whatever case.
    """
    name = unicodedata.normalize("NFC", name).strip()
    _check(_name_problems(name) | _password_problems(password) | _role_problems(role))
    password_hash = await hash_password_aside(password)
    async with services.database.writing() as connection:
        staff_id = await insert_staff(
            connection, name=name, password_hash=password_hash, role=role, at=services.clock()
        )
        staff = await select_staff(connection, staff_id)
    _log.info("staff_added", staff_id=staff_id, role=role)
    return _found(staff)


async def change_staff(
    services: Services,
    staff_id: int,
    *,
    password: str | None = None,
    role: str | None = None,
    active: bool | None = None,
) -> StaffRow:
    """Change what is given and give the row. A new password ends every login; being disabled does for as long
    as it lasts, and ends the logins of API clients for good.

    Every worker is told, so that open feeds are checked again. Raises NotFound, and InvalidInput as
    ``add_staff`` does.
    """
    problems = {} if password is None else _password_problems(password)
    _check(problems | ({} if role is None else _role_problems(role)))
    password_hash = None if password is None else await hash_password_aside(password)
    async with services.database.writing() as connection:
        _found(await select_staff(connection, staff_id, lock=True))
        await update_staff(connection, staff_id, password_hash=password_hash, role=role, active=active)
        if password is not None or active is False:
            await delete_staff_tokens(connection, staff_id)
        staff = _found(await select_staff(connection, staff_id))
    _log.info(
        "staff_changed",
        staff_id=staff_id,
        role=staff.role,
        active=staff.active,
        password=password is not None,
    )
    await services.bus.notify(StaffChanged(staff_id=staff_id))
    return staff


async def authenticate(services: Services, name: str, password: str) -> StaffRow:
    """The active account with this name, in whatever case, and password.

    Raises Unauthenticated, with the same words and after the same time whatever is wrong.
    """
    name = unicodedata.normalize("NFC", name).strip()
    staff = None
    if not _name_problems(name):
        async with services.database.reading() as connection:
            staff = await select_staff_by_name(connection, name)
    # Longer than any that was ever set; hashing it would only be work for us.
    too_long = len(password) > PASSWORD_CHARACTERS_MAX
    password_hash = None if staff is None or too_long else staff.password_hash
    right = await verify_password_aside(password_hash, password[:PASSWORD_CHARACTERS_MAX])
    if staff is None or not right or not staff.active:
        reason = "unknown_name" if staff is None else "disabled" if right else "wrong_password"
        _log.warning("login_refused", reason=reason, staff_id=None if staff is None else staff.id)
        raise Unauthenticated("The name or the password is wrong.")
    if needs_rehash(staff.password_hash):
        staff = await _rehash(services, staff, password)
    return staff


async def record_refresh_token(
    services: Services, staff: StaffRow, *, jti: str, expires_at: datetime
) -> None:
    """Record the first refresh token of a login; all that descend from it are its family.

    Raises Unauthenticated when the account was disabled, or got another password, since it was read.
    """
    async with services.database.writing() as connection:
        _require_unchanged(staff, await select_staff(connection, staff.id, lock=True))
        await insert_refresh_token(
            connection, jti=jti, family=secrets.token_urlsafe(16), staff_id=staff.id, expires_at=expires_at
        )


async def rotate_refresh_token(
    services: Services, staff: StaffRow, jti: str, *, new_jti: str, expires_at: datetime
) -> None:
    """Spend one refresh token and record the next of its family, in one transaction.

    Raises Unauthenticated as ``record_refresh_token`` does, and for a token that is not known or was spent
    before. The latter kills its whole family, because one of two who hold it is a thief.
    """
    async with services.database.writing() as connection:
        _require_unchanged(staff, await select_staff(connection, staff.id, lock=True))
        spent = await update_spent(connection, jti, services.clock())
        if spent is not None and spent.reused:
            await delete_family(connection, spent.family)
        elif spent is not None:
            await insert_refresh_token(
                connection, jti=new_jti, family=spent.family, staff_id=staff.id, expires_at=expires_at
            )
    # Only here, because an exception inside would have rolled the family's end back.
    if spent is None or spent.reused:
        _log.warning("refresh_token_refused", staff_id=staff.id, reused=spent is not None)
        raise Unauthenticated("This refresh token is no longer good; sign in again.", reason="revoked")


async def _rehash(services: Services, staff: StaffRow, password: str) -> StaffRow:
    """Hash a password that was just found right with today's parameters, unless it has been changed since."""
    password_hash = await hash_password_aside(password)
    async with services.database.writing() as connection:
        _require_unchanged(staff, await select_staff(connection, staff.id, lock=True))
        await update_staff(connection, staff.id, password_hash=password_hash)
        return _found(await select_staff(connection, staff.id))


def _require_unchanged(before: StaffRow, now: StaffRow | None) -> None:
    if now is None or not now.active or now.password_hash != before.password_hash:
        raise Unauthenticated("The account is disabled, or its password is new; sign in.", reason="revoked")


def _found(staff: StaffRow | None) -> StaffRow:
    if staff is None:
        raise NotFound("There is no such member of staff.")
    return staff


def _check(problems: dict[str, str]) -> None:
    if problems:
        raise InvalidInput(problems)


def _name_problems(name: str) -> dict[str, str]:
    if 1 <= len(name) <= NAME_CHARACTERS_MAX and name.isprintable():
        return {}
    return {"name": f"Give a name of 1 to {NAME_CHARACTERS_MAX} printable characters."}


def _password_problems(password: str) -> dict[str, str]:
    if PASSWORD_CHARACTERS_MIN <= len(password) <= PASSWORD_CHARACTERS_MAX:
        return {}
    least, most = PASSWORD_CHARACTERS_MIN, PASSWORD_CHARACTERS_MAX
    return {"password": f"Give a password of {least} to {most} characters."}


def _role_problems(role: str) -> dict[str, str]:
    return {} if role in ROLES else {"role": f"Give one of these roles: {', '.join(ROLES)}."}
