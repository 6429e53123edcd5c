"""The ways to show a tournament on a feed: the one table, given to ``live`` by the routes of the feeds.

A projection says which parts it shows, what renders those that have changed, and what it shows of a whole
state.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from quart_app.domain.parts import BRACKET, HEADER, Part, match_part
from quart_app.domain.state.tournament import Tournament
from quart_app.errors import InvalidInput
from quart_app.show import fragments
from quart_app.show.snapshot import snapshot
from quart_app.show.views.front import LISTS, FrontPage, front_page, line_part

_MATCH = re.compile(r"match-([0-9]{1,9})")


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """See ``live.streams.views.Projected``; compared by identity.

    ``revision`` gives the seq of the event that last changed anything it shows: as long as that stays, so
    does the page.
    """

    name: str
    whole: Callable[[str, Tournament], bytes]
    changes: Callable[[Tournament, frozenset[Part]], str] | None = None
    revision: Callable[[Tournament], int] = lambda tournament: tournament.revised


JSON = Projection(name="json", whole=lambda epoch, state: msgspec.json.encode(snapshot(epoch, state)))
"""The log as it is; as a whole, the snapshot."""

PAGE = Projection(
    name="page",
    whole=lambda epoch, state: fragments.render_all(state).encode(),
    changes=fragments.render_changes,
)
"""A tournament's page."""


def _front(board: Any) -> FrontPage:
    return front_page(board.shown, board.revisions)


def _front_changes(board: Any, changed: frozenset[Part]) -> str:
    page = _front(board)
    if LISTS in changed:
        return fragments.front_lists(page)
    entries = (*page.playing, *page.coming, *page.finished)
    return "".join(fragments.front_line(entry) for entry in entries if line_part(entry.line.id) in changed)


FRONT = Projection(
    name="front",
    whole=lambda epoch, board: fragments.front_lists(_front(board)).encode(),
    changes=_front_changes,
)
"""The front page, of what the lobby shows."""


@lru_cache(maxsize=4096)
def match_projection(match_id: int) -> Projection:
    """The page of one match: its card, and those of the matches that it feeds, or that it is gone; and
    whether the tournament is put off or called off."""

    def parts(state: Tournament) -> frozenset[Part]:
        return frozenset(match_part(each) for each in (match_id, *state.feeds.get(match_id, ())))

    def changes(state: Tournament, changed: frozenset[Part]) -> str:
        if match_id not in state.matches:
            return fragments.gone(state, match_id) if BRACKET in changed else ""
        cards = parts(state) if BRACKET in changed else changed & parts(state)  # whose names stand on them
        shown = sorted(part.key for part in cards if part.key in state.matches)
        hold = fragments.hold(state) if HEADER in changed else ""
        return hold + "".join(fragments.card(state, key) for key in shown)

    def whole(epoch: str, state: Tournament) -> bytes:
        return changes(state, frozenset({HEADER, BRACKET})).encode()

    def revision(state: Tournament) -> int:
        return state.revision(HEADER, BRACKET, *parts(state))

    return Projection(name="match", whole=whole, changes=changes, revision=revision)


def everything(tournament: Tournament) -> tuple[bytes, bytes]:
    """A tournament as the API and its page show it. Raises whatever is in the way."""
    return JSON.whole("", tournament), PAGE.whole("", tournament)


def page_projection(part: str | None) -> Projection:
    """The projection that a page asks for: a tournament's, or with ``match-12`` that of a match.

    Raises InvalidInput for anything else.
    """
    if part is None:
        return PAGE
    found = _MATCH.fullmatch(part)
    if found is None:
        raise InvalidInput({"part": "Ask for match-<id>, the fragments of one match, or leave it out."})
    return match_projection(int(found[1]))
