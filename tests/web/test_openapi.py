"""The API's description: it is valid, it says what the routes do, and the running app does what it says."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
import schemathesis
from quart import Quart
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from quart_app.web.api.describe.docs_page import docs_page
from quart_app.web.api.describe.examples import REQUESTS, answers
from quart_app.web.api.describe.openapi import description
from tests.server import Server
from tests.web.api_client import Caller

REQUESTS_PER_OPERATION = 8
OPENAPI_PLACEHOLDER = r"{\1}"


def operations() -> dict[str, dict[str, Any]]:
    """Every described operation by its method and path."""
    return {
        f"{method.upper()} {path}": operation
        for path, methods in description()["paths"].items()
        for method, operation in methods.items()
    }


def test_it_is_valid() -> None:
    """Against the schema of OpenAPI 3.1 itself."""
    schemathesis.openapi.from_dict(json.loads(json.dumps(description()))).validate()


def test_the_checker_sees_an_invalid_description() -> None:
    """A test that cannot fail would prove nothing."""
    described = json.loads(json.dumps(description()))
    described["paths"]["/api/docs"]["get"]["responses"] = 7
    with pytest.raises(Exception, match="7"):
        schemathesis.openapi.from_dict(described).validate()


def test_every_reference_leads_somewhere() -> None:
    """No $ref dangles."""
    described = description()
    for reference in set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(described))):
        found: Any = described
        for part in reference.split("/"):
            found = found[part]


def test_it_describes_every_route_and_no_other(app: Quart) -> None:
    """Below /api/ and /sse/, with the methods that each has."""
    placeholder = re.compile(r"<(?:[^:<>]*:)?([^<>]+)>")
    routes = {
        f"{method} {placeholder.sub(OPENAPI_PLACEHOLDER, rule.rule)}"
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
        if rule.rule.startswith(("/api/", "/sse/")) and method not in ("HEAD", "OPTIONS")
    }
    assert set(operations()) == routes


def test_operation_ids_are_unique() -> None:
    """Client generators name their functions by them."""
    ids = [operation["operationId"] for operation in operations().values()]
    assert Counter(ids).most_common(1)[0][1] == 1


@pytest.mark.parametrize("shape", REQUESTS, ids=lambda shape: shape.__name__)
def test_the_examples_of_requests_fit(shape: type[msgspec.Struct]) -> None:
    """Each is read by the very shape that its route reads."""
    msgspec.json.decode(msgspec.json.encode(REQUESTS[shape]), type=shape)


@pytest.mark.parametrize("shape", answers(), ids=lambda shape: shape.__name__)
def test_the_examples_of_answers_fit(shape: type[msgspec.Struct]) -> None:
    """Each is what its route answers, with all its fields."""
    msgspec.json.decode(msgspec.json.encode(answers()[shape]), type=shape)


async def test_it_is_served(app: Quart) -> None:
    """To anyone, as JSON."""
    assert (await Caller.anonymous(app).get("/api/openapi.json")).json == json.loads(
        json.dumps(description())
    )


@pytest.mark.parametrize("path", ["/api/docs", "/api/docs/"])
async def test_the_page_is_served(app: Quart, path: str) -> None:
    """To anyone, as HTML, under the site's own content security policy."""
    reply = await Caller.anonymous(app).get(path)
    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'self'" in reply.headers["Content-Security-Policy"]


def test_the_page_has_nothing_that_the_policy_forbids() -> None:
    """No inline style or script, no handler, nothing from another site."""
    page = docs_page()
    forbidden = re.compile(
        r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=\"/static/)|(?:src|href)=\"(?:https?:)?//"
    )
    assert forbidden.findall(page) == []


def test_the_page_shows_every_operation() -> None:
    """By its method and path, and with a place to link to."""
    page = docs_page()
    for name, operation in operations().items():
        assert f"<code>{name}</code>" in page
        assert f'id="{operation["operationId"]}"' in page


def test_every_link_of_the_page_leads_somewhere() -> None:
    """Inside the page; and each place is there once."""
    page = docs_page()
    places = Counter(re.findall(r'\sid="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(places)
    assert [place for place, times in places.items() if times > 1] == []


async def test_the_type_of_a_problem_leads_to_its_explanation(app: Quart) -> None:
    """`type` is a place on the page."""
    reply = await Caller.anonymous(app).get("/api/tournaments/999/")
    assert reply.json["type"] == "/api/docs#not_found"
    assert 'id="not_found"' in docs_page()


def drive(url: str, headers: dict[str, str]) -> tuple[Counter[tuple[str, int]], list[str]]:
    """What schemathesis sent where and was answered, and what it found wrong."""
    config = SchemathesisConfig.from_dict(
        {
            "seed": 7,
            "headers": headers,
            "phases": {"stateful": {"enabled": False}},
            "generation": {"max-examples": REQUESTS_PER_OPERATION, "database": "none"},
            # No schema says that names differ or that a draw has two players; those are refused with 422.
            "checks": {"positive_data_acceptance": {"enabled": False}},
        }
    )
    schema = schemathesis.openapi.from_url(f"{url}/api/openapi.json", config=config)
    answered: Counter[tuple[str, int]] = Counter()
    found = []
    # A feed never ends, so it is not for a client that waits for the end.
    for event in from_schema(schema.include(path_regex="^/api/")).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            found.append(str(event))
        if not isinstance(event, events.ScenarioFinished):
            continue
        for interaction in event.recorder.interactions.values():
            if interaction.response is not None:
                answered[str(event.label), interaction.response.status_code] += 1
        for case, checks in event.recorder.checks.items():
            sent = event.recorder.interactions[case].request
            found += [
                f"{event.label} at {sent.method} {sent.uri}: {check.failure_info.failure}"
                for check in checks
                if check.failure_info
            ]
    return answered, found


async def test_the_app_does_what_it_says(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever fits the description, and whatever does not, is answered as described, never with a 5xx."""
    monkeypatch.chdir(tmp_path)  # where schemathesis may leave its notes
    headers = await server.sign_in("Olga")
    for players in (2, 4, 8):
        await server.tournament(players)
    answered, found = await asyncio.to_thread(drive, server.url, headers)
    assert found == []
    reached = {label for label, status in answered if status < 300}
    described = {name for name in operations() if " /api/" in name}
    by_login = {"POST /api/token/", "POST /api/token/refresh/"}
    of_a_draft = {"DELETE /api/tournaments/{tournament_id}/"}
    assert described <= reached | by_login | of_a_draft
