"""The OpenAPI description as a page for people, rendered here: no script, nothing from another site."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from quart_app.errors import AppError, BadSettings
from quart_app.show.paths import at
from quart_app.show.templating import render
from quart_app.web.api.describe.openapi import description

Schema = Mapping[str, Any]

_PLAIN = {
    "integer": "whole number",
    "number": "number",
    "string": "text",
    "boolean": "true or false",
    "null": "null",
}


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter or a member of a body: its name, what it may be in words, and what it means."""

    name: str
    kind: str
    required: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One operation as the page shows it. The examples are indented JSON, "" where there are none."""

    id: str
    method: str
    path: str
    summary: str
    text: str
    access: str
    parameters: Sequence[Field]
    body: Sequence[Field]
    request: str
    answers: Sequence[tuple[str, str]]
    answer: str


def docs_page() -> str:
    """The page's HTML. It is the same for everybody, and made once."""
    return _docs_page(at(""))


@cache
def _docs_page(base: str) -> str:
    described = description()
    sections: dict[str, list[_Entry]] = {}
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            entry = _entry(described, method, path, operation)
            sections.setdefault(operation["tags"][0], []).append(entry)
    shapes = {name: _members(schema) for name, schema in described["components"]["schemas"].items()}
    texts = {name: schema["description"] for name, schema in described["components"]["schemas"].items()}
    return render("api_docs.html", sections=sections, shapes=shapes, texts=texts, problems=_problems())


def _entry(described: Schema, method: str, path: str, operation: Schema) -> _Entry:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    answers = {status: _resolve(described, answer) for status, answer in operation["responses"].items()}
    content = next(iter(next(iter(answers.values()))["content"].values()))
    parameters = [_resolve(described, parameter) for parameter in operation["parameters"]]
    return _Entry(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        text=operation["description"],
        access=_access(operation["security"]),
        parameters=[
            Field(
                each["name"],
                _kind(each["schema"]),
                each.get("required", False),
                _text({**each["schema"], **each}),
            )
            for each in parameters
        ],
        body=_members(_resolve(described, body["schema"])) if body else (),
        request=_indented(body["example"]) if body else "",
        answers=[(status, answer["description"]) for status, answer in answers.items()],
        answer=_indented(content["example"]) if "example" in content else "",
    )


def _resolve(described: Schema, schema: Schema) -> Schema:
    if "$ref" not in schema:
        return schema
    _, _, kind, name = schema["$ref"].split("/")
    found: Schema = described["components"][kind][name]
    return found


def _members(schema: Schema) -> list[Field]:
    return [
        Field(name, _kind(member), name in schema.get("required", ()), _text(member))
        for name, member in schema["properties"].items()
    ]


def _text(schema: Schema) -> str:
    texts = [schema, *schema.get("anyOf", ())]
    text = next((each["description"] for each in texts if "description" in each), "")
    default = schema.get("default")
    return text if default is None else f"{text} If left out: `{_value(default)}`.".strip()


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _kind(schema: Schema) -> str:
    """What a value may be, in words."""
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{_value(schema['const'])}`"
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "prefixItems" in schema:
        return f"pair of {_kind(schema['prefixItems'][0])}"
    if schema["type"] == "array":
        return f"list of {_kind(schema['items'])}"
    if schema["type"] == "object":
        return "object"
    if schema.get("format") == "date-time":
        return "time"
    return f"{_PLAIN[schema['type']]}{_bounds(schema)}"


def _bounds(schema: Schema) -> str:
    least, most = (schema.get(name) for name in ("minimum", "maximum"))
    if least is not None and most is not None and most < 2**31:
        return f" from {least} to {most}"
    if "maxLength" in schema:
        return f" of at most {schema['maxLength']} characters"
    return f", {least} or more" if least is not None else ""


def _access(security: Sequence[Mapping[str, Sequence[str]]]) -> str:
    schemes = {name for alternative in security for name in alternative}
    if not schemes:
        return "Anyone."
    if "feedToken" in schemes:
        return "The bearer of a feed token."
    return "Anyone where it is public, staff always." if {} in security else "Staff."


def _indented(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _problems() -> list[tuple[str, int, str]]:
    """Every code that a problem may have, with its status and what it means, by status."""
    kinds = {kind for kind in _kinds(AppError) if kind is not BadSettings}
    rows = [(kind.code, kind.status, (kind.__doc__ or "").partition("\n")[0]) for kind in kinds]
    return sorted(rows, key=lambda row: (row[1], row[0]))


def _kinds(base: type[AppError]) -> Iterator[type[AppError]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _kinds(kind)
