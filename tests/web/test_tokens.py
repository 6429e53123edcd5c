"""Tokens over HTTP: sign in, rotate, watch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from quart import Response

from quart_app.actions.staff import change_staff
from quart_app.auth.tokens import API, FEED
from tests.auth.doors import PASSWORD, House, on_file, open_house, tournament


@pytest_asyncio.fixture(name="house", scope="module")
async def _house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_house(on_file(tmp_path_factory.mktemp("house"))) as house:
        yield house


async def ask(house: House, username: object, password: object = PASSWORD) -> Response:
    """The answer to a program that signs in."""
    return await house.client().post("/api/token/", json={"username": username, "password": password})


async def sign_in(house: House, name: str) -> dict[str, Any]:
    """A new account's pair of tokens."""
    await house.staff(name)
    response = await ask(house, name)
    assert response.status_code == 200
    return dict(await response.get_json())


async def refresh(house: House, token: str) -> Response:
    """The answer to a refresh token."""
    return await house.client().post("/api/token/refresh/", json={"refresh": token})


def bearer(token: str) -> dict[str, str]:
    """The header that carries a token."""
    return {"Authorization": f"Bearer {token}"}


async def status_with(house: House, access: str) -> int:
    """How the API answers to an access token."""
    return (await house.client().get("/api/probe/scorer/", headers=bearer(access))).status_code


async def test_a_pair_has_the_keys_of_the_contract(tmp_path: Path) -> None:
    """``access``, ``refresh``, ``token_type`` and ``expires_in``: what is left when the answer is written."""
    async with open_house(on_file(tmp_path)) as house:
        now = datetime.now(UTC)
        for part, name in ((house.services, "clock"), (house.tokens, "_clock")):
            object.__setattr__(part, name, lambda: now)  # time stands still; the parts are frozen
        pair = await sign_in(house, "pair")
    assert set(pair) == {"access", "refresh", "token_type", "expires_in"}
    assert (pair["token_type"], pair["expires_in"]) == ("Bearer", 900)


async def test_the_access_token_opens_the_api(house: House) -> None:
    """It is one of the audience API."""
    assert await status_with(house, (await sign_in(house, "access"))["access"]) == 200


async def test_a_form_signs_in_too(house: House) -> None:
    """The same fields, urlencoded, as curl's ``-d`` sends them."""
    await house.staff("form")
    response = await house.client().post("/api/token/", form={"username": "form", "password": PASSWORD})
    assert response.status_code == 200


async def test_wrong_and_unknown_sound_the_same(house: House) -> None:
    """401 with the same document for a wrong password, an unknown name and a disabled account."""
    await house.staff("known")
    disabled = await house.staff("disabled")
    await change_staff(house.services, disabled.id, active=False)
    attempts = [("known", "wrong"), ("unknown", PASSWORD), ("disabled", PASSWORD), ("", ""), ("\0", "\0")]
    responses = [await ask(house, *attempt) for attempt in attempts]
    assert {response.status_code for response in responses} == {401}
    assert len({await response.get_data() for response in responses}) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 400),
        (b"[]", 422),
        (b'"x"', 422),
        (b"{}", 422),
        (b'{"username": "x"}', 422),
        (b'{"username": 1, "password": "x"}', 422),
        (b'{"username": null, "password": "x"}', 422),
        (b'{"username": ["x"], "password": {}}', 422),
        (b"\xff", 400),
        (b"[" * 100_000, 422),
    ],
)
@pytest.mark.parametrize("path", ["/api/token/", "/api/token/refresh/"])
async def test_a_body_that_does_not_fit(house: House, path: str, body: bytes, status: int) -> None:
    """It is refused with a problem document that says why."""
    headers = {"Content-Type": "application/json"}
    response = await house.client().post(path, data=body, headers=headers)
    assert (response.status_code, response.mimetype) == (status, "application/problem+json")


async def test_a_form_without_a_field(house: House) -> None:
    """The missing field is named."""
    response = await house.client().post("/api/token/", form={"username": "x"})
    assert (response.status_code, (await response.get_json())["problems"]) == (
        422,
        {"password": "password is missing."},
    )


@pytest.mark.parametrize("mimetype", ["text/plain", "application/xml", "nonsense"])
async def test_another_kind_of_body(house: House, mimetype: str) -> None:
    """Neither JSON nor a form, so no other site's page can send it without asking first."""
    headers = {"Content-Type": mimetype}
    response = await house.client().post("/api/token/", data=b"username=x&password=y", headers=headers)
    assert response.status_code == 415


async def test_rotation(house: House) -> None:
    """A refresh token is good for another pair, whose refresh token is good for the next."""
    pair = await sign_in(house, "rotation")
    for _ in range(3):
        response = await refresh(house, pair["refresh"])
        assert response.status_code == 200
        pair = await response.get_json()
    assert await status_with(house, pair["access"]) == 200


async def test_reuse_kills_the_family(house: House) -> None:
    """The old token is refused, and the new one is dead from then on."""
    old = (await sign_in(house, "reuse"))["refresh"]
    new = (await (await refresh(house, old)).get_json())["refresh"]
    assert [(await refresh(house, token)).status_code for token in (old, new)] == [401, 401]


async def test_two_programs_with_one_token(house: House) -> None:
    """Of many exchanges at once at most one is answered, and what it got is dead."""
    token = (await sign_in(house, "race"))["refresh"]
    responses = await asyncio.gather(*(refresh(house, token) for _ in range(6)))
    winners = [response for response in responses if response.status_code == 200]
    assert sorted(response.status_code for response in responses) == [200, 401, 401, 401, 401, 401]
    assert (await refresh(house, (await winners[0].get_json())["refresh"])).status_code == 401


async def test_a_refresh_token_of_a_disabled_member(house: House) -> None:
    """401 at once."""
    pair = await sign_in(house, "soon disabled")
    grant = house.tokens.read(pair["access"], API)
    await change_staff(house.services, grant.staff_id or 0, active=False)
    assert (await refresh(house, pair["refresh"])).status_code == 401


async def test_a_refreshed_pair_has_the_role_of_now(house: House) -> None:
    """Not the one of the login."""
    pair = await sign_in(house, "promoted")
    await change_staff(house.services, house.tokens.read(pair["access"], API).staff_id or 0, role="organiser")
    pair = await (await refresh(house, pair["refresh"])).get_json()
    assert house.tokens.read(pair["access"], API).role == "organiser"


async def test_an_expired_refresh_token(house: House) -> None:
    """401, and why."""
    staff = await house.staff("expired refresh")
    token, _ = house.tokens_of(timedelta(days=15)).issue_refresh(staff)
    response = await refresh(house, token)
    assert (response.status_code, (await response.get_json())["reason"]) == (401, "expired")


@pytest.mark.parametrize("kind", ["access", "garbage", "empty", "never recorded"])
async def test_what_is_no_refresh_token(house: House, kind: str) -> None:
    """An access token refreshes nothing, nor does a refresh token that was not given out."""
    staff = await house.staff(f"refreshes with {kind}")
    tokens = {
        "access": house.tokens.issue_access(staff)[0],
        "garbage": "x",
        "empty": "",
        "never recorded": house.tokens.issue_refresh(staff)[0],
    }
    assert (await refresh(house, tokens[kind])).status_code == 401


async def feed_token(
    house: House, tournament_id: int, headers: Mapping[str, str] | None = None, scheme: str = "http"
) -> Response:
    """The answer to somebody who wants to watch."""
    path = f"/api/tournaments/{tournament_id}/feed-token/"
    return await house.client().post(path, headers=dict(headers or {}), scheme=scheme)


async def test_anyone_may_watch_what_is_public(house: House) -> None:
    """The answer has the keys of the contract, and the token is a spectator's."""
    tournament_id = await tournament(house.services)
    body = await (await feed_token(house, tournament_id)).get_json()
    assert (set(body), body["url"], body["expires_in"]) == (
        {"token", "expires_in", "url"},
        f"/sse/tournaments/{tournament_id}/",
        300,
    )
    grant = house.tokens.read(body["token"], FEED)
    assert (grant.subject, grant.tournament_id) == ("spectator", tournament_id)


async def test_staff_watch_as_themselves(house: House) -> None:
    """With an access token the feed token is the member's own, so it ends with their account."""
    staff = await house.staff("watcher")
    headers = bearer(house.tokens.issue_access(staff)[0])
    body = await (await feed_token(house, await tournament(house.services), headers)).get_json()
    assert house.tokens.read(body["token"], FEED).staff_id == staff.id


async def test_a_private_tournament_is_unknown_to_strangers(house: House) -> None:
    """The very same answer as for one that is not there."""
    private = await feed_token(house, await tournament(house.services, "private"))
    unknown = await feed_token(house, 10**6)
    assert (private.status_code, await private.get_data()) == (404, await unknown.get_data())


async def test_staff_watch_what_is_private(house: House) -> None:
    """By token and by session."""
    private = await tournament(house.services, "private")
    headers = bearer(house.tokens.issue_access(await house.staff("private by token"))[0])
    by_token = await feed_token(house, private, headers)
    client = await house.signed_in("private by session")
    by_session = await client.post(f"/api/tournaments/{private}/feed-token/")
    assert (by_token.status_code, by_session.status_code) == (200, 200)


async def test_a_bad_token_gets_no_spectators_token(house: House) -> None:
    """Who claims to be somebody and is not is told so, even where nobody would do."""
    response = await feed_token(house, await tournament(house.services), bearer("x"))
    assert response.status_code == 401


@pytest.mark.parametrize("tournament_id", [0, 2**63 - 1, 2**63, 10**40])
async def test_an_id_that_no_tournament_has(house: House, tournament_id: int) -> None:
    """However large, it is an unknown one."""
    assert (await feed_token(house, tournament_id)).status_code == 404


def attributes(response: Response) -> list[str]:
    """What the only Set-Cookie says besides the value and the date."""
    (cookie,) = response.headers.getlist("Set-Cookie")
    name_value, *rest = cookie.split("; ")
    assert name_value.startswith("feed_token=ey")
    return sorted(each for each in rest if not each.startswith("Expires="))


async def test_the_feed_cookie(house: House) -> None:
    """HttpOnly, Strict, for this tournament's feeds only, as long as the token lives."""
    tournament_id = await tournament(house.services)
    assert attributes(await feed_token(house, tournament_id)) == [
        "HttpOnly",
        "Max-Age=300",
        f"Path=/sse/tournaments/{tournament_id}/",
        "SameSite=Strict",
    ]


async def test_the_feed_cookie_in_production(tmp_path: Path) -> None:
    """Secure as well."""
    async with open_house(on_file(tmp_path, environment="production")) as house:
        response = await feed_token(house, await tournament(house.services), scheme="https")
        assert "Secure" in attributes(response)


async def test_the_feed_cookie_in_production_over_plain_http(tmp_path: Path) -> None:
    """As in a hall's own network: a browser drops Secure there, so only what belongs to staff is."""
    async with open_house(on_file(tmp_path, environment="production")) as house:
        tournament_id = await tournament(house.services)
        assert "Secure" not in attributes(await feed_token(house, tournament_id))
        assert "Secure" not in attributes(await house.client().get(f"/tournaments/{tournament_id}/"))
        headers = {"Authorization": f"Bearer {(await sign_in(house, 'insecure'))['access']}"}
        assert "Secure" in attributes(await feed_token(house, tournament_id, headers=headers))


async def test_no_cache_keeps_a_token(house: House) -> None:
    """Every answer with a token says ``no-store``, and so does every refusal."""
    await house.staff("uncached")
    signed_in = await ask(house, "uncached")
    responses = [
        signed_in,
        await refresh(house, (await signed_in.get_json())["refresh"]),
        await feed_token(house, await tournament(house.services)),
        await ask(house, "uncached", "wrong"),
    ]
    assert {response.headers["Cache-Control"] for response in responses} == {"no-store"}


async def test_nothing_secret_is_logged(house: House, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither passwords, right or wrong, nor tokens appear in the log."""
    pair = await sign_in(house, "logged")
    await ask(house, "logged", "wrong-password")
    await refresh(house, pair["refresh"])
    await refresh(house, pair["refresh"])
    captured = "".join(capfd.readouterr())
    assert "login_refused" in captured
    assert not any(secret in captured for secret in (PASSWORD, "wrong-password", *pair["refresh"].split(".")))
