"""Who of the groups meets whom in the next stage: its lines, from the places of the stage before.

Of two from each of a power of two groups, group winners meet the seconds of the group beside theirs: A1–B2,
C1–D2 in one half, B1–A2, D1–C2 in the other, so that members of one group cannot meet again before the final.
Any other number is seeded by place and group, and who could meet a member of their own group is moved to
where that happens as late as it can.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence

from quart_app.domain.events import Crossing, RankOf, SlotPlan, StageSettings
from quart_app.domain.formats.round_robin import group_name
from quart_app.domain.seeding import draw_size, standard_order
from quart_app.errors import InvalidInput

Line = tuple[str, int] | None
"""A group and a place in it; a group "" is for the best of the rest; None is a bye."""

BEST_MAX = 16
"""So many lines can be kept for some of the groups each: the best thirds of which groups meet whom."""

_PLACE_FIRST = re.compile(r"([1-9][0-9]?)([A-Z]{1,64})")
_GROUP_FIRST = re.compile(r"([A-Z]{1,2})([1-9][0-9]?)")


def advancing(settings: StageSettings) -> int:
    """How many go on from a stage."""
    return settings.groups * settings.advance + settings.best_of_rest


def crossed(stage: int, settings: StageSettings) -> tuple[SlotPlan, ...]:
    """The lines of the next stage's draw, a power of two.

    Raises InvalidInput for a crossing that does not fit.
    """
    if settings.crossing is not None:
        return _given(stage, settings, settings.crossing)
    names = [group_name(index) for index in range(settings.groups)]
    lines = _paired(names) if _pairs_off(settings) else _seeded(names, settings)
    return _slots(stage, settings, lines)


def _pairs_off(settings: StageSettings) -> bool:
    even = settings.groups >= 2 and settings.groups & (settings.groups - 1) == 0
    return settings.advance == 2 and not settings.best_of_rest and even


def _paired(names: Sequence[str]) -> list[Line]:
    pairs = list(zip(names[::2], names[1::2], strict=True))
    upper = [line for first, second in pairs for line in ((first, 1), (second, 2))]
    lower = [line for first, second in pairs for line in ((second, 1), (first, 2))]
    return [*upper, *lower]


def _seeded(names: Sequence[str], settings: StageSettings) -> list[Line]:
    """By place and group on the lines of a standard draw; then, place after place, the groups are dealt to
    the lines of that place so that mates meet as late as can be."""
    entrants: list[Line] = [(name, place) for place in range(1, settings.advance + 1) for name in names]
    entrants += [("", settings.advance + 1)] * settings.best_of_rest
    size = draw_size(len(entrants))
    lines: list[Line] = [
        entrants[seed - 1] if seed <= len(entrants) else None for seed in standard_order(size)
    ]
    placed = {line[0]: [index] for index, line in enumerate(lines) if line is not None and line[1] == 1}
    for place in range(2, settings.advance + 1):
        free = [
            index for index, line in enumerate(lines) if line is not None and line[1] == place and line[0]
        ]
        for index, name in _dealt(free, names, placed).items():
            lines[index] = (name, place)
            placed[name].append(index)
    return lines


def _dealt(free: Sequence[int], names: Sequence[str], placed: Mapping[str, Sequence[int]]) -> dict[int, str]:
    """A group for each of the free lines, where its members on the ``placed`` lines are met as late as can
    be."""

    def rounds_to(index: int, name: str) -> int:
        """How many rounds it takes from this line to meet a mate."""
        return min((index ^ other).bit_length() for other in placed[name])

    for latest in range(max(free).bit_length() + 1, -1, -1):

        def late(name: str, index: int, latest: int = latest) -> bool:
            return rounds_to(index, name) >= latest

        if (dealt := matched(names, free, late)) is not None:
            return dealt
    raise AssertionError("with no wish for distance, every deal fits")


def matched(
    names: Sequence[str], lines: Sequence[int], fits: Callable[[str, int], bool]
) -> dict[int, str] | None:
    """Each of these groups on a line of its own that fits it, by line; None where not all find one.

    By augmenting paths: whoever stands on a line moves to another where that lets one more group in.
    """
    taken: dict[int, str] = {}

    def take(name: str, tried: set[int]) -> bool:
        for line in lines:
            if line in tried or not fits(name, line):
                continue
            tried.add(line)
            if line not in taken or take(taken[line], tried):
                taken[line] = name
                return True
        return False

    return taken if all(take(name, set()) for name in names) else None


def _slots(stage: int, settings: StageSettings, lines: Sequence[Line]) -> tuple[SlotPlan, ...]:
    """The lines as slots. The best of the rest meet nobody of their own group, unless all their lines stand
    against one group, whose own might then have none."""
    names = [group_name(each) for each in range(settings.groups)]
    facing = {index: lines[index ^ 1] for index, line in enumerate(lines) if line is not None and not line[0]}
    avoided = {index: opponent[0] if opponent is not None else "" for index, opponent in facing.items()}
    times = Counter(avoided.values())
    slots, best = [], 0
    for index, line in enumerate(lines):
        if line is None:
            slots.append(SlotPlan(bye=True))
        elif line[0]:
            slots.append(SlotPlan(rank_of=RankOf(stage=stage, place=line[1], group=line[0])))
        else:
            best += 1
            against = avoided[index] if times[avoided[index]] < len(avoided) else ""
            among = tuple(name for name in names if name != against)
            slots.append(SlotPlan(rank_of=RankOf(stage=stage, place=line[1], best=best, among=among)))
    return tuple(slots)


def starved(kept: Sequence[Collection[str]], names: Sequence[str]) -> str | None:
    """What is wrong with lines that are ``kept`` for some of these groups each (for none: for all): groups of
    which more can go on than there are lines for them. None where whoever goes on finds a line.

    It is Hall's theorem: no lines may be the only ones of more groups than they are.
    """
    if len(kept) > BEST_MAX and any(kept):
        return f"At most {BEST_MAX} lines can be kept for some of the groups."
    lines_of = {
        name: sum(1 << line for line, among in enumerate(kept) if not among or name in among)
        for name in names
    }
    for some in range((1 << len(kept)) - 1 if any(kept) else 0):
        inside = [name for name, lines in lines_of.items() if not lines & ~some]
        if len(inside) > some.bit_count():
            which = f"Groups {', '.join(inside)} have" if len(inside) > 1 else f"Group {inside[0]} has"
            return f"{which} too few lines: more of them can go on than find one."
    return None


def _given(stage: int, settings: StageSettings, crossing: Crossing) -> tuple[SlotPlan, ...]:
    names = [group_name(index) for index in range(settings.groups)]
    ranks: list[RankOf | None] = []
    for text in crossing.lines:
        ranks.append(
            _read(stage, settings, names, text, sum(rank is not None and rank.best > 0 for rank in ranks))
        )
    known = [rank for rank in ranks if rank is not None]
    if len(ranks) != draw_size(len(ranks)):
        raise _problem(
            f"A crossing has 2, 4, 8, 16 … lines; this one has {len(ranks)}. Mark the free ones “bye”."
        )
    if len(set(known)) < len(known):
        raise _problem("A place stands on two lines of the crossing.")
    wanted = {RankOf(stage=stage, place=place, group=name) for name in names for place in _places(settings)}
    best = [rank for rank in known if rank.best]
    if {rank for rank in known if not rank.best} != wanted or len(best) != settings.best_of_rest:
        raise _problem("The crossing must have a line for each who goes on, and for nobody else.")
    if sentence := starved([rank.among for rank in best], names):
        raise _problem(sentence)
    for groups, row in crossing.table.items():
        if len(row) != len(best) or sorted(row) != sorted(groups):
            raise _problem(f"In the table, the row “{groups}” must name each of these groups once.")
        for rank, name in zip(best, row, strict=True):
            if name not in rank.among:
                raise _problem(
                    f"In the table, the row “{groups}” puts group {name} on a line not kept for it."
                )
    return tuple(SlotPlan(rank_of=rank) if rank is not None else SlotPlan(bye=True) for rank in ranks)


def _places(settings: StageSettings) -> range:
    return range(1, settings.advance + 1)


def _read(
    stage: int, settings: StageSettings, names: Sequence[str], text: str, best_before: int
) -> RankOf | None:
    if text.lower() == "bye":
        return None
    if found := _GROUP_FIRST.fullmatch(text):
        name, place = found[1], int(found[2])
        if name in names and place in _places(settings):
            return RankOf(stage=stage, place=place, group=name)
    if found := _PLACE_FIRST.fullmatch(text):
        place, among = int(found[1]), tuple(found[2])
        if place == settings.advance + 1 and set(among) <= set(names):
            return RankOf(stage=stage, place=place, best=best_before + 1, among=among)
        if place in _places(settings) and found[2] in names:
            return RankOf(stage=stage, place=place, group=found[2])
    raise _problem(
        f"“{text}” is no line: write “A1” for group A's winner, “3ABC” for a third of these, or “bye”."
    )


def _problem(sentence: str) -> InvalidInput:
    return InvalidInput({"crossing": sentence})
