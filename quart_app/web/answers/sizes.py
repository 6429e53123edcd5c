"""How large a request may be: little, but where a whole list is sent; and an id in its path."""

from __future__ import annotations

import re
from typing import Any

from quart import Request
from werkzeug.routing import IntegerConverter

from quart_app.domain.rules import NAME_LENGTH_MAX, PARTICIPANTS_MAX
from quart_app.show.shapes import ID_DIGITS_MAX

BODY_MAX = 1024 * 1024
"""Bytes of a body."""

LIST_BODY_MAX = PARTICIPANTS_MAX * (12 * NAME_LENGTH_MAX + 1000)
"""The same with a list: a form writes a character with up to 12 bytes (%F0%9F%98%80), as does JSON in ASCII;
and a line of a spreadsheet has other columns."""

_WITH_LIST = re.compile(
    r"/(staff/tournaments/(new|\d+/participants|\d+/draw/list)|api/tournaments(/\d+/draw)?)/?"
)


class IdConverter(IntegerConverter):
    """``<id:…>`` in a route: a whole number that a database can hold.

    A longer one fits no route at all: of a bound that is looked at later, werkzeug answers 405 where another
    method has a route of its own.
    """

    regex = rf"\d{{1,{ID_DIGITS_MAX}}}"


class SizedRequest(Request):
    """Quart's request, with a bound on its body by what is sent to its path."""

    def __init__(self, method: str, scheme: str, path: str, *args: Any, **options: Any) -> None:
        """``max_content_length`` is ours to say; the rest is Quart's."""
        options["max_content_length"] = LIST_BODY_MAX if _WITH_LIST.fullmatch(path) else BODY_MAX
        super().__init__(method, scheme, path, *args, **options)
