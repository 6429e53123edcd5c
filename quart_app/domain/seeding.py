"""Who stands on which line of a draw.

Standard seeding starts with [1, 2] and replaces each seed p by the pair (p, size + 1 - p) until the draw is
full, so that the best two can only meet in the final, the best four in the semi-finals, and the byes fall to
the best. A *given* draw is the listed order, top to bottom.
"""

from __future__ import annotations

from collections.abc import Sequence

from quart_app.domain.events import Entrant


def draw_size(lines: int) -> int:
    """The next power of two that holds ``lines``, at least 2."""
    return max(2, 1 << (lines - 1).bit_length())


def standard_order(size: int) -> list[int]:
    """The seeds on the lines of a standard draw, top to bottom; 8 gives 1 8 4 5 2 7 3 6."""
    order = [1, 2]
    while len(order) < size:
        pair_sum = 2 * len(order) + 1
        order = [line for seed in order for line in (seed, pair_sum - seed)]
    return order


def draw_lines(entrants: Sequence[Entrant], seeding: str) -> list[int | None]:
    """The participant id on each line of the draw, None for a bye; a power of two lines.

    With ``standard`` the seeded come first in the order of their seeds, then the rest as listed. With
    ``given`` and fewer lines than a full draw, the byes stand where a standard draw has them and the
    participants fill the other lines in their order, so that byes never meet.
    """
    size = draw_size(len(entrants))
    order = standard_order(size)
    if seeding == "standard":
        strongest = ranked(entrants, given=False)
        return [strongest[seed - 1] if seed <= len(strongest) else None for seed in order]
    listed = iter(entrants)
    return [next(listed).id if seed <= len(entrants) else None for seed in order]


def ranked(entrants: Sequence[Entrant], *, given: bool) -> list[int]:
    """The participants' ids: the seeded in the order of their seeds, then the rest as listed; or where the
    draw is ``given``, all as listed."""
    present = [entrant for entrant in entrants if entrant.id is not None]
    if not given:
        present.sort(key=lambda entrant: (entrant.seed is None, entrant.seed or 0))
    return [entrant.id for entrant in present if entrant.id is not None]
