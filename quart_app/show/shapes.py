"""The kinds of values that the API speaks in, with what its description says of them."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from quart_app.domain.commands import VISIBILITIES
from quart_app.domain.formats import FORMATS
from quart_app.domain.rules import NAME_LENGTH_MAX, PARTICIPANTS_MAX, SCORE_MAX
from quart_app.domain.staging.drawing import SEVERAL_STAGES
from quart_app.domain.state.tournament import TournamentStatus

ID_MAX = 2**63 - 1
"""The largest id that a database keeps."""

ID_DIGITS_MAX = len(str(ID_MAX)) - 1
"""So many digits always make an id that a database keeps, and none will ever need more."""

Id = Annotated[int, Meta(extra_json_schema={"minimum": 1, "maximum": ID_MAX})]

Count = Annotated[int, Meta(extra_json_schema={"minimum": 0})]

Score = Annotated[int, Meta(extra_json_schema={"minimum": 0, "maximum": SCORE_MAX})]

Seed = Annotated[int, Meta(extra_json_schema={"minimum": 1, "maximum": PARTICIPANTS_MAX})]

Name = Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": NAME_LENGTH_MAX})]

Moment = Annotated[str, Meta(description="RFC 3339, UTC.", extra_json_schema={"format": "date-time"})]

PositionId = Annotated[
    str,
    Meta(
        description="`<epoch>-<seq>`: a point of the log, and the id to join the feed at.",
        extra_json_schema={"pattern": "^[0-9a-f]+-[0-9]+$"},
    ),
]

FormatName = Annotated[str, Meta(extra_json_schema={"enum": list(FORMATS)})]

TournamentFormat = Annotated[
    str,
    Meta(
        description=f"The format of its one stage, or `{SEVERAL_STAGES}`.",
        extra_json_schema={"enum": [*FORMATS, SEVERAL_STAGES]},
    ),
]

Visibility = Annotated[str, Meta(extra_json_schema={"enum": list(VISIBILITIES)})]

Status = Annotated[str, Meta(extra_json_schema={"enum": [status.value for status in TournamentStatus]})]


ListedStatus = Annotated[
    str, Meta(extra_json_schema={"enum": [*(status.value for status in TournamentStatus), "archived"]})
]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The body of an answer. Every field is always there; null is what is not known."""
