"""The front page: all tournaments that everybody may see, live; for staff also what only they may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from quart import Blueprint, Response, request

from quart_app.actions.services import Services
from quart_app.domain.events import UnknownEvent
from quart_app.domain.parts import Part
from quart_app.domain.state.tournament import TournamentStatus
from quart_app.live.rooms.lobby import Board
from quart_app.live.streams.position import Position
from quart_app.show.paths import FRONT_FEED, PAGE_VERSION, at
from quart_app.show.shapes import ID_DIGITS_MAX
from quart_app.show.templating import render
from quart_app.show.views.front import (
    LISTS,
    FrontEntry,
    FrontLine,
    FrontLists,
    FrontPage,
    front_line,
    front_page,
    line_part,
)
from quart_app.show.views.lists import ENDED
from quart_app.store.database.engine import Connection
from quart_app.store.tournaments import TournamentRow, select_tournaments
from quart_app.timeline.ledger import Diverged
from quart_app.web.answers.stored import ASKED_AGAIN_PRIVATELY, HTML, Stored
from quart_app.web.doors.access import current_staff
from quart_app.web.doors.context import context

blueprint = Blueprint("front", __name__)

FINISHED_PER_PAGE = 50
UNFINISHED_MAX = 100
COMING = (TournamentStatus.PENDING, TournamentStatus.POSTPONED)


@blueprint.get("/")
async def index() -> Response:
    """The tournaments: being played, coming, finished, live. Staff also see drafts and private ones.

    ``?before=<id>`` shows the finished ones that are older than that.
    """
    before = request.args.get("before", "")
    if before.isdecimal() and len(before) <= ID_DIGITS_MAX:
        return await _older(int(before))
    lobby = context().hub.lobby
    board = await lobby.look()
    position = lobby.position

    async def rendered() -> str:
        return _rendered(board, position, ())

    if await current_staff() is None:
        page = await context().pages.page(("front", position), rendered)
    else:
        hidden = _entries(await _hidden(context().services))
        page = Stored(_rendered(board, position, hidden).encode(), HTML)
    return page.answer(ASKED_AGAIN_PRIVATELY, request.headers)


def _rendered(board: Board, position: Position, hidden: Sequence[FrontEntry]) -> str:
    connect = f"{at(FRONT_FEED)}?page={PAGE_VERSION}&lastEventId={position}"
    page = front_page(board.shown, board.revisions)
    return render("index.html", page=page, hidden=hidden, tournament_id="front", connect=connect)


async def _older(before_id: int) -> Response:
    """The finished ones before an id; they change so rarely that their page is not live."""
    services, public_only = context().services, await current_staff() is None
    async with services.database.reading() as connection:
        rows = await _finished(connection, before_id, public_only=public_only)
        lines = [await _line(services, connection, row) for row in rows[:FINISHED_PER_PAGE]]
    page = FrontPage(0, (), (), _entries(lines), _older_than(rows))
    return Stored(render("older.html", page=page).encode(), HTML).answer(
        ASKED_AGAIN_PRIVATELY, request.headers
    )


class FrontReader:
    """Reads what the lobby shows. A tournament's line is made anew only when its log has grown."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._lines: dict[int, tuple[TournamentRow, FrontLine]] = {}

    async def __call__(self) -> Mapping[Part, Any]:
        """Which tournaments stand on the front page, and the line of each. Raises Unavailable."""
        known, self._lines = self._lines, {}
        async with self._services.database.reading() as connection:
            playing = await _unfinished(connection, (TournamentStatus.ACTIVE,))
            coming = await _unfinished(connection, COMING)
            finished = await _finished(connection, None, public_only=True)
            shown = finished[:FINISHED_PER_PAGE]
            for row in (*playing, *coming, *shown):
                before, line = known.get(row.id, (None, None))
                if line is None or before != row:
                    line = await _line(self._services, connection, row)
                self._lines[row.id] = row, line
        lists = FrontLists(_ids(playing), _ids(coming), _ids(shown), _older_than(finished))
        return {LISTS: lists} | {line_part(each): line for each, (_, line) in self._lines.items()}


async def _hidden(services: Services) -> list[FrontLine]:
    """The lines of what only staff see: drafts, and what is private."""
    async with services.database.reading() as connection:
        drafts = await _unfinished(connection, (TournamentStatus.DRAFT,), public_only=False)
        private = await select_tournaments(
            connection,
            statuses=[status for status in TournamentStatus if status is not TournamentStatus.DRAFT],
            public_only=False,
            private_only=True,
            limit=UNFINISHED_MAX,
        )
        return [await _line(services, connection, row) for row in (*drafts, *private)]


async def _unfinished(
    connection: Connection, statuses: Sequence[str], *, public_only: bool = True
) -> tuple[TournamentRow, ...]:
    return await select_tournaments(
        connection, statuses=statuses, public_only=public_only, limit=UNFINISHED_MAX
    )


async def _finished(
    connection: Connection, before_id: int | None, *, public_only: bool
) -> tuple[TournamentRow, ...]:
    """A page of them, and one more if there are older ones."""
    return await select_tournaments(
        connection,
        statuses=ENDED,
        public_only=public_only,
        before_id=before_id,
        limit=FINISHED_PER_PAGE + 1,
    )


async def _line(services: Services, connection: Connection, row: TournamentRow) -> FrontLine:
    """A tournament's line; with less where its log cannot be read here."""
    try:
        return front_line(row, (await services.ledger.load_on(connection, row.id)).tournament)
    except (UnknownEvent, Diverged):
        # it cannot be read here, or is read anew in a moment: the others must not vanish with it
        return front_line(row, None)


def _older_than(rows: Sequence[TournamentRow]) -> int | None:
    return rows[FINISHED_PER_PAGE - 1].id if len(rows) > FINISHED_PER_PAGE else None


def _ids(rows: Sequence[TournamentRow]) -> tuple[int, ...]:
    return tuple(row.id for row in rows)


def _entries(lines: Sequence[FrontLine]) -> tuple[FrontEntry, ...]:
    return tuple(FrontEntry(0, line) for line in lines)
