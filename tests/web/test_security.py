"""The outer wall: other sites' posts and reads, security headers, and whose word about addresses counts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from quart import Response
from quart.typing import TestClientProtocol as Browser

from quart_app.web.doors.proxies import forwarded
from tests.auth.doors import House, on_file, open_house, tournament
from tests.server import running

OWN, LISTED, FOREIGN = "http://localhost", "https://club.example", "https://evil.example"
FORM, API = "/probe/scorer/", "/api/probe/scorer/"


@pytest_asyncio.fixture(name="house", scope="module")
async def _house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    settings = on_file(tmp_path_factory.mktemp("house"), allowed_origins=(LISTED,))
    async with open_house(settings) as house:
        yield house


@pytest_asyncio.fixture(name="open_to_all", scope="module")
async def _open_to_all(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    settings = on_file(tmp_path_factory.mktemp("house"), allowed_origins=("*", LISTED))
    async with open_house(settings) as house:
        yield house


@pytest_asyncio.fixture(name="production", scope="module")
async def _production(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    settings = on_file(tmp_path_factory.mktemp("house"), environment="production", trusted_proxies=1)
    async with open_house(settings) as house:
        yield house


@pytest_asyncio.fixture(name="staff_client", scope="module")
async def _staff_client(house: House) -> Browser:
    return await house.signed_in("browser")


def headers(origin: str | None = None, site: str | None = None) -> dict[str, str]:
    """What a browser says about where a request comes from."""
    said = {"Origin": origin, "Sec-Fetch-Site": site}
    return {name: value for name, value in said.items() if value is not None}


@pytest.mark.parametrize(
    ("origin", "site", "page", "api"),
    [
        (None, None, 200, 200),
        (None, "none", 200, 200),
        (None, "same-origin", 200, 200),
        (None, "same-site", 403, 403),
        (None, "cross-site", 403, 403),
        (OWN, None, 200, 200),
        (OWN, "same-origin", 200, 200),
        (OWN, "cross-site", 403, 403),
        ("https://localhost", None, 403, 403),
        ("http://localhost:8000", "same-site", 403, 403),
        ("http://localhost.evil.example", None, 403, 403),
        (FOREIGN, "cross-site", 403, 403),
        (FOREIGN, "same-origin", 403, 403),
        (FOREIGN, None, 403, 403),
        ("null", "cross-site", 403, 403),
        ("null", "same-site", 403, 403),
        ("null", "same-origin", 200, 200),
        ("null", None, 403, 403),
        ("", None, 403, 403),
        (LISTED, "cross-site", 403, 200),
        (LISTED, None, 403, 200),
        (LISTED + "/", None, 403, 403),
        (f"{LISTED}, {FOREIGN}", None, 403, 403),
        ("*", None, 403, 403),
    ],
)
async def test_posts_of_other_sites(
    staff_client: Browser, origin: str | None, site: str | None, page: int, api: int
) -> None:
    """With the session cookie, a form is posted by our own pages only, the API used by listed ones too."""
    said = headers(origin, site)
    statuses = [(await staff_client.post(path, headers=said)).status_code for path in (FORM, API)]
    assert statuses == [page, api]


@pytest.mark.parametrize("method", ["put", "patch", "delete", "post"])
async def test_every_writing_method_is_checked(staff_client: Browser, method: str) -> None:
    """Before it is said whether there is such a method."""
    response = await getattr(staff_client, method)(FORM, headers=headers(FOREIGN, "cross-site"))
    assert response.status_code == 403


async def test_a_link_from_another_site_works(staff_client: Browser) -> None:
    """Reading a page is not a cross-site post."""
    assert (await staff_client.get(FORM, headers=headers(None, "cross-site"))).status_code == 200


@pytest.mark.parametrize("origin", [FOREIGN, "null"])
async def test_an_access_token_needs_no_origin(house: House, origin: str) -> None:
    """No site can make a browser send a Bearer token that it does not know."""
    token, _ = house.tokens.issue_access(await house.staff(f"program at {origin}"))
    said = headers(origin, "cross-site") | {"Authorization": f"Bearer {token}"}
    assert (await house.client().post(API, headers=said)).status_code == 200


async def test_the_session_does_not_follow_a_token_through_the_wall(staff_client: Browser) -> None:
    """A made-up token gets past the check of the origin, but then the cookie does not count."""
    said = headers(FOREIGN, "cross-site") | {"Authorization": "Bearer x"}
    assert [(await staff_client.post(path, headers=said)).status_code for path in (FORM, API)] == [401, 401]


async def test_a_login_from_another_site_is_refused(house: House) -> None:
    """Nobody is signed in by a foreign page, neither in the browser nor for the API."""
    said = headers(FOREIGN, "cross-site")
    fields = {"name": "x", "username": "x", "password": "x"}
    responses = [
        await house.client().post(path, form=fields, headers=said)
        for path in ("/staff/login/", "/api/token/")
    ]
    assert [response.status_code for response in responses] == [403, 403]


async def test_the_scheme_is_part_of_the_origin(production: House) -> None:
    """Behind a proxy that ends TLS, our own origin is the https one that it tells of."""
    client = await production.signed_in("behind tls")
    said = {"X-Forwarded-Proto": "https"}
    statuses = [
        (await client.post(FORM, headers=said | headers(origin))).status_code
        for origin in ("https://localhost", "http://localhost")
    ]
    assert statuses == [200, 403]


async def feed_status(house: House, said: dict[str, str]) -> int:
    """How a feed without a token answers: 401 when the wall lets the request through to it."""
    return (await house.client().get("/sse/tournaments/1/", headers=said)).status_code


@pytest.mark.parametrize(
    ("origin", "status"), [(None, 401), (OWN, 401), (LISTED, 401), (FOREIGN, 403), ("null", 403)]
)
async def test_the_origins_of_feeds(house: House, origin: str | None, status: int) -> None:
    """An origin that is neither ours nor listed gets 403 on a feed."""
    assert await feed_status(house, headers(origin)) == status


async def test_a_token_does_not_help_a_foreign_origin_to_a_feed(house: House) -> None:
    """Not even a good one."""
    tournament_id = await tournament(house.services)
    token, _ = house.tokens.issue_feed(tournament_id, staff=None)
    response = await house.client().get(
        f"/sse/tournaments/{tournament_id}/?token={token}", headers=headers(FOREIGN)
    )
    assert response.status_code == 403


def cors(response: Response) -> tuple[str | None, str | None]:
    """Whom the answer lets read it, and whether with credentials."""
    said = response.headers
    return said.get("Access-Control-Allow-Origin"), said.get("Access-Control-Allow-Credentials")


READ_PATHS = ["/api/tournaments/", "/sse/tournaments/1/"]


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        (None, (None, None)),
        (OWN, (None, None)),
        (LISTED, (LISTED, "true")),
        (FOREIGN, (None, None)),
        ("null", (None, None)),
    ],
)
@pytest.mark.parametrize("path", READ_PATHS)
async def test_who_may_read(
    house: House, path: str, origin: str | None, expected: tuple[str | None, str | None]
) -> None:
    """CORS: a listed origin may, with credentials; any other may not."""
    assert cors(await house.client().get(path, headers=headers(origin))) == expected


@pytest.mark.parametrize(
    ("origin", "expected"), [(LISTED, (LISTED, "true")), (FOREIGN, ("*", None)), ("null", ("*", None))]
)
@pytest.mark.parametrize("path", READ_PATHS)
async def test_who_may_read_where_all_may(
    open_to_all: House, path: str, origin: str, expected: tuple[str, str | None]
) -> None:
    """An origin that is only one of ``*`` never gets credentials, one that is listed as well does."""
    assert cors(await open_to_all.client().get(path, headers=headers(origin))) == expected


@pytest.mark.parametrize("path", ["/api/tournaments/", "/sse/tournaments/1/", "/api/no-such/"])
async def test_caches_keep_origins_apart(house: House, path: str) -> None:
    """What depends on the origin says so, whether one was named or not."""
    assert "Origin" in (await house.client().get(path)).vary


async def test_pages_are_nobody_elses(house: House) -> None:
    """No other origin may read a page."""
    response = await house.client().get("/", headers=headers(LISTED))
    assert cors(response) == (None, None)


def preflight(origin: str) -> dict[str, str]:
    """What a browser asks before it lets a page of another origin send something."""
    return headers(origin, "cross-site") | {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,idempotency-key,last-event-id",
    }


@pytest.mark.parametrize("path", ["/api/token/", "/sse/tournaments/1/", "/api/tournaments/1/feed-token/"])
async def test_a_listed_origin_may_ask_and_send(house: House, path: str) -> None:
    """The preflight is answered with the methods and headers that we read, and never with 204 or HTML."""
    response = await house.client().options(path, headers=preflight(LISTED))
    assert (response.status_code, response.mimetype) == (200, "text/plain")
    assert cors(response) == (LISTED, "true")
    allowed = response.headers["Access-Control-Allow-Headers"].lower().split(", ")
    assert {"authorization", "content-type", "idempotency-key", "last-event-id"} <= set(allowed)
    assert "POST" in response.headers["Access-Control-Allow-Methods"]


@pytest.mark.parametrize(
    ("path", "origin"), [("/api/token/", FOREIGN), ("/sse/tournaments/1/", FOREIGN), (FORM, LISTED)]
)
async def test_no_other_origin_may_ask(house: House, path: str, origin: str) -> None:
    """Not for the API and feeds, and nobody for pages."""
    assert (await house.client().options(path, headers=preflight(origin))).status_code == 403


async def test_any_origin_may_fetch_a_feed_token_where_all_are_allowed(open_to_all: House) -> None:
    """That is what ``*`` is for."""
    path = f"/api/tournaments/{await tournament(open_to_all.services)}/feed-token/"
    response = await open_to_all.client().post(path, headers=headers(FOREIGN, "cross-site"))
    assert (response.status_code, cors(response)) == (200, ("*", None))


async def test_any_origin_means_nobody_with_a_session(open_to_all: House) -> None:
    """A sibling site, whose requests SameSite lets the cookie go along with, cannot use it under ``*``."""
    client = await open_to_all.signed_in("browser")
    assert (
        await client.post(API, headers=headers("http://sibling.localhost", "same-site"))
    ).status_code == 403


PATHS = [
    "/",
    "/staff/login/",
    "/no/such/page/",
    "/static/app.css",
    "/api/tournaments/",
    "/sse/tournaments/1/",
    FORM,
]


@pytest.mark.parametrize("path", PATHS)
async def test_every_answer_has_the_security_headers(house: House, path: str) -> None:
    """Pages, errors, redirects, files, the API and feeds alike."""
    response = await house.client().get(path)
    assert {name: response.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS


SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'self'; object-src 'none'",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": None,
}


@pytest.mark.parametrize(("scheme", "expected"), [("https", "max-age=31536000"), ("http", None)])
async def test_production_insists_on_https(production: House, scheme: str, expected: str | None) -> None:
    """HSTS, where the answer is known to have gone out over https."""
    response = await production.client().get("/", headers={"X-Forwarded-Proto": scheme})
    assert response.headers.get("Strict-Transport-Security") == expected


@pytest.mark.parametrize(("scheme", "expected"), [("https", "same-origin"), ("http", None)])
async def test_the_opener_policy_is_sent_where_browsers_take_it(
    production: House, scheme: str, expected: str | None
) -> None:
    """Over http they write a complaint into the console instead."""
    response = await production.client().get("/", headers={"X-Forwarded-Proto": scheme})
    assert response.headers.get("Cross-Origin-Opener-Policy") == expected


@pytest.mark.parametrize(
    ("host", "scheme", "status"),
    [
        ("hall.example", "http", 403),
        ("192.0.2.7:8000", "http", 403),
        ("hall.example", "https", 422),
        ("localhost:8000", "http", 422),
        ("127.0.0.1", "http", 422),
        ("[::1]:8000", "http", 422),
    ],
)
async def test_nobody_signs_in_where_the_login_would_not_last(
    production: House, host: str, scheme: str, status: int
) -> None:
    """A browser drops a Secure cookie over plain http: who signed in would see the login again and again."""
    headers = {"Host": host, "X-Forwarded-Proto": scheme, "Origin": f"{scheme}://{host}"}
    asked = await production.client().get("/staff/login/", headers=headers)
    page = await asked.get_data(as_text=True)
    assert ("needs an address that begins with https://" in page, "<form" in page) == (
        status == 403,
        status != 403,
    )
    form = {"name": "nobody", "password": "wrong"}
    answer = await production.client().post("/staff/login/", form=form, headers=headers)
    assert answer.status_code == status


async def address(house: House, **said: str) -> str:
    """What the app takes the client's address for."""
    named = {name.replace("_", "-"): value for name, value in said.items()}
    return await (await house.client().get("/probe/address/", headers=named)).get_data(as_text=True)


async def test_without_a_proxy_nobody_is_believed(house: House) -> None:
    """X-Forwarded-For and Remote-Addr of a client are its own invention."""
    plain = await address(house)
    assert await address(house, X_Forwarded_For="203.0.113.9", Remote_Addr="203.0.113.9") == plain


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("10.9.9.9, 203.0.113.9", "203.0.113.9"),
        ("127.0.0.1,203.0.113.9 ", "203.0.113.9"),
        ("203.0.113.9:4711", "203.0.113.9"),
        ("2001:DB8::1", "2001:db8::1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
    ],
)
async def test_the_proxys_word_counts(production: House, said: str, expected: str) -> None:
    """With one proxy the last entry is the client; what stands before it is the client's own invention."""
    assert await address(production, X_Forwarded_For=said) == expected


@pytest.mark.parametrize(
    "said", ["", "unknown", "203.0.113.9, unknown", "a:b:c", "<script>", ",", "[", "1" * 5000]
)
async def test_what_is_no_address_is_not_believed(production: House, said: str) -> None:
    """Then it is the address of the proxy."""
    assert await address(production, X_Forwarded_For=said) == await address(production)


@given(st.lists(st.ip_addresses(v=4).map(str), max_size=5), st.integers(1, 4))
def test_as_many_entries_count_as_there_are_proxies(entries: list[str], count: int) -> None:
    """The Nth from the right, however they are spread over header lines; none where there are fewer."""
    lines = [(b"X-Forwarded-For", entry.encode()) for entry in entries]
    one_line = [(b"x-forwarded-for", ", ".join(entries).encode())] if entries else []
    expected = entries[-count] if count <= len(entries) else None
    assert (
        forwarded(lines, b"x-forwarded-for", count)
        == forwarded(one_line, b"x-forwarded-for", count)
        == expected
    )


async def test_nothing_here_speaks_websocket(tmp_path: Path) -> None:
    """A handshake is refused, by no fault of ours."""
    async with running(on_file(tmp_path)) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
        writer.write(
            b"GET /sse/tournaments/1/ HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        answer = await reader.read()
        writer.close()
    assert answer.startswith(b"HTTP/1.1 403 ")
