"""An invented double elimination of sixteen, best of three, in which the losers' champion forces a reset."""

from __future__ import annotations

from quart_app.demo.script import Game, Script, in_games
from quart_app.domain.events import StageSettings

PLAYERS = (
    "Nightjar", "Quill", "Marrow", "Tundra", "Pixel Ann", "Halcyon", "Brisk", "Old Tom",
    "Vesper", "Kestrel", "Juno", "Rook", "Saffron", "Lantern", "Mako", "Zephyr",
)  # fmt: skip
"""Sixteen who do not exist, the strongest first."""

ROUNDS = (
    "2-0 2-1 2-0 1-2 2-0 2-1 0-2 2-0",  # winners' round 1
    "2-1 0-2 2-0 2-1",  # winners' quarter-finals
    "2-0 1-2 2-0 2-1",  # losers' round 1
    "0-2 2-1 1-2 2-0",  # losers' round 2
    "2-1 1-2",  # winners' semi-finals
    "2-0 2-1",  # losers' round 3
    "1-2 2-0",  # losers' round 4
    "2-1",  # winners' final
    "1-2",  # losers' round 5
    "0-2",  # losers' final
    "1-2",  # grand final
    "2-1",  # reset
)
"""Games won, match by match, round by round."""


def _round(results: str) -> tuple[Game, ...]:
    return tuple(in_games(result) for result in results.split())


SCRIPT = Script(
    name="Autumn Clash",
    settings=(StageSettings(format="double_elimination", best_of=3),),
    entrants=PLAYERS,
    seeding="standard",
    stages=tuple(map(_round, ROUNDS)),
    kick_off_every=12.0,
)
