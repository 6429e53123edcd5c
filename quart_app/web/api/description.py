"""The API's own description, for machines and for people."""

from __future__ import annotations

from quart import Blueprint, Response

from quart_app.web.answers.bodies import json_answer
from quart_app.web.api.describe.docs_page import docs_page
from quart_app.web.api.describe.openapi import description

blueprint = Blueprint("api_description", __name__)


@blueprint.get("/api/openapi.json", strict_slashes=False)
async def get_openapi() -> Response:
    """The OpenAPI description."""
    return json_answer(description())


@blueprint.get("/api/docs", strict_slashes=False)
async def get_docs() -> Response:
    """The description as a page."""
    return Response(docs_page(), content_type="text/html; charset=utf-8")
