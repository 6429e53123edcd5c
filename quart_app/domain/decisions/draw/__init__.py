"""Decisions about a draw that is made: its places, all of it anew, and who joins late."""

from quart_app.domain.decisions.draw.changes import draw_again, swap
from quart_app.domain.decisions.draw.late import add_participant
from quart_app.domain.decisions.draw.lines import bye_matches, can_be_redrawn

__all__ = ["add_participant", "bye_matches", "can_be_redrawn", "draw_again", "swap"]
