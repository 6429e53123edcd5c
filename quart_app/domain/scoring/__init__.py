"""Games: when one is over, and what score of a match follows from several."""

from quart_app.domain.scoring.games import (
    PRESETS,
    BigPoint,
    check_games,
    check_games_won,
    finished,
    games_won,
    needed,
    over,
    standing,
)

__all__ = [
    "PRESETS",
    "BigPoint",
    "check_games",
    "check_games_won",
    "finished",
    "games_won",
    "needed",
    "over",
    "standing",
]
