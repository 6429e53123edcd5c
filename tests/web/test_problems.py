"""The table of problems: every error in a form that its reader can use, telling nothing of our insides."""

from __future__ import annotations

import json
from typing import Any

import pytest
import pytest_asyncio
from quart import Quart, request
from quart.typing import ResponseReturnValue
from quart.typing import TestClientProtocol as Client
from structlog.testing import capture_logs

from quart_app import errors
from quart_app.web.answers import problems
from quart_app.web.answers.problems import document

MACHINE_PATHS = ["/api/it/", "/sse/it/"]
ERRORS: dict[str, Exception] = {
    "not_found": errors.NotFound("There is no match 9."),
    "unauthenticated": errors.Unauthenticated("A token is needed."),
    "too_many": errors.TooManyRequests("Slow down.", 7),
    "unavailable": errors.Unavailable("The database is away.", 3),
    "behind": errors.DatabaseBehind("Run the migration."),
    "invalid": errors.InvalidInput({"name": "The name is empty."}),
    "stale": errors.VersionConflict("Changed.", current={"version": 7}, entered=None),
    "fault": RuntimeError("SELECT secret FROM staff"),
    "markup": errors.Conflict("<script>alert(1)</script>"),
}


@pytest_asyncio.fixture(name="client")
async def _client() -> Client:
    """A client of an app whose every path raises the error that its query names."""
    app = Quart("quart_app")
    app.config["MAX_CONTENT_LENGTH"] = 100
    problems.register(app)

    async def view() -> ResponseReturnValue:
        if request.method == "POST":
            await request.get_data()
        raise ERRORS[request.args["error"]]

    for path in [*MACHINE_PATHS, "/page/"]:
        app.add_url_rule(path, path, view, methods=["GET", "POST"])
    return app.test_client()


async def get(client: Client, path: str, **headers: str) -> tuple[int, Any, str]:
    """Status, headers and text of an answer."""
    response = await client.get(
        path, headers={name.replace("_", "-"): text for name, text in headers.items()}
    )
    return response.status_code, response.headers, await response.get_data(as_text=True)


@pytest.mark.parametrize("path", MACHINE_PATHS)
@pytest.mark.parametrize("accept", ["*/*", "text/html", "text/event-stream"])
async def test_feeds_and_api_always_get_a_problem_document(client: Client, path: str, accept: str) -> None:
    """Below /api/ and /sse/ an error is application/problem+json, whatever the client accepts."""
    status, headers, text = await get(client, f"{path}?error=not_found", Accept=accept, HX_Request="true")
    assert (status, headers["Content-Type"]) == (404, "application/problem+json")
    assert json.loads(text) == {
        "type": "/api/docs#not_found",
        "title": "Not found",
        "status": 404,
        "code": "not_found",
        "detail": "There is no match 9.",
    }


async def test_a_page_gets_a_page(client: Client) -> None:
    """A person gets HTML with the sentence."""
    status, headers, text = await get(client, "/page/?error=not_found", Accept="text/html,*/*;q=0.8")
    assert (status, headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "<!doctype html>" in text
    assert "There is no match 9." in text


async def test_htmx_gets_a_fragment(client: Client) -> None:
    """A request by htmx gets the sentence without the page around it."""
    _, _, text = await get(client, "/page/?error=not_found", HX_Request="true")
    assert "There is no match 9." in text
    assert "<html" not in text


@pytest.mark.parametrize("hx", [{}, {"HX_Request": "true"}])
async def test_a_sentence_is_no_markup(client: Client, hx: dict[str, str]) -> None:
    """What an error quotes is text in a page and in a fragment."""
    _, _, text = await get(client, "/page/?error=markup", **hx)
    assert "<script>alert" not in text


@pytest.mark.parametrize(
    "accept", ["application/json", "application/problem+json", "application/json, text/html;q=0.5"]
)
async def test_a_client_that_prefers_json_gets_json(client: Client, accept: str) -> None:
    """On a page too."""
    _, headers, _ = await get(client, "/page/?error=not_found", Accept=accept)
    assert headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(("error", "seconds"), [("too_many", "7"), ("unavailable", "3"), ("behind", "5")])
@pytest.mark.parametrize("path", [*MACHINE_PATHS, "/page/"])
async def test_come_back_later_says_when(client: Client, path: str, error: str, seconds: str) -> None:
    """429 and 503 carry Retry-After."""
    _, headers, _ = await get(client, f"{path}?error={error}")
    assert headers["Retry-After"] == seconds


@pytest.mark.parametrize("path", MACHINE_PATHS)
async def test_401_says_which_proof_is_wanted(client: Client, path: str) -> None:
    """RFC 6750, section 3."""
    _, headers, _ = await get(client, f"{path}?error=unauthenticated")
    assert headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


async def test_an_error_is_kept_by_no_cache(client: Client) -> None:
    """A 404 would be cacheable by itself (RFC 9111, section 4.2.2)."""
    _, headers, _ = await get(client, "/page/?error=not_found")
    assert headers["Cache-Control"] == "no-store"


async def test_members_of_its_own(client: Client) -> None:
    """A conflict tells both sides, a refused form its fields; what is None is left out."""
    assert json.loads((await get(client, "/api/it/?error=stale"))[2])["current"] == {"version": 7}
    assert "entered" not in json.loads((await get(client, "/api/it/?error=stale"))[2])
    assert json.loads((await get(client, "/api/it/?error=invalid"))[2])["problems"] == {
        "name": "The name is empty."
    }


def test_no_member_of_its_own_hides_a_standard_one() -> None:
    """RFC 9457, section 3.2: extensions never redefine the standard members."""
    assert document(errors.Conflict("Sentence.", status=200, code="ok"))["status"] == 409


@pytest.mark.parametrize("path", [*MACHINE_PATHS, "/page/"])
async def test_a_fault_tells_the_caller_nothing_but_an_id(client: Client, path: str) -> None:
    """500 has no traceback, message or SQL; the id leads to the one line in the log that has them."""
    with capture_logs() as lines:
        status, _, text = await get(client, f"{path}?error=fault")
    (line,) = lines
    assert status == 500
    assert "SELECT" not in text
    assert "Traceback" not in text
    assert line["error_id"] in text


async def test_a_fault_is_logged_once_with_its_traceback(client: Client) -> None:
    """The line has the exception and the path, and not the query, which may hold a token."""
    with capture_logs() as lines:
        await get(client, "/api/it/?error=fault&token=hush")
    (line,) = lines
    assert (line["event"], line["path"], line["exc_info"]) == ("request_failed", "/api/it/", ERRORS["fault"])
    assert "hush" not in str(line)


@pytest.mark.parametrize(
    "path", ["/api", "/sse", "/api/nothing/", "/sse/nothing/", "/api/", "/api//it/", "/sse//it/", "/sse/it"]
)
async def test_an_unknown_machine_path_is_a_problem_and_no_redirect(client: Client, path: str) -> None:
    """Neither an unknown path nor one with a missing or doubled slash ends in HTML or a 3xx."""
    status, headers, _ = await get(client, path)
    assert (status, headers["Content-Type"]) == (404, "application/problem+json")


async def test_an_almost_right_machine_path_is_told_the_right_one(client: Client) -> None:
    """Instead of a redirect."""
    _, _, text = await get(client, "/sse/it")
    assert "/sse/it/" in json.loads(text)["detail"]


async def test_a_page_without_its_slash_is_redirected(client: Client) -> None:
    """Browsers may be redirected."""
    status, headers, _ = await get(client, "/page")
    assert (status, headers["Location"].endswith("/page/")) == (308, True)


@pytest.mark.parametrize("path", [*MACHINE_PATHS, "/page/"])
async def test_405_names_the_methods(client: Client, path: str) -> None:
    """In Allow, as RFC 9110, section 15.5.6 wants it."""
    response = await client.delete(path)
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD, OPTIONS, POST")


async def test_too_large_a_body(client: Client) -> None:
    """413 as a problem."""
    response = await client.post("/api/it/?error=fault", data=b"x" * 101)
    assert (response.status_code, json.loads(await response.get_data())["code"]) == (413, "request.too_large")


async def test_a_missing_parameter_of_the_framework(client: Client) -> None:
    """What the framework raises by itself speaks our words."""
    _, _, text = await get(client, "/api/it/")
    assert json.loads(text)["code"] == "request.malformed"


async def test_a_fault_after_the_view_is_told_the_same_way() -> None:
    """A response hook that fails gives the same answer, and its id stands in the log."""
    app = Quart("quart_app")
    problems.register(app)
    broken = True

    async def hook(response: Any) -> Any:
        nonlocal broken
        if broken:
            broken = False
            raise RuntimeError("SELECT secret")
        return response

    app.after_request(hook)
    with capture_logs() as lines:
        response = await app.test_client().get("/api/nothing/")
    text = await response.get_data(as_text=True)
    assert response.status_code == 500
    assert lines[0]["error_id"] in text
