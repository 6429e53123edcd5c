"""The fragments that the feed sends: parts of a page, rendered by the very templates that the page includes.

A frame holds an ``<hx-partial>`` for every part that has changed, at the newest state. So a frame for one
event and a catch-up over a thousand are built the same way, and a page that takes them in holds what a fresh
page would.
"""

from __future__ import annotations

from quart_app.domain.parts import AGENDA, BRACKET, HEADER, Part, group_part
from quart_app.domain.state.stage import Stage
from quart_app.domain.state.tournament import Tournament
from quart_app.show.paths import ANEW_PATH, at, tournament_path
from quart_app.show.templating import environment
from quart_app.show.views.bracket import bracket_view, has_titles, round_view
from quart_app.show.views.cards import match_view
from quart_app.show.views.front import FrontEntry, FrontPage
from quart_app.show.views.table import best_view, table_view
from quart_app.show.views.tournament import header_view, on_strip, strip_view


def render_changes(tournament: Tournament, parts: frozenset[Part]) -> str:
    """The partials of a tournament's page for these parts, as they are now."""
    if BRACKET in parts:
        return render_all(tournament)
    partials = [header(tournament)] if HEADER in parts else []
    matches = sorted(part.key for part in parts if part.kind == "match" and part.key in tournament.matches)
    if AGENDA in parts:
        partials.append(strip(tournament))
    else:  # a score leaves the strip as it is but for one card
        shown = on_strip(tournament)
        partials += [live_card(tournament, key) for key in matches if key in shown]
    partials += [card(tournament, key) for key in matches]
    titled = {each.number for stage in tournament.stages if has_titles(stage) for each in stage.rounds}
    rounds = sorted(part.key for part in parts if part.kind == "round" and part.key in titled)
    partials += [round_title(tournament, number) for number in rounds]
    for stage in tournament.stages:
        changed = [index for index in range(len(stage.groups)) if group_part(stage.number, index) in parts]
        partials += [table(tournament, stage, index) for index in changed]
        if changed and (view := best_view(tournament, stage)) is not None:
            partials.append(_partial(f"best-{stage.number}", _macro("table", "best", view)))
    return "".join(partials)


def render_all(tournament: Tournament) -> str:
    """The partials of the whole live region, for a page whose position is of no use any more."""
    return header(tournament) + strip(tournament) + bracket(tournament)


def header(tournament: Tournament, *, outdated: bool = False) -> str:
    """What the tournament is and where it stands; on an ``outdated`` page also that it loads itself anew."""
    anew = at(ANEW_PATH) if outdated else ""
    return _partial("tournament-header", _macro("header", "header", header_view(tournament), anew))


def hold(tournament: Tournament) -> str:
    """Whether it is put off or called off, on the page of a match."""
    return _partial("hold", _macro("header", "hold", header_view(tournament)))


def strip(tournament: Tournament) -> str:
    """What is on now."""
    return _partial("live-strip", _macro("strip", "strip", strip_view(tournament)))


def bracket(tournament: Tournament) -> str:
    """The whole bracket."""
    return _partial("bracket", _macro("bracket", "bracket", bracket_view(tournament)))


def round_title(tournament: Tournament, number: int) -> str:
    """A round's title, with its progress."""
    found = next(each for each in tournament.rounds if each.number == number)
    return _partial(f"round-{number}", _macro("round", "round_title", round_view(tournament, found)))


def table(tournament: Tournament, stage: Stage, index: int) -> str:
    """A group's table."""
    view = table_view(tournament, stage, index)
    return _partial(f"table-{view.key}", _macro("table", "table", view))


def card(tournament: Tournament, match_id: int) -> str:
    """A match's card, in the bracket and on its own page."""
    return _card(tournament, match_id, "match")


def gone(tournament: Tournament, match_id: int) -> str:
    """What stands on a match's page once another draw, or a round taken back, has it no more."""
    arguments = match_id, tournament.revision(BRACKET), tournament.bracket_id, tournament_path(tournament.id)
    return _partial(f"match-{match_id}", _macro("match", "gone", *arguments))


def live_card(tournament: Tournament, match_id: int) -> str:
    """A match's card in the strip."""
    return _card(tournament, match_id, "live")


def front_lists(page: FrontPage) -> str:
    """Which tournaments stand on the front page, with all their lines."""
    return _partial("front", _macro("front", "lists", page))


def front_line(entry: FrontEntry) -> str:
    """A tournament's line on the front page."""
    return _partial(f"tournament-{entry.line.id}", _macro("front", "line", entry))


def _card(tournament: Tournament, match_id: int, place: str) -> str:
    view = match_view(tournament, tournament.matches[match_id])
    return _partial(f"{place}-{match_id}", _macro("match", "match", view, place))


def _macro(template: str, name: str, *arguments: object) -> str:
    module = environment().get_template(f"fragments/_{template}.html").module
    return str(getattr(module, name)(*arguments))


def _partial(target: str, html: str) -> str:
    return f'<hx-partial hx-target="#{target}" hx-swap="outerMorph">{html}</hx-partial>'
