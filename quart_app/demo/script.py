"""How a tournament went: who took part, and every goal in its minute."""

from __future__ import annotations

from dataclasses import dataclass

from quart_app.domain.events import StageSettings
from quart_app.domain.state.tournament import Tournament


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal of side 1 or 2. ``minute`` counts stoppage time in hundredths: 45+1 is 45.01."""

    minute: float
    side: int


@dataclass(frozen=True, slots=True)
class Game:
    """One match: its goals in order, and the shoot-out after extra time if there was one. The two sides are
    left out where they follow from what was played before."""

    sides: tuple[str, str] | None
    goals: tuple[Goal, ...]
    shoot_out: tuple[int, int] | None = None

    def turned(self) -> Game:
        """The same game seen from the other side."""
        goals = tuple(Goal(goal.minute, 3 - goal.side) for goal in self.goals)
        return Game((self.sides[1], self.sides[0]) if self.sides else None, goals)

    @property
    def minutes(self) -> int:
        """How long it was played: 90 minutes, or 120 with extra time."""
        return 90 if self.shoot_out is None else 120

    @property
    def scores(self) -> tuple[tuple[int, int], ...]:
        """The score at the start and after each goal."""
        scores = [(0, 0)]
        for goal in self.goals:
            a, b = scores[-1]
            scores.append((a + 1, b) if goal.side == 1 else (a, b + 1))
        return tuple(scores)

    @property
    def notes(self) -> str | None:
        """What the score does not tell."""
        if self.shoot_out is None or self.sides is None:
            return None
        winner = self.sides[0 if self.shoot_out[0] > self.shoot_out[1] else 1]
        most, least = max(self.shoot_out), min(self.shoot_out)
        return f"After extra time; {winner} won {most}–{least} on penalties"


@dataclass(frozen=True, slots=True)
class Script:
    """A whole tournament. The games of one of ``stages`` are played side by side, stage after stage.

    The entrants are drawn as ``seeding`` says, for ``settings``. A game of a group is the match of its two
    sides; any other game is the next match in the order of play. Kick-offs are so many seconds apart.
    """

    name: str
    stages: tuple[tuple[Game, ...], ...]
    entrants: tuple[str, ...]
    settings: tuple[StageSettings, ...]
    seeding: str = "given"
    kick_off_every: float = 35.0

    def matches(self, tournament: Tournament) -> list[dict[int, Game]]:
        """Each stage's games by match id."""
        names = {each.id: each.name for each in tournament.participants.values()}
        groups, others = {}, []
        for match in tournament.matches.values():
            if match.plan.group:
                sides = tuple(names[slot.participant_id or 0] for slot in match.slots)
                groups[frozenset(sides)] = (match.match_id, sides)
            else:
                others.append(match.match_id)
        following = iter(others)
        stages = []
        for games in self.stages:
            stage: dict[int, Game] = {}
            for played in games:
                known = groups.pop(frozenset(played.sides or ()), None)
                if known is None:
                    stage[next(following)] = played
                else:
                    stage[known[0]] = played if played.sides == known[1] else played.turned()
            stages.append(stage)
        return stages


def game(
    side1: str, minutes1: str, minutes2: str, side2: str, shoot_out: tuple[int, int] | None = None
) -> Game:
    """A game from the minutes in which each side scored, such as "10 45+1 81"."""
    goals = [Goal(_minute(text), 1) for text in minutes1.split()]
    goals += [Goal(_minute(text), 2) for text in minutes2.split()]
    return Game((side1, side2), tuple(sorted(goals, key=lambda goal: goal.minute)), shoot_out)


def _minute(text: str) -> float:
    minute, _, added = text.partition("+")
    return int(minute) + int(added or 0) / 100


def spread(result: str) -> Game:
    """A game from its result, "Qatar 0-2 Ecuador", its goals spread over its minutes."""
    left, _, right = result.strip().partition("-")
    home, _, scored = left.rpartition(" ")
    conceded, _, away = right.partition(" ")
    goals = _spread(int(scored), int(conceded))
    return Game((home, away), goals)


def in_games(result: str) -> Game:
    """A match of several games from the games won, "2-1"; the winner of the match wins its last game."""
    first, second = map(int, result.split("-"))
    return Game(None, _spread(first, second))


def _spread(first: int, second: int) -> tuple[Goal, ...]:
    total = first + second
    left = [first, second]
    sides = []
    for _ in range(total):  # backwards: whoever has more to come scores last
        side = 1 if left[0] > left[1] else 2
        left[side - 1] -= 1
        sides.append(side)
    return tuple(Goal(round(90 * (index + 0.6) / total), side) for index, side in enumerate(reversed(sides)))
