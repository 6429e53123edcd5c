"""Shapes of a list of participants, as requests have it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from quart_app.domain.commands import EntrantLine
from quart_app.domain.rules import PARTICIPANTS_MAX
from quart_app.errors import InvalidInput
from quart_app.show.shapes import Name, Seed
from quart_app.web.api.shapes.stage_schema import Asked


class NewEntrant(Asked, frozen=True, kw_only=True):
    """A line of the list: a participant, or with `given` seeding `{"bye": true}`."""

    name: Name | UnsetType = UNSET
    seed: Seed | UnsetType | None = UNSET
    bye: (
        Annotated[bool, Meta(description="This line stays free.", extra_json_schema={"const": True})]
        | UnsetType
    ) = UNSET

    @property
    def named(self) -> bool:
        """Whether this is a participant's line."""
        return self.name is not UNSET and self.bye is UNSET

    @property
    def free(self) -> bool:
        """Whether this is a bye's line."""
        return self.bye is True and self.name is UNSET and self.seed is UNSET


Entrants = Annotated[
    list[
        Annotated[
            NewEntrant,
            Meta(
                extra_json_schema={
                    "oneOf": [
                        {"required": ["name"], "properties": {"bye": False}},
                        {"required": ["bye"], "properties": {"name": False, "seed": False}},
                    ]
                }
            ),
        ]
    ],
    Meta(
        description=f"2 to {PARTICIPANTS_MAX} lines; no two participants share a name or a seed.",
        extra_json_schema={"minItems": 2, "maxItems": PARTICIPANTS_MAX},
    ),
]


def entrant_lines(participants: Sequence[NewEntrant]) -> tuple[EntrantLine, ...]:
    """The list. Raises InvalidInput for a line that is not either a name or a bye."""
    problems = {
        f"participants[{index}]": f'participants[{index}] must have a name, or be {{"bye": true}} alone.'
        for index, line in enumerate(participants)
        if not line.named and not line.free
    }
    if problems:
        raise InvalidInput(problems)
    return tuple(
        EntrantLine(
            name=None if line.name is UNSET else line.name, seed=None if line.seed is UNSET else line.seed
        )
        for line in participants
    )
