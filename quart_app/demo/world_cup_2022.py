"""The knock-out stage of the 2022 men's football World Cup in Qatar: the real draw, goal by goal.

Own goals and penalties in play count for the side that they were given to; a shoot-out is no goal.
"""

from __future__ import annotations

from quart_app.demo.script import Script, game
from quart_app.domain.events import StageSettings

STAGES = (
    (
        game("Netherlands", "10 45+1 81", "76", "USA"),
        game("Argentina", "35 57", "77", "Australia"),
        game("Japan", "43", "55", "Croatia", shoot_out=(1, 3)),
        game("Brazil", "7 13 29 36", "76", "South Korea"),
        game("England", "38 45+3 57", "", "Senegal"),
        game("France", "44 74 90+1", "90+9", "Poland"),
        game("Morocco", "", "", "Spain", shoot_out=(3, 0)),
        game("Portugal", "17 33 51 55 67 90+2", "58", "Switzerland"),
    ),
    (
        game("Netherlands", "83 90+11", "35 73", "Argentina", shoot_out=(3, 4)),
        game("Croatia", "117", "105+1", "Brazil", shoot_out=(4, 2)),
        game("England", "54", "17 78", "France"),
        game("Morocco", "42", "", "Portugal"),
    ),
    (
        game("Argentina", "34 39 69", "", "Croatia"),
        game("France", "5 79", "", "Morocco"),
    ),
    (game("Croatia", "7 42", "9", "Morocco"),),
    (game("Argentina", "23 36 108", "80 81 118", "France", shoot_out=(4, 2)),),
)
"""The games, stage by stage."""

SCRIPT = Script(
    name="World Cup 2022, knock-out stage",
    settings=(StageSettings(format="single_elimination", third_place=True),),
    entrants=tuple(name for game in STAGES[0] for name in game.sides or ()),
    stages=STAGES,
)
