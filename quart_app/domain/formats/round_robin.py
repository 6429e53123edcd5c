"""Round robin: everybody in a group plays everybody, once or twice, by the Berger tables (FIDE Handbook C.05,
annex 1). With an odd number, who would meet the last has a free round.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from quart_app.domain.bracket.match import Match
from quart_app.domain.events import MAIN, GroupPlan, MatchPlan, SlotPlan, StageSettings
from quart_app.domain.formats.port import Drawn, Opening, Places, Setting

GROUPS_MAX = 32
MEMBERS_MAX = 40
LEGS_MAX = 2


class RoundRobin:
    """The format; it holds nothing."""

    name: Final = "round_robin"
    title: Final = "Round robin"
    explains: Final = "Everybody in a group plays everybody; a table ranks them."
    layout: Final = "groups"
    uses: Final[frozenset[Setting]] = frozenset({"groups", "legs", "best_of", "draws", "ruleset", "advance"})

    def problems(self, settings: StageSettings, participants: int) -> Mapping[str, str]:
        """Groups have at least two members each; there are one or two legs."""
        problems = {}
        if not 1 <= settings.groups <= GROUPS_MAX:
            problems["groups"] = f"There can be 1 to {GROUPS_MAX} groups."
        elif participants < 2 * settings.groups:
            problems["groups"] = (
                f"{settings.groups} groups need at least {2 * settings.groups} participants; "
                f"there are {participants}."
            )
        elif -(-participants // settings.groups) > MEMBERS_MAX:
            fewest = -(-participants // MEMBERS_MAX)
            problems["groups"] = f"A group has at most {MEMBERS_MAX} members; make {fewest} groups or more."
        if not 1 <= settings.legs <= LEGS_MAX:
            problems["legs"] = "Everybody meets once or twice: 1 or 2."
        return problems

    def draw(self, opening: Opening) -> Drawn:
        """The matches of all groups, round after round."""
        settings = opening.settings
        groups = grouped(opening.ranked, settings.groups, given=opening.given)
        schedules = [schedule(len(members), settings.legs) for members in groups]
        matches: list[MatchPlan] = []
        played = [0] * len(groups)
        for number in range(max(map(len, schedules))):
            position = 0
            for index, pairs in enumerate(each[number] if number < len(each) else () for each in schedules):
                for first, second in pairs:
                    position, played[index] = position + 1, played[index] + 1
                    name = group_name(index)
                    members = groups[index]
                    label = f"{number + 1}.{position}" if len(groups) == 1 else f"{name} {played[index]}"
                    matches.append(
                        MatchPlan(
                            match_id=opening.first_match + len(matches),
                            stage=MAIN,
                            round=opening.first_round + number,
                            position=position,
                            slots=(
                                SlotPlan(participant=members[first]),
                                SlotPlan(participant=members[second]),
                            ),
                            best_of=opening.best_of(f"Round {number + 1}"),
                            label=label,
                            stage_number=opening.stage,
                            group=name,
                            all_played=settings.all_played,
                        )
                    )
        rounds = range(1, max(map(len, schedules)) + 1)
        return Drawn(
            tuple(f"Round {number}" for number in rounds),
            tuple(f"R{number}" for number in rounds),
            tuple(matches),
            tuple(GroupPlan(name=group_name(i), participants=members) for i, members in enumerate(groups)),
        )

    def places(self, matches: Mapping[int, Match]) -> Places:
        """None: the table says them."""
        return ()


def group_name(index: int) -> str:
    """The name of a group: "A", … "Z", "AA", …"""
    name = chr(ord("A") + index % 26)
    return name if index < 26 else chr(ord("A") + index // 26 - 1) + name


def grouped(ranked: Sequence[int], groups: int, *, given: bool) -> list[tuple[int, ...]]:
    """Who is in which group: as listed, group after group, where the draw is ``given``; else as a snake, so
    that 16 in 4 groups give A 1 8 9 16, B 2 7 10 15 …

    Where they do not come out even, the first groups have one more.
    """
    if given:
        size, more = divmod(len(ranked), groups)
        cuts = [index * size + min(index, more) for index in range(groups + 1)]
        return [tuple(ranked[start:end]) for start, end in pairwise(cuts)]
    members: list[list[int]] = [[] for _ in range(groups)]
    for row, start in enumerate(range(0, len(ranked), groups)):
        those = ranked[start : start + groups]
        # the last, short row is dealt from the first group on, whichever way the snake goes
        turned = row % 2 == 1 and len(those) == groups
        for group, who in zip(reversed(members) if turned else members, those, strict=False):
            group.append(who)
    return [tuple(each) for each in members]


def schedule(members: int, legs: int) -> list[list[tuple[int, int]]]:
    """The pairs of each round, as indices of members from 0, side 1 first; in the second leg turned
    around."""
    even = members + members % 2
    first_leg = []
    for number in range(1, even):
        pivot = (number + 1) // 2 if number % 2 else (even + number) // 2
        last = (pivot, even) if number % 2 else (even, pivot)
        others = [
            ((pivot + step - 1) % (even - 1) + 1, (pivot - step - 1) % (even - 1) + 1)
            for step in range(1, even // 2)
        ]
        pairs = [(a - 1, b - 1) for a, b in (last, *others) if max(a, b) <= members]
        first_leg.append(pairs)
    turned = [[(b, a) for a, b in pairs] for pairs in first_leg]
    return first_leg + (turned if legs == 2 else [])
