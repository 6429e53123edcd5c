"""The fragments that the feed sends: parts of a page, rendered by the very templates that the page includes.

A frame holds an ``<hx-partial>`` for every fragment that some events changed, at the newest state. So a frame
for one event and a catch-up over a thousand are built the same way, and a page that takes them in holds what
a fresh page would.
"""

from __future__ import annotations

from collections.abc import Sequence

from quart_app.domain import events
from quart_app.domain.bracket import MatchStatus
from quart_app.domain.events import Event
from quart_app.domain.tournament import Tournament
from quart_app.show.templating import environment
from quart_app.show.views import tournament as views
from quart_app.show.views.bracket import bracket_view, counts_in_progress, round_view
from quart_app.show.views.cards import match_view


def render_changes(tournament: Tournament, changes: Sequence[Event]) -> str:
    """The partials of all fragments that ``changes`` changed, as they are in ``tournament``.

    ``tournament`` is the state after the last of them, or a later one. Empty where nothing on a page changed.
    """
    if any(isinstance(event, events.BracketGenerated) for event in changes):
        return render_all(tournament)
    header = strip = bracket = False
    touched: set[int] = set()
    scored: set[int] = set()
    for event in changes:
        match event:
            case events.ScoreUpdated():
                touched.add(event.match_id)
                scored.add(event.match_id)
            case events.MatchStarted():
                touched.add(event.match_id)
                header = strip = True
            case events.MatchCompleted():
                touched |= _moved_by(tournament, event.match_id)
                header = strip = True
            case events.BracketUpdated():
                touched.update(event.updated_nodes)
            case events.TournamentCreated() | events.ParticipantsRegistered():
                header = bracket = True
            case events.VisibilityChanged():
                header = True
    partials = [_header(tournament)] if header else []
    if strip:
        partials.append(_strip(tournament))
    else:  # a score leaves the strip as it is but for one card
        partials += [_match(tournament, match_id, "live") for match_id in sorted(scored)]
    if bracket:
        partials.append(_bracket(tournament))
    return "".join(partials + _matches(tournament, touched))


def render_all(tournament: Tournament) -> str:
    """The partials of the whole live region, for a page whose position is of no use any more."""
    return _header(tournament) + _strip(tournament) + _bracket(tournament)


def _moved_by(tournament: Tournament, match_id: int) -> set[int]:
    """A decided match, and those whose slots it filled; one that this decided in turn moves others."""
    moved, waiting = {match_id}, list(tournament.feeds.get(match_id, ()))
    while waiting:
        fed = waiting.pop()
        moved.add(fed)
        if tournament.matches[fed].status is MatchStatus.BYE:
            waiting += tournament.feeds.get(fed, ())
    return moved


def _header(tournament: Tournament) -> str:
    return _partial("tournament-header", _macro("header", "header", views.header_view(tournament)))


def _strip(tournament: Tournament) -> str:
    return _partial("live-strip", _macro("strip", "strip", views.strip_view(tournament)))


def _bracket(tournament: Tournament) -> str:
    return _partial("bracket", _macro("bracket", "bracket", bracket_view(tournament)))


def _matches(tournament: Tournament, touched: set[int]) -> list[str]:
    """The cards of these matches, and the titles of the rounds whose progress one of them may have moved."""
    partials = []
    rounds = set()
    for match_id in sorted(touched):
        match = tournament.matches[match_id]
        partials.append(_match(tournament, match_id, "match"))
        if counts_in_progress(match):
            rounds.add(match.plan.round)
    for each in tournament.rounds if rounds else ():
        if each.number in rounds:
            title = _macro("round", "round_title", round_view(tournament, each))
            partials.append(_partial(f"round-{each.number}", title))
    return partials


def _match(tournament: Tournament, match_id: int, place: str) -> str:
    view = match_view(tournament, tournament.matches[match_id])
    return _partial(f"{place}-{match_id}", _macro("match", "match", view, place))


def _macro(template: str, name: str, *arguments: object) -> str:
    module = environment().get_template(f"fragments/_{template}.html").module
    return str(getattr(module, name)(*arguments))


def _partial(target: str, html: str) -> str:
    return f'<hx-partial hx-target="#{target}" hx-swap="outerMorph">{html}</hx-partial>'
