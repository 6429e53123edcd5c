"""The spectator's pages: one tournament with its bracket, one match with its story."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable

from quart import Blueprint, Response, request

from quart_app.actions.services import Services
from quart_app.domain.events import UnknownEvent
from quart_app.errors import NotFound
from quart_app.show.paths import ANEW_PATH, tournament_path
from quart_app.show.projections import PAGE, Projection, match_projection
from quart_app.show.templating import render
from quart_app.show.views import lists
from quart_app.show.views import story as page_views
from quart_app.show.views import tournament as views
from quart_app.store.database.engine import Connection
from quart_app.store.tournaments import TournamentRow
from quart_app.timeline.ledger import Diverged
from quart_app.timeline.vantage import Vantage
from quart_app.web.answers.stored import ASKED_AGAIN_PRIVATELY, no_content
from quart_app.web.doors.access import current_staff, require_public
from quart_app.web.doors.context import Context, context
from quart_app.web.doors.following import joined_at, let_in

blueprint = Blueprint("pages", __name__)

NO_MATCH = "There is no such match to be played. It may have been in an earlier draw."

TOURNAMENT_ROUTE = "/tournaments/<id:tournament_id>/"
MATCH_ROUTE = f"{TOURNAMENT_ROUTE}matches/<int:match_id>/"


@blueprint.get(TOURNAMENT_ROUTE)
async def tournament(tournament_id: int) -> Response:
    """A tournament: what is on now, and its bracket. It follows the feed from the state it shows."""
    shown = await _visible(tournament_id)

    async def rendered() -> str:
        page = views.tournament_page(shown.tournament)
        return render("tournament.html", page=page, **joined_at(tournament_id, shown.position))

    return await _live_page(shown, PAGE, rendered)


@blueprint.get(MATCH_ROUTE)
async def match(tournament_id: int, match_id: int) -> Response:
    """One match and its story. It follows the fragments of that match."""
    shown = await _visible(tournament_id)
    found = shown.tournament.matches.get(match_id)
    if found is None or not found.played:
        raise NotFound(NO_MATCH, instead=tournament_path(tournament_id))

    async def rendered() -> str:
        ledger = context().services.ledger
        story = await ledger.story(shown, match_id, shown.tournament.seq)
        page = page_views.match_page(shown.tournament, found, story)
        return render("match.html", page=page, **joined_at(tournament_id, shown.position, match_id))

    return await _live_page(shown, match_projection(match_id), rendered, match_id)


@blueprint.get(ANEW_PATH)
async def anew() -> Response:
    """Tell htmx to load the page anew that asks."""
    return no_content({"HX-Refresh": "true", "Cache-Control": "no-store"})


@blueprint.get("/static/<path:name>")
async def static(name: str) -> Response:
    """A style sheet, script or icon; for ever, under the address that the pages give it."""
    return context().static.answer(name)


async def listed_with_progress(
    services: Services, connection: Connection, row: TournamentRow
) -> lists.ListLine:
    """A tournament in a list, with how far it is; without that where its log cannot be read here."""
    try:
        loaded = await services.ledger.load_on(connection, row.id)
    except (UnknownEvent, Diverged):
        # it cannot be read here, or is read anew in a moment: the others must not vanish with it
        return lists.listed(row)
    return lists.listed(row, lists.progress(loaded.tournament))


async def _visible(tournament_id: int) -> Vantage:
    """The tournament, if the caller may know of it; from the room where it is watched, else from the log.

    Raises NotFound, in the same words either way.
    """
    shown = context().hub.current(tournament_id)
    if shown is None or shown.tournament.deleted:
        shown = await context().services.ledger.load(tournament_id)
    await require_public(shown.tournament.visibility)
    return shown


async def _live_page(
    shown: Vantage, projection: Projection, render: Callable[[], Awaitable[str]], *match_id: int
) -> Response:
    """A page that follows the feed, rendered once for as long as nothing that it shows changes."""
    page = await context().pages.page(page_key(context(), shown, projection, *match_id), render)
    # shown again it asks first, so that it never begins with an old state
    answer = page.answer(ASKED_AGAIN_PRIVATELY, request.headers)
    return let_in(context(), answer, shown.tournament.id, await current_staff(), request.scheme)


def page_key(parts: Context, shown: Vantage, projection: Projection, *match_id: int) -> Hashable:
    """What a page depends on: the revision of what it shows.

    The position that stands in it, where it joins the feed, may so be older than the log's head, but never so
    old that the feed could not be read forward from there.
    """
    tournament = shown.tournament
    generation = tournament.seq // max(1, parts.settings.replay_events_max // 2)
    return shown.epoch, tournament.id, *match_id, projection.revision(tournament), generation
