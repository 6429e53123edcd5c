"""How a knock-out tournament went: who stood on which line of the draw, and every goal in its minute."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal of side 1 or 2. ``minute`` counts stoppage time in hundredths: 45+1 is 45.01."""

    minute: float
    side: int


@dataclass(frozen=True, slots=True)
class Game:
    """One match: its two sides, its goals in order, and the shoot-out after extra time if there was one."""

    sides: tuple[str, str]
    goals: tuple[Goal, ...]
    shoot_out: tuple[int, int] | None = None

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
        if self.shoot_out is None:
            return None
        winner = self.sides[0 if self.shoot_out[0] > self.shoot_out[1] else 1]
        most, least = max(self.shoot_out), min(self.shoot_out)
        return f"After extra time; {winner} won {most}–{least} on penalties"


@dataclass(frozen=True, slots=True)
class Script:
    """A whole tournament. The games of one stage are played side by side, stage after stage.

    The first stage is the draw, top to bottom; game k of all stages is match k of the bracket, whose
    third-place match comes before its final.
    """

    name: str
    stages: tuple[tuple[Game, ...], ...]

    @property
    def draw(self) -> tuple[str, ...]:
        """The names on the lines of the draw."""
        return tuple(name for game in self.stages[0] for name in game.sides)


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
