"""Who gets through a guarded door, and where the others are sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from quart import Response

from quart_app.actions.staff import change_staff
from quart_app.readers import SecretKey
from quart_app.store.staff import select_staff_by_name
from quart_app.web.doors.access import AFTER_LOGIN_PATH, local_path
from tests.auth.doors import House, on_file, open_house

PAGE, ORGANISER_PAGE = "/probe/scorer/", "/probe/organiser/"
API, ORGANISER_API = "/api/probe/scorer/", "/api/probe/organiser/"
HTML = {"Accept": "text/html"}


@pytest_asyncio.fixture(name="house", scope="module")
async def _house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_house(on_file(tmp_path_factory.mktemp("house"))) as house:
        yield house


def destination(response: Response, header: str = "Location") -> tuple[str, str]:
    """Where a redirect leads: the path, and where the login leads on to."""
    parts = urlsplit(response.headers[header])
    return parts.path, parse_qs(parts.query)["next"][0]


async def test_a_login_opens_pages(house: House) -> None:
    """The session's member is who acts."""
    client = await house.signed_in("pages")
    assert await (await client.get(PAGE)).get_data(as_text=True) == "pages"


async def test_a_login_opens_the_api(house: House) -> None:
    """A page's script may use the API with the session."""
    client = await house.signed_in("pages and api")
    assert await (await client.get(API)).get_data(as_text=True) == "pages and api"


async def test_an_access_token_opens_the_api(house: House) -> None:
    """The token's member is who acts."""
    token, _ = house.tokens.issue_access(await house.staff("program"))
    response = await house.client().get(API, headers={"Authorization": f"bearer {token}"})
    assert await response.get_data(as_text=True) == "program"


@pytest.mark.parametrize(("role", "status"), [("scorer", 403), ("organiser", 200)])
@pytest.mark.parametrize("path", [ORGANISER_PAGE, ORGANISER_API])
async def test_an_organisers_door(house: House, path: str, role: str, status: int) -> None:
    """A scorer is told that they may not; an organiser gets in."""
    client = await house.signed_in(f"{role} at {path}", role)
    assert (await client.get(path)).status_code == status


async def test_an_organiser_may_score(house: House) -> None:
    """Their role holds the other."""
    client = await house.signed_in("organiser who scores", "organiser")
    assert (await client.get(PAGE)).status_code == 200


async def test_a_stranger_is_sent_to_the_login(house: House) -> None:
    """And comes back afterwards to what they asked for, query and all."""
    response = await house.client().get(f"{PAGE}?round=2&name=%C3%A9%26", headers=HTML)
    assert (response.status_code, destination(response)) == (
        302,
        ("/staff/login/", f"{PAGE}?round=2&name=%C3%A9%26"),
    )


async def test_htmx_is_sent_to_the_login(house: House) -> None:
    """htmx gets a header, as it would swap a redirect's page in; and comes back to the page it stood on."""
    headers = {"HX-Request": "true", "HX-Current-URL": "http://localhost/staff/?x=1"}
    response = await house.client().post(PAGE, headers=headers)
    assert (response.status_code, destination(response, "HX-Redirect")) == (
        401,
        ("/staff/login/", "/staff/?x=1"),
    )


@pytest.mark.parametrize(
    "url", ["", "https://evil.example//evil.example/", "javascript:alert(1)", "http://[", "\\\\e"]
)
async def test_htmx_is_led_on_to_this_site_only(house: House, url: str) -> None:
    """Whatever the header says, the login leads on to a path of ours."""
    response = await house.client().get(PAGE, headers={"HX-Request": "true", "HX-Current-URL": url})
    assert destination(response, "HX-Redirect")[1] == AFTER_LOGIN_PATH


async def test_a_strangers_form_is_refused(house: House) -> None:
    """A POST is not turned into a GET of the login: its answer is 401."""
    assert (await house.client().post(PAGE, headers=HTML)).status_code == 401


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_stranger_at_the_api(house: House, method: str) -> None:
    """A program gets a problem document and the challenge of RFC 6750, never a redirect."""
    client = house.client()
    response = await (client.get if method == "GET" else client.post)(API, headers=HTML)
    assert response.status_code == 401
    assert response.mimetype == "application/problem+json"
    assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize("kind", ["feed", "refresh"])
async def test_other_tokens_do_not_open_the_api(house: House, kind: str) -> None:
    """Only access tokens do."""
    staff = await house.staff(f"holder of {kind}")
    issue = {
        "feed": lambda: house.tokens.issue_feed(1, staff=staff),
        "refresh": lambda: house.tokens.issue_refresh(staff),
    }
    response = await house.client().get(API, headers={"Authorization": f"Bearer {issue[kind]()[0]}"})
    assert response.status_code == 401


async def test_an_expired_access_token(house: House) -> None:
    """It is refused, with a word for programs about why."""
    staff = await house.staff("late program")
    token, _ = house.tokens_of(timedelta(minutes=20)).issue_access(staff)
    response = await house.client().get(API, headers={"Authorization": f"Bearer {token}"})
    assert (response.status_code, (await response.get_json())["reason"]) == (401, "expired")


async def test_a_bad_token_is_not_excused_by_a_session(house: House) -> None:
    """With a Bearer token the cookie does not count, on pages neither."""
    client = await house.signed_in("both")
    responses = [await client.get(path, headers={"Authorization": "Bearer x"}) for path in (API, PAGE)]
    assert [response.status_code for response in responses] == [401, 401]


async def test_another_kind_of_authorization_is_not_ours(house: House) -> None:
    """A Basic header, of a proxy's own login say, leaves the session in force."""
    client = await house.signed_in("behind basic")
    assert (await client.get(PAGE, headers={"Authorization": "Basic eDp5"})).status_code == 200


@pytest.mark.parametrize("change", [{"active": False}, {"password": "another one 1"}])
async def test_a_login_dies_with_the_account_and_the_password(
    house: House, change: dict[str, object]
) -> None:
    """From the next request on."""
    client = await house.signed_in(f"login before {change}")
    async with house.services.database.reading() as connection:
        staff = await select_staff_by_name(connection, f"login before {change}")
    assert staff is not None
    await change_staff(house.services, staff.id, **change)  # type: ignore[arg-type]
    assert (await client.get(API)).status_code == 401


async def test_a_disabled_members_token(house: House) -> None:
    """An access token is checked against the account of now."""
    staff = await house.staff("disabled program")
    token, _ = house.tokens.issue_access(staff)
    await change_staff(house.services, staff.id, active=False)
    response = await house.client().get(API, headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == 401


async def test_a_role_that_was_taken_counts_at_once(house: House) -> None:
    """A token issued to an organiser opens no organiser's door after that."""
    staff = await house.staff("demoted", "organiser")
    token, _ = house.tokens.issue_access(staff)
    await change_staff(house.services, staff.id, role="scorer")
    response = await house.client().get(ORGANISER_API, headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == 403


async def test_signing_out(house: House) -> None:
    """The cookie is gone afterwards."""
    client = await house.signed_in("leaver")
    await client.post("/probe/sign-out/")
    assert (await client.get(API)).status_code == 401


@pytest.mark.parametrize("cookie", ["", "x", "IjEuYSI.x.y", '"1.a"', "é"])
async def test_a_cookie_that_is_not_ours(house: House, cookie: str) -> None:
    """It is no login and no error."""
    response = await house.client().get(API, headers={"Cookie": f"grandstand_session={cookie}"})
    assert response.status_code == 401


async def session_cookie(house: House, name: str) -> str:
    """The Set-Cookie header of a login."""
    staff = await house.staff(name)
    response = await house.client().post(f"/probe/sign-in/{staff.id}/", scheme="https")
    return str(response.headers["Set-Cookie"])


async def test_the_session_cookie_in_development(house: House) -> None:
    """HttpOnly, Lax, for the whole site and as long as the settings say; plain http is fine here."""
    _, *attributes = (await session_cookie(house, "cookie")).split("; ")
    attributes = [each for each in attributes if not each.startswith("Expires=")]
    assert sorted(attributes) == ["HttpOnly", "Max-Age=43200", "Path=/", "SameSite=Lax"]


async def test_the_session_cookie_in_production(tmp_path: Path) -> None:
    """Secure as well."""
    async with open_house(on_file(tmp_path, environment="production")) as house:
        assert "; Secure" in await session_cookie(house, "cookie")


@pytest.fixture(name="keys")
def _keys() -> tuple[SecretKey, SecretKey, SecretKey]:
    a, b, c = (SecretKey(name, name * 40) for name in "abc")
    return a, b, c


async def test_a_login_outlives_a_key_rotation(tmp_path: Path, keys: tuple[SecretKey, ...]) -> None:
    """A cookie signed by the older of two live keys is good; without its key it is not."""
    a, b, c = keys
    async with open_house(on_file(tmp_path, secret_keys=(a,))) as house:
        cookie = (await session_cookie(house, "rotated")).partition(";")[0]
    statuses = []
    for live in ((b, a), (c, b)):
        async with open_house(on_file(tmp_path, secret_keys=live)) as house:
            statuses.append((await house.client().get(API, headers={"Cookie": cookie})).status_code)
    assert statuses == [200, 401]


async def test_a_login_ends_by_itself(tmp_path: Path) -> None:
    """After its time the server refuses the cookie, even of a browser that keeps it."""
    async with open_house(on_file(tmp_path, session_seconds=1.0)) as house:
        cookie = (await session_cookie(house, "short")).partition(";")[0]
        before = await house.client().get(API, headers={"Cookie": cookie})
        await asyncio.sleep(2.1)
        after = await house.client().get(API, headers={"Cookie": cookie})
    assert (before.status_code, after.status_code) == (200, 401)


@pytest.mark.parametrize(
    "target", ["/", "/staff/", "/staff/tournaments/3/?a=b&c=%2F", "/a//b", "/é", "/a:b@c"]
)
def test_a_path_of_ours_is_followed(target: str) -> None:
    """Any path on this site."""
    assert local_path(target) == target


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "staff/",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "/\r\n/evil.example",
        "/\0/evil.example",
        " //evil.example",
        "https://evil.example",
        "https:evil.example",
        "javascript:alert(1)",
    ],
)
def test_no_way_out(target: str | None) -> None:
    """What a browser would take for another site's address is not followed."""
    assert local_path(target) == AFTER_LOGIN_PATH


@given(st.text("/\\.:@ \t\n\r%?#aé\u2028"))
def test_no_text_leads_out(text: str) -> None:
    """However it is put together: resolved as a browser does, it stays on this site."""
    followed = local_path(text)
    browsers_view = followed.translate({ord(each): None for each in "\t\n\r"}).replace("\\", "/").strip()
    assert browsers_view.startswith("/")
    assert not browsers_view.startswith("//")
