"""The OpenAPI 3.1 description of the API and the feeds.

Made of the table of operations and of the very shapes that the routes read and answer, so that it cannot say
anything else than what they do.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from quart_app.show.paths import at
from quart_app.web.answers.bodies import JSON
from quart_app.web.answers.problems import CONTENT_TYPE
from quart_app.web.api.describe.examples import REQUESTS, answers
from quart_app.web.api.describe.operation import (
    PARAMETERS,
    PROBLEM_HEADERS,
    PROBLEMS,
    SECURITY_SCHEMES,
    Operation,
)
from quart_app.web.api.describe.operations import OPERATIONS
from quart_app.web.api.shapes import schema as api_schema

_REF = "#/components/schemas/{name}"


def description() -> Mapping[str, Any]:
    """The description of what is served, as plain JSON values, made once. Do not change what you get."""
    return _description(at(""))


@cache
def _description(base: str) -> Mapping[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    shown = answers()
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation, shown)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Grandstand",
            "version": "1",
            "description": "Tournaments, live: read them, follow them, run them. Times are RFC 3339 in UTC; "
            "errors are `application/problem+json` (RFC 9457).",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        **({"servers": [{"url": base}]} if base else {}),
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "parameters": PARAMETERS,
            "responses": {f"Problem{status}": _problem(status) for status in PROBLEMS},
            "securitySchemes": SECURITY_SCHEMES,
        },
    }


def _operation(operation: Operation, shown: Mapping[type[msgspec.Struct], Any]) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}}
        for name in re.findall(r"{(\w+)}", operation.path)
    ]
    if operation.query is not None:
        parameters += _query_parameters(operation.query)
    parameters += [{"$ref": f"#/components/parameters/{name}"} for name in operation.parameters]
    described: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.description,
        "parameters": parameters,
        "security": list(operation.security),
        "responses": {str(operation.status): _answer(operation, shown)}
        | {str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in operation.errors},
    }
    if operation.body is not None:
        required = any(field.required for field in msgspec.structs.fields(operation.body))
        described["requestBody"] = {
            "required": required,
            "content": {JSON: {"schema": _reference(operation.body), "example": REQUESTS[operation.body]}},
        }
    if "IfNoneMatch" in operation.parameters:
        described["responses"]["304"] = {"description": "Nothing has changed."}
    return described


def _answer(operation: Operation, shown: Mapping[type[msgspec.Struct], Any]) -> dict[str, Any]:
    if isinstance(operation.answer, str):
        schema = {"type": "object"} if operation.answer == JSON else {"type": "string"}
        return {"description": operation.summary, "content": {operation.answer: {"schema": schema}}}
    content: dict[str, Any] = {"schema": _reference(operation.answer)}
    if operation.answer in shown:
        content["example"] = shown[operation.answer]
    return {
        "description": inspect.getdoc(operation.answer),
        "content": {JSON: content},
        "headers": {
            name: {"description": text, "required": True, "schema": {"type": "string"}}
            for name, text in operation.headers.items()
        },
    }


def _query_parameters(shape: type[msgspec.Struct]) -> list[dict[str, Any]]:
    _, components = msgspec.json.schema_components([shape], ref_template=_REF)
    described = []
    for name, schema in components[shape.__name__]["properties"].items():
        text = schema.pop("description")
        if schema["type"] == "array":
            schema.pop("default")
        described.append({"name": name, "in": "query", "description": text, "schema": schema})
    return described


def _reference(shape: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": _REF.format(name=shape.__name__)}


def _schemas() -> dict[str, Any]:
    used = [operation.body for operation in OPERATIONS] + [operation.answer for operation in OPERATIONS]
    shapes = [shape for shape in used if isinstance(shape, type)]
    _, components = msgspec.json.schema_components([*shapes, api_schema.Problem], ref_template=_REF)
    for schema in components.values():
        schema["description"] = inspect.cleandoc(schema["description"])
    return components


def _problem(status: int) -> dict[str, Any]:
    described: dict[str, Any] = {
        "description": PROBLEMS[status],
        "content": {CONTENT_TYPE: {"schema": _reference(api_schema.Problem)}},
    }
    if status in PROBLEM_HEADERS:
        name, kind = PROBLEM_HEADERS[status]
        described["headers"] = {name: {"required": True, "schema": {"type": kind}}}
    return described
