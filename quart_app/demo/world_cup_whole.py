"""The whole 2022 men's football World Cup: eight groups of four, and the knock-out stage that followed.

The results are the real ones. In the groups the minutes of the goals are made up; those of the knock-out
stage are real.
"""

from __future__ import annotations

from quart_app.demo import world_cup_2022
from quart_app.demo.script import Game, Script, spread
from quart_app.domain.events import StageSettings

GROUPS = (
    "Qatar, Senegal, Netherlands, Ecuador",
    "England, USA, Wales, Iran",
    "Argentina, Mexico, Poland, Saudi Arabia",
    "Denmark, France, Australia, Tunisia",
    "Germany, Spain, Costa Rica, Japan",
    "Morocco, Belgium, Canada, Croatia",
    "Switzerland, Brazil, Serbia, Cameroon",
    "Uruguay, Portugal, Ghana, South Korea",
)
"""The groups, each in the order of its draw."""

RESULTS = (
    """
    Qatar 0-2 Ecuador
    Senegal 0-2 Netherlands
    England 6-2 Iran
    USA 1-1 Wales
    Argentina 1-2 Saudi Arabia
    Mexico 0-0 Poland
    Denmark 0-0 Tunisia
    France 4-1 Australia
    Germany 1-2 Japan
    Spain 7-0 Costa Rica
    Morocco 0-0 Croatia
    Belgium 1-0 Canada
    Switzerland 1-0 Cameroon
    Brazil 2-0 Serbia
    Uruguay 0-0 South Korea
    Portugal 3-2 Ghana
    """,
    """
    Qatar 1-3 Senegal
    Netherlands 1-1 Ecuador
    Wales 0-2 Iran
    England 0-0 USA
    Poland 2-0 Saudi Arabia
    Argentina 2-0 Mexico
    Tunisia 0-1 Australia
    France 2-1 Denmark
    Japan 0-1 Costa Rica
    Spain 1-1 Germany
    Belgium 0-2 Morocco
    Croatia 4-1 Canada
    Cameroon 3-3 Serbia
    Brazil 1-0 Switzerland
    South Korea 2-3 Ghana
    Portugal 2-0 Uruguay
    """,
    """
    Ecuador 1-2 Senegal
    Netherlands 2-0 Qatar
    Wales 0-3 England
    Iran 0-1 USA
    Poland 0-2 Argentina
    Saudi Arabia 1-2 Mexico
    Australia 1-0 Denmark
    Tunisia 1-0 France
    Japan 2-1 Spain
    Costa Rica 2-4 Germany
    Croatia 0-0 Belgium
    Canada 1-2 Morocco
    Serbia 2-3 Switzerland
    Cameroon 1-0 Brazil
    Ghana 0-2 Uruguay
    South Korea 2-1 Portugal
    """,
)
"""The three rounds of the groups."""


def _games(results: str) -> tuple[Game, ...]:
    return tuple(spread(line) for line in results.strip().splitlines())


SCRIPT = Script(
    name="World Cup 2022",
    settings=(
        StageSettings(
            format="round_robin", name="Groups", groups=8, advance=2, ruleset="football", draws=True
        ),
        StageSettings(format="single_elimination", name="Knock-out stage", third_place=True),
    ),
    entrants=tuple(name for group in GROUPS for name in group.split(", ")),
    stages=(*map(_games, RESULTS), *world_cup_2022.SCRIPT.stages),
    kick_off_every=15.0,
)
