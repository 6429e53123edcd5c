"""A match of several games: best of N, or N all played.

A game is over when a side has the points it takes and leads by enough, or has reached the cap. Where no rules
are set it is over when the next one begins or the result is confirmed; it counts for whoever is ahead.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from quart_app.domain.events import GameRules, Games, MatchPlan
from quart_app.errors import InvalidInput

PRESETS: Mapping[str, GameRules] = {
    "free": GameRules(),
    "table_tennis": GameRules(preset="table_tennis", to=11, by=2),
    "badminton": GameRules(preset="badminton", to=21, by=2, cap=30),
    "volleyball": GameRules(preset="volleyball", to=25, by=2, last_to=15),
    "tennis": GameRules(preset="tennis", to=6, by=2, cap=7),
    "chess": GameRules(preset="chess", result=True),
}
"""The rules that can be chosen by name. In tennis a game here is a set, 7–6 one with a tie-break."""


class BigPoint(StrEnum):
    """How near the end of something is: a point away from a game, or from the match."""

    OPEN = ""
    GAME_POINT = "Game point"
    MATCH_POINT = "Match point"


def needed(plan: MatchPlan) -> int:
    """How many games win the match."""
    return plan.best_of // 2 + 1


def over(plan: MatchPlan, won: tuple[int, int]) -> bool:
    """Whether so many games won decide the match."""
    if plan.all_played:
        return sum(won) >= plan.best_of
    return max(won) >= needed(plan)


def finished(rules: GameRules, game: tuple[int, int], *, last: bool) -> bool:
    """Whether a game is over; ``last`` is the deciding one."""
    high, low = max(game), min(game)
    to = rules.last_to if last and rules.last_to else rules.to
    if not to:
        return high > low
    return (high >= to and high - low >= rules.by) or bool(rules.cap and high >= rules.cap)


def games_won(plan: MatchPlan, rules: GameRules, games: Games) -> tuple[int, int]:
    """The score of the match: the games that each side has won."""
    won = [0, 0]
    for number, game in enumerate(games, start=1):
        if finished(rules, game, last=number == plan.best_of):
            won[game[1] > game[0]] += 1
    return won[0], won[1]


def standing(plan: MatchPlan, rules: GameRules, games: Games) -> BigPoint:
    """Whether one more point ends the game at hand, or the match."""
    if not games or not rules.to:
        return BigPoint.OPEN
    game, last = games[-1], len(games) == plan.best_of
    if finished(rules, game, last=last):
        return BigPoint.OPEN
    found = BigPoint.OPEN
    for after in ((game[0] + 1, game[1]), (game[0], game[1] + 1)):
        if finished(rules, after, last=last):
            ends = over(plan, games_won(plan, rules, (*games[:-1], after)))
            found = BigPoint.MATCH_POINT if ends else max(found, BigPoint.GAME_POINT, key=len)
            if ends:
                break
    return found


def check_games(plan: MatchPlan, rules: GameRules, games: Games) -> None:
    """Games as they can be. Raises InvalidInput under ``games``."""
    if rules.result:
        raise InvalidInput({"games": "This is played for the result alone; there are no games to enter."})
    if len(games) > plan.best_of:
        raise InvalidInput(
            {"games": f"This match has at most {plan.best_of} games; you entered {len(games)}."}
        )
    won = (0, 0)
    for number, game in enumerate(games, start=1):
        last = number == plan.best_of
        if not plan.all_played and over(plan, won):
            raise InvalidInput({"games": f"The match was decided before game {number}."})
        if problem := _problem(rules, game, last=last):
            raise InvalidInput({"games": f"Game {number} {problem}."})
        if number < len(games) and not finished(rules, game, last=last):
            raise InvalidInput({"games": f"Game {number} is not over at {game[0]}–{game[1]}."})
        won = games_won(plan, rules, games[:number])


def check_games_won(plan: MatchPlan, rules: GameRules, score: tuple[int, int]) -> None:
    """A typed score of games won as it can be. Raises InvalidInput."""
    if rules.result and score not in ((1, 0), (0, 1), (0, 0)):
        raise InvalidInput({"participant1_score": "The result is 1–0, 0–1, or 0–0 for a draw."})
    if plan.best_of == 1:
        return
    if plan.all_played:
        if sum(score) > plan.best_of:
            raise InvalidInput({"participant1_score": f"There are {plan.best_of} games in all."})
    elif max(score) > needed(plan) or min(score) >= needed(plan):
        raise InvalidInput(
            {"participant1_score": f"A best of {plan.best_of} is over when a side has won {needed(plan)}."}
        )


def _problem(rules: GameRules, game: tuple[int, int], *, last: bool) -> str | None:
    """What is wrong with a game's score: it went on after it was over."""
    high, low = max(game), min(game)
    to = rules.last_to if last and rules.last_to else rules.to
    if not to or not finished(rules, game, last=last):
        return None
    if high == to or (rules.cap and high == rules.cap and low >= rules.cap - rules.by):
        return None
    if high > to and high - low == rules.by and not (rules.cap and high > rules.cap):
        return None
    return f"was over before {game[0]}–{game[1]}"
