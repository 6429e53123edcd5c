"""Decisions about a tournament before its first match: its list, its draw, who may see it."""

from __future__ import annotations

from quart_app import errors
from quart_app.domain import commands, events, names, rules
from quart_app.domain.staging import drawing
from quart_app.domain.state.roster import Roster
from quart_app.domain.state.tournament import Tournament


def create(
    tournament: Tournament, command: commands.CreateTournament, at: str, actor_id: int | None
) -> tuple[events.Event, ...]:
    """Open the log. Raises Conflict where there is one, InvalidInput with every problem."""
    if tournament.seq:
        raise errors.Conflict("This tournament exists already.")
    rules.check_tournament(command)
    stages = tuple(drawing.complete(settings) for settings in rules.stages_of(command))
    first = stages[0]
    plain = stages == (events.StageSettings(format=first.format, third_place=first.third_place),)
    created = events.TournamentCreated(
        tournament_id=tournament.id,
        name=rules.tidy(command.name),
        format=first.format if len(stages) == 1 else drawing.SEVERAL_STAGES,
        seeding=command.seeding,
        third_place=any(settings.third_place for settings in stages),
        visibility=command.visibility,
        created_at=at,
        stages=() if plain else stages,
    )
    return created, listed(tournament, command.entrants, at)


def register(
    tournament: Tournament, command: commands.RegisterParticipants, at: str, actor_id: int | None
) -> tuple[events.Event, ...]:
    """Replace the list. Raises BracketExists once it is drawn, Conflict where somebody has changed it."""
    _refuse_after_draw(tournament)
    if command.version not in (None, tournament.seq):
        raise errors.Conflict(
            "This tournament was changed meanwhile. Save again to replace the list that it has now."
        )
    rules.check_entrants(command.entrants, tournament.seeding)
    rules.check_stages(tournament.settings, command.entrants)
    return (listed(tournament, command.entrants, at),)


def generate(
    tournament: Tournament, command: commands.GenerateBracket, at: str, actor_id: int | None
) -> tuple[events.Event, ...]:
    """Draw the bracket. Raises BracketExists the second time."""
    _refuse_after_draw(tournament)
    given = tournament.seeding == "given"
    return (drawing.drawn(tournament.id, tournament.entrants, given, tournament.settings, at),)


def change_visibility(
    tournament: Tournament, command: commands.ChangeVisibility, at: str, actor_id: int | None
) -> tuple[events.Event, ...]:
    """Open it to everyone, or to staff only. Raises InvalidInput."""
    rules.check_visibility(command.visibility)
    if command.visibility == tournament.visibility:
        return ()
    return (
        events.VisibilityChanged(tournament_id=tournament.id, visibility=command.visibility, changed_at=at),
    )


def _refuse_after_draw(tournament: Tournament) -> None:
    if tournament.bracket_id is not None:
        raise errors.BracketExists(
            "The bracket has been generated. Until its first match begins, draw it again."
        )


def listed(
    tournament: Tournament, lines: tuple[commands.EntrantLine, ...], at: str
) -> events.ParticipantsRegistered:
    """The list as it is registered: who was on it already keeps their id."""
    ids, last_id = _known(tournament.roster), tournament.roster.last_id
    entrants = []
    for line in lines:
        if line.name is None:
            entrants.append(events.Entrant(id=None, name=None))
            continue
        known = ids.pop(names.as_seen(rules.tidy(line.name)), None)
        last_id += known is None
        entrants.append(events.Entrant(id=known or last_id, name=rules.tidy(line.name), seed=line.seed))
    return events.ParticipantsRegistered(
        tournament_id=tournament.id, entrants=tuple(entrants), registered_at=at
    )


def _known(roster: Roster) -> dict[str, int]:
    """The ids of those who are on the list already: an id names one person for ever."""
    return {names.as_seen(each.name): each.id for each in roster.participants.values()}
