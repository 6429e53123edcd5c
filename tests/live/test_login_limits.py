"""How often somebody may try to sign in: wrong tries count, by name and address."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from quart_app.settings import Settings
from tests.server import PASSWORD, Server, running
from tests.services import RedisServer

WRONG, RIGHT = {"username": "anna", "password": "wrong"}, {"username": "Anna ", "password": PASSWORD}


async def sign_in_from(server: Server, address: str, body: dict[str, str]) -> int:
    """The answer to a try to get a token, as from this address."""
    headers = {"X-Forwarded-For": address}
    return (await server.client.post("/api/token/", json=body, headers=headers)).status_code


async def test_guessing_a_password_is_refused(settings: Settings) -> None:
    """Wrong tries under one name are limited, even with the right password in the end; right ones do not
    count."""
    async with running(replace(settings, limit_logins_per_name=3)) as server:
        await server.sign_in("anna")
        assert [(await server.client.post("/api/token/", json=RIGHT)).status_code for _ in range(5)] == [
            200
        ] * 5
        tries = [(await server.client.post("/api/token/", json=WRONG)).status_code for _ in range(4)]
        answer = await server.client.post("/api/token/", json=RIGHT)
    assert (tries, answer.status_code, "retry-after" in answer.headers) == ([401] * 3 + [429], 429, True)


@pytest.mark.parametrize("shared", [False, True])
async def test_guessing_in_a_herd_is_refused(
    settings: Settings, redis_server: RedisServer, shared: bool
) -> None:
    """Those who try in the same moment are not more than those who try one after the other."""
    url = redis_server.url if shared else None
    async with Redis.from_url(redis_server.url) as redis:
        await redis.flushdb()  # what other tests have tried within this minute
    async with running(replace(settings, limit_logins_per_name=3, redis_url=url)) as server:
        await server.sign_in("anna")
        tries = [server.client.post("/api/token/", json=WRONG) for _ in range(20)]
        statuses = [answer.status_code for answer in await asyncio.gather(*tries)]
    assert (statuses.count(401), statuses.count(429)) == (3, 17)


async def test_nobody_elsewhere_keeps_the_owner_of_a_name_out(settings: Settings) -> None:
    """Wrong tries from one address do not count for another; from a great many, they end all the same."""
    proxied = replace(settings, limit_logins_per_name=2, trusted_proxies=1)
    async with running(proxied) as server:
        await server.sign_in("anna")
        for _ in range(20):
            await sign_in_from(server, "203.0.113.9", WRONG)
        assert await sign_in_from(server, "198.51.100.1", RIGHT) == 200
        for number in range(1, 40):
            await sign_in_from(server, f"203.0.113.{number}", WRONG)
        assert await sign_in_from(server, "198.51.100.2", RIGHT) == 429


async def test_a_browser_that_is_known_is_let_in_whatever_strangers_do(settings: Settings) -> None:
    """The cookie of an earlier login gives it tries of its own, for that name alone; and they are limited
    too."""
    async with running(replace(settings, limit_logins_per_name=1, limit_logins_per_address=1)) as server:
        for name in ("anna", "bob"):
            await server.sign_in(name)
        form = {"name": "anna", "password": PASSWORD}
        first = await server.client.post("/staff/login/", data=form)
        known = {"Cookie": f"grandstand_device={first.cookies['grandstand_device']}"}
        server.client.cookies.clear()
        for _ in range(3):
            await server.client.post("/api/token/", json=WRONG)
        stranger = await server.client.post("/staff/login/", data=form)
        other = await server.client.post("/staff/login/", data=form | {"name": "bob"}, headers=known)
        let_in = await server.client.post("/staff/login/", data=form, headers=known)
        server.client.cookies.clear()
        wrong = form | {"password": "x"}
        guesses = [await server.client.post("/staff/login/", data=wrong, headers=known) for _ in range(2)]
    assert (stranger.status_code, other.status_code, let_in.status_code) == (429, 429, 303)
    assert [guess.status_code for guess in guesses] == [422, 429]


async def test_login_form_says_so_beside_the_fields(settings: Settings) -> None:
    """A person who tries too often gets the form back, with the reason."""
    async with running(replace(settings, limit_logins_per_name=1)) as server:
        form = {"name": "anna", "password": "x"}
        await server.client.post("/staff/login/", data=form)
        answer = await server.client.post("/staff/login/", data=form)
    assert (answer.status_code, "too often" in answer.text, 'value="anna"' in answer.text) == (
        429,
        True,
        True,
    )


async def test_spelling_a_name_differently_earns_no_further_tries(settings: Settings) -> None:
    """What names one account counts as one name: full-width letters, say."""
    async with running(replace(settings, limit_logins_per_name=3)) as server:
        await server.sign_in("olga")
        names = ("\uff4flga", "o\uff4cga", "ol\uff47a", "olg\uff41", "OLGA")
        answers = [
            (
                await server.client.post("/api/token/", json={"username": name, "password": "wrong one"})
            ).status_code
            for name in names
        ]
    assert answers == [401, 401, 401, 429, 429]
