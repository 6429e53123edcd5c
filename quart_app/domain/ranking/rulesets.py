"""The rule sets: what a win is worth, and by which criteria, in which order, those level on points are
ranked.

A rule set's name and version stand in the log, so that an old table never changes because we have learnt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

from quart_app.domain.ranking.criteria import CRITERIA, TIED
from quart_app.domain.ranking.outcomes import Outcome
from quart_app.errors import InvalidInput

NEVER: Final = "never"
BLOCK: Final = "block"
EACH: Final = "each"

HALF = Fraction(1, 2)
ZERO, ONE, TWO, THREE = (Fraction(number) for number in range(4))


@dataclass(frozen=True, slots=True)
class Points:
    """What a result is worth. ``walkover_loss`` is for who did not play.

    With ``close`` a win by a single game, and its loss, are worth that instead (volleyball: 3–2 gives 2 and
    1).
    """

    win: Fraction
    draw: Fraction
    loss: Fraction
    walkover_loss: Fraction = ZERO
    close: tuple[Fraction, Fraction] | None = None

    def of(self, outcome: Outcome, side: int) -> Fraction:
        """What the outcome is worth to a side, 0 or 1."""
        if outcome.drawn:
            return self.draw
        won = outcome.winner_id == outcome.sides[side]
        if outcome.walkover:
            return self.win if won else self.walkover_loss
        if (
            self.close is not None
            and outcome.score is not None
            and abs(outcome.score[0] - outcome.score[1]) == 1
        ):
            return self.close[not won]
        return self.win if won else self.loss


@dataclass(frozen=True, slots=True)
class Ruleset:
    """How a table is made. ``criteria`` are applied in their order to those level on points.

    ``restart`` says what becomes of those who are still level once others have been told apart. With
    ``EACH`` (ITTF) they are compared from the first criterion on, after any of them. With ``BLOCK`` (UEFA)
    the criteria among the level are first gone through for all, then again for those still level, as often as
    that tells anybody apart. With ``NEVER`` the next criterion goes on. ``explains`` says it all in a line.
    """

    name: str
    title: str
    explains: str
    points: Points
    criteria: tuple[str, ...]
    restart: Literal["never", "block", "each"] = NEVER
    version: int = 1


FOOTBALL = Points(win=THREE, draw=ONE, loss=ZERO)
CHESS = Points(win=ONE, draw=HALF, loss=ZERO)
AMONG_TIED = ("tied_points", "tied_difference", "tied_scored")

_ALL = (
    Ruleset(
        "football",
        "Football (FIFA until 2022)",
        "3 points a win; then goal difference and goals scored, then the matches among those level.",
        FOOTBALL,
        ("difference", "scored", *AMONG_TIED, "conduct", "lots"),
    ),
    Ruleset(
        "football_uefa",
        "Football (UEFA 2024)",
        "3 points a win; then the matches among those level, as often as that helps, then goal difference.",
        FOOTBALL,
        (*AMONG_TIED, "difference", "scored", "wins", "conduct", "ranking", "lots"),
        restart=BLOCK,
    ),
    Ruleset(
        "football_fifa_2026",
        "Football (FIFA 2026)",
        "3 points a win; then the matches among those level, then goal difference, goals, conduct, ranking.",
        FOOTBALL,
        (*AMONG_TIED, "difference", "scored", "conduct", "ranking", "lots"),
        restart=BLOCK,
    ),
    Ruleset(
        "racket",
        "Table tennis and other rackets (ITTF)",
        "2 points a win, 1 a loss; then, among those level, match points, ratio of games, ratio of points.",
        Points(win=TWO, draw=ONE, loss=ONE),
        ("tied_points", "tied_game_ratio", "tied_point_ratio", "lots"),
        restart=EACH,
    ),
    Ruleset(
        "volleyball",
        "Volleyball",
        "3 points for 3–0 and 3–1, 2 for 3–2, 1 for 2–3; then wins, ratio of sets, ratio of points.",
        Points(win=THREE, draw=ONE, loss=ZERO, close=(TWO, ONE)),
        ("wins", "game_ratio", "point_ratio", "tied_points", "lots"),
    ),
    Ruleset(
        "chess_swiss",
        "Chess, Swiss (FIDE C.07)",
        "1 point a win, ½ a draw; then Buchholz cut 1, Buchholz, Sonneborn-Berger, wins, direct encounter.",
        CHESS,
        ("buchholz_cut1", "buchholz", "sonneborn_berger", "wins", "direct", "lots"),
    ),
    Ruleset(
        "chess_round_robin",
        "Chess, all against all",
        "1 point a win, ½ a draw; then direct encounter, wins, Sonneborn-Berger, Koya.",
        CHESS,
        ("direct", "wins", "sonneborn_berger", "koya", "lots"),
    ),
    Ruleset(
        "tcg",
        "Card games",
        "3 points a win, 1 a draw; then the opponents' share of matches won, one's own of games, theirs.",
        FOOTBALL,
        ("opponents_match_win", "game_win", "opponents_game_win", "lots"),
    ),
    Ruleset(
        "esports_swiss",
        "Esports, Swiss",
        "1 point a win; then the opponents' wins less losses, head to head, game difference, seed.",
        Points(win=ONE, draw=HALF, loss=ZERO),
        ("opponents_record", "direct", "difference", "ranking", "lots"),
    ),
)

RULESETS: Mapping[str, Ruleset] = {each.name: each for each in _ALL}
"""The rule sets by their names in the log."""


def following(
    ruleset: Ruleset, index: int, part: Sequence[int], among: Sequence[int], *, split: bool
) -> tuple[int, Sequence[int]]:
    """Where it goes on for ``part`` of the level once criterion ``index`` (0: points) has been applied: the
    next criterion, and among whom those count that count matches among the level."""
    names = ("points", *ruleset.criteria)
    if names[index] == "direct" and split:
        return index, part  # again, among those who are still level (FIDE C.07, 6)
    if ruleset.restart == EACH and split and index:
        return 1, part
    in_block = names[index] in TIED
    if in_block and ruleset.restart != EACH and index + 1 < len(names) and names[index + 1] in TIED:
        return index + 1, among
    if in_block and ruleset.restart == BLOCK and len(part) < len(among):
        return 1, part
    return index + 1, part


def by_hand(criteria: Sequence[str]) -> Ruleset:
    """A rule set of an organiser's own: 3 points a win, 1 a draw, then these criteria, one after the other,
    and lots at last: who is level in all of them could not go on else.

    Raises InvalidInput for criteria that there are not.
    """
    unknown = [name for name in criteria if name not in CRITERIA or name == "points"]
    if unknown:
        known = ", ".join(name for name in CRITERIA if name != "points")
        raise InvalidInput({"ruleset": f"There is no criterion {unknown[0]}. Choose from: {known}."})
    titles = ", ".join(CRITERIA[name].title.lower() for name in criteria)
    ending_with_lots = tuple(dict.fromkeys((*criteria, "lots")))
    told = f"Points, then {titles}"
    return Ruleset("by_hand", told, f"{told}.", FOOTBALL, ending_with_lots)


def ruleset_of(name: str, criteria: Sequence[str]) -> Ruleset:
    """The rule set that a stage's settings name."""
    return by_hand(criteria) if criteria else RULESETS[name]
