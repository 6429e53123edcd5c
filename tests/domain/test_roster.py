"""Who takes part: an id names one person for ever."""

from __future__ import annotations

from quart_app.domain.commands import CreateTournament, RegisterParticipants
from tests.domain.strategies import created, entrants, step


def test_an_id_is_never_given_to_somebody_else() -> None:
    """Who is on the next list as well keeps theirs; whoever is new gets one that nobody had."""
    first = created(CreateTournament(name="Cup", entrants=entrants(("Ann", "Bo", "Cem"))))
    second, _ = step(first, RegisterParticipants(entrants=entrants(("Di", "CEM", "Ann"))))
    third, _ = step(second, RegisterParticipants(entrants=entrants(("Bo", "Di", "Ed"))))
    ids = [{each.name: each.id for each in state.participants.values()} for state in (first, second, third)]
    assert ids == [{"Ann": 1, "Bo": 2, "Cem": 3}, {"Di": 4, "CEM": 3, "Ann": 1}, {"Bo": 5, "Di": 4, "Ed": 6}]
