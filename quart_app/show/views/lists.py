"""View models of the lists of tournaments."""

from __future__ import annotations

from dataclasses import dataclass

from quart_app.domain.state.tournament import Tournament, TournamentStatus
from quart_app.show.paths import tournament_path
from quart_app.show.views.tournament import STATUS_NAMES
from quart_app.store.tournaments import ARCHIVED, TournamentRow

ENDED = (TournamentStatus.COMPLETED, TournamentStatus.CANCELLED)
"""What stands among the finished ones."""


@dataclass(frozen=True, slots=True)
class ListLine:
    """A tournament in a list. ``progress`` says where it stands, empty where the list does not say."""

    path: str
    name: str
    status: str
    status_name: str
    private: bool
    at: str
    progress: str


def listed(row: TournamentRow, progress: str = "") -> ListLine:
    """A tournament in a list, from its row."""
    status = TournamentStatus(row.status) if row.status != ARCHIVED else None
    return ListLine(
        path=tournament_path(row.id),
        name=row.name,
        status=row.status,
        status_name=STATUS_NAMES[status] if status is not None else "Archived",
        private=row.visibility == "private",
        at=row.updated_at if status in ENDED else row.created_at,
        progress=progress,
    )


def progress(tournament: Tournament) -> str:
    """How far a tournament is: "Quarter-finals, 2 of 4 played", or who takes part."""
    if tournament.progress is TournamentStatus.ACTIVE:
        for each in tournament.rounds:
            if each.completed < each.played:
                return f"{each.name}, {each.completed} of {each.played} played"
    return f"{len(tournament.participants)} participants"
