"""Requests of the API read into their shapes, strictly, with a sentence for the field that does not fit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

import msgspec
from quart import Response, request

from quart_app.errors import InvalidInput, MalformedRequest
from quart_app.store.idempotency import KeptAnswer
from quart_app.web.answers.problems import UnsupportedMediaType

JSON = "application/json"

ASKED_AGAIN = "private, no-cache"
"""What staff see is not for a shared cache, and everybody shall ask again each time."""

NOT_KEPT = "no-store"
"""No cache may keep this: a token (RFC 6749, section 5.1), or the state of a moment."""

Shape = TypeVar("Shape", bound=msgspec.Struct)
Decoded = TypeVar("Decoded")

_WHOLE = re.compile(r"-?[0-9]{1,20}")
_KINDS = {
    "int": "a whole number",
    "float": "a number with decimals",
    "str": "a text",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
    "datetime": "a time",
}
# What msgspec says, as far as our shapes can make it say so.
_WRONG_TYPE = re.compile(r"Expected `(?P<wanted>[^`]+)`, got `(?P<got>[^`]+)`")
_OUT_OF_BOUNDS = re.compile(r"Expected `\w+(?: \| null)?` (?P<sign>[<>]=) (?P<bound>-?\d+)")
_FIELD = re.compile(r"Object (?P<what>contains unknown|missing required) field `(?P<name>.*)`", re.DOTALL)


async def read_bytes() -> bytes:
    """The body of the present request; it can be read again."""
    body = await request.get_data(as_text=False)
    return body if isinstance(body, bytes) else body.encode()


async def read_body(shape: type[Shape]) -> Shape:
    """The JSON body of the present request; none at all counts as ``{}``.

    Raises UnsupportedMediaType (415), MalformedRequest (400) for what is no JSON, InvalidInput (422) for what
    is no ``shape``, and the framework's own error (413) for a body over the app's MAX_CONTENT_LENGTH.
    """
    body = await read_bytes()
    if body and request.mimetype != JSON:
        raise UnsupportedMediaType(f"Send the body as JSON, with the header Content-Type: {JSON}.")
    return decode(body or b"{}", shape)


def decode(body: bytes, shape: type[Decoded]) -> Decoded:
    """JSON as a ``shape``.

    Raises MalformedRequest for what is no JSON, InvalidInput for what is no ``shape``.
    """
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as error:
        raise _invalid(str(error)) from None
    except RecursionError:
        raise MalformedRequest("The JSON is nested too deeply.") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise MalformedRequest("The body is not JSON in UTF-8.") from None


def json_answer(
    answer: msgspec.Struct | Mapping[str, object], status: int = 200, *, cache: str = ASKED_AGAIN
) -> Response:
    """An answer in JSON; ``cache`` is its Cache-Control."""
    return Response(msgspec.json.encode(answer), status, {"Cache-Control": cache}, content_type=JSON)


def kept_json(answer: msgspec.Struct, status: int = 200, **headers: str) -> KeptAnswer:
    """The same as it is kept for an Idempotency-Key."""
    head = {"Content-Type": JSON, "Cache-Control": ASKED_AGAIN} | headers
    return KeptAnswer(status, head, msgspec.json.encode(answer))


def read_query(shape: type[Shape]) -> Shape:
    """The query of the present request; fields that ``shape`` does not know are ignored.

    Raises InvalidInput for what is no ``shape``.
    """
    values: dict[str, object] = {}
    for field in msgspec.structs.fields(shape):
        texts = request.args.getlist(field.encode_name)
        repeatable = field.default_factory is not msgspec.NODEFAULT
        if not texts:
            continue
        if len(texts) > 1 and not repeatable:
            raise InvalidInput({field.encode_name: "Give this only once."})
        values[field.encode_name] = texts if repeatable else _number(texts[0])
    try:
        return msgspec.convert(values, shape)
    except msgspec.ValidationError as error:
        raise _invalid(str(error)) from None


def _number(text: str) -> int | str:
    return int(text) if _WHOLE.fullmatch(text) else text


def _invalid(message: str) -> InvalidInput:
    """The problem that msgspec reports, in our words: its message ends in "- at `$.participants[3].seed`"."""
    complaint, _, place = message.partition(" - at `$")
    path = place.rstrip("`").lstrip(".")
    if found := _FIELD.fullmatch(complaint):
        path = f"{path}.{found['name']}".lstrip(".")
        unknown = found["what"] == "contains unknown"
        return InvalidInput({path: f"{path}: there is no such field." if unknown else f"{path} is missing."})
    name = path or "body"
    return InvalidInput({name: f"{name} {_predicate(complaint)}."})


def _predicate(complaint: str) -> str:
    if found := _WRONG_TYPE.match(complaint):
        wanted = " or ".join(_KINDS.get(kind, kind) for kind in found["wanted"].split(" | "))
        return f"must be {wanted}, not {_KINDS.get(found['got'], found['got'])}"
    if found := _OUT_OF_BOUNDS.match(complaint):
        return f"must be {found['bound']} or {'more' if found['sign'] == '>=' else 'less'}"
    if "RFC3339" in complaint or "timezone" in complaint:
        return "must be a time with its zone (RFC 3339), such as 2026-12-18T15:00:00Z"
    if complaint.startswith("Invalid enum value"):
        return "is not one of the values that it may have"
    if complaint == "Number out of range":
        return "is too large"
    return "does not fit: " + complaint[:1].lower() + complaint[1:]
