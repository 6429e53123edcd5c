"""Lists of participants as text: typed, pasted from a spreadsheet or out of a file, and written back.

What is plain is read without a question: a name on each line, and its seed behind a comma or tab. What may
mean more (other columns, a heading, numbers before the names) is read as it was probably meant, and is not
``certain``: whoever typed it sees how each line was read, and can choose another way, before anything is
saved. Whether the names and seeds may be is the domain's to say.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from quart_app.domain.commands import EntrantLine
from quart_app.domain.events import Entrant
from quart_app.domain.names import bare
from quart_app.domain.rules import PARTICIPANTS_MAX, tidy
from quart_app.web.staff.entrants.rows import (
    BYE,
    COMMA,
    NAME_WORDS,
    PARTERS,
    ROW_LENGTH_MAX,
    SEED_WORDS,
    SEMICOLON,
    TAB,
    Row,
    are_numbered,
    cells_of,
    heading_word,
    heads,
    is_plain,
    is_sure_heading,
    means_more,
    read_number,
    read_plain,
    rows_of,
    whole_number,
    without_end,
)

NAME, SEED, LEFT_OUT = "name", "seed", ""
"""What a column may hold."""

LINE, NUMBER, EACH, WHOLE = "line", "number", "each", "whole"

SPLITS: Mapping[str, str] = {
    LINE: "A name on each line, its seed after the last comma",
    TAB: "Columns, parted by tabs",
    SEMICOLON: "Columns, parted by semicolons",
    COMMA: "Columns, parted by commas",
    NUMBER: "A number in front of each name",
    EACH: "Many names on a line, parted by commas",
    WHOLE: "Each whole line is a name",
}
"""The ways to read a list, and how they are called."""

_SEED_CELL = re.compile(r"[#\u2116(]?\s*([+-]?\d+)(?:\.0*)?\)?")


@dataclass(frozen=True, slots=True)
class Wish:
    """How somebody chose to have a list read: one of SPLITS, what each column holds, and whether the first
    line is a heading."""

    split: str
    roles: tuple[str, ...]
    heading: bool


@dataclass(frozen=True, slots=True)
class Line:
    """How a line was read: a participant, a bye (no name), or a heading, which is left out.

    ``number`` is its place in the text, from 1 on with blank lines. ``left_out`` is what of it is not used.
    """

    number: int
    name: str | None
    seed: int | None = None
    left_out: str = ""
    heading: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A column: what it is taken for, and what stands in it at first."""

    role: str
    sample: str


@dataclass(frozen=True, slots=True)
class ListReading:
    """A list as it was read.

    ``problems`` are sentences about what cannot be read this way. ``splits`` are those that are possible, and
    ``columns`` is empty where there is none to choose.
    """

    lines: tuple[Line, ...]
    certain: bool
    split: str = LINE
    splits: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def entrants(self) -> tuple[EntrantLine, ...]:
        """The lines as a wish has them."""
        lines = (line for line in self.lines if not line.heading)
        return tuple(EntrantLine(name=line.name, seed=line.seed, line=line.number) for line in lines)

    @property
    def ways(self) -> tuple[tuple[str, str], ...]:
        """The ways there are to read it, each with how it is called."""
        return tuple((split, SPLITS[split]) for split in self.splits)

    @property
    def heading(self) -> bool:
        """Whether the first line is a heading."""
        return any(line.heading for line in self.lines)

    @property
    def count(self) -> tuple[int, int]:
        """How many participants and how many byes."""
        byes = sum(entrant.name is None for entrant in self.entrants)
        return len(self.entrants) - byes, byes

    @property
    def seen(self) -> str:
        """What tells this reading from any other: who confirms it confirms what they saw."""
        return hashlib.sha256(repr(self.lines).encode(errors="replace")).hexdigest()[:32]


def read_list(text: str, wish: Wish | None = None) -> ListReading:
    """The lines of a list; blank ones do not count. ``wish`` only counts where the list is not certain."""
    rows = rows_of(text)
    if long := [number for number, row in rows if len(row) > ROW_LENGTH_MAX]:
        return ListReading((), certain=False, problems=(f"Line {long[0]} is too long to be read.",))
    top = int(is_sure_heading(rows))
    if all(is_plain(row) for _, row in rows[top:]) and not are_numbered(rows) and (top or not heads(rows)):
        lines = (Line(number, *read_plain(row)) for number, row in rows[top:])
        return ListReading((*_headings(rows[:top]), *lines), certain=True)
    splits = tuple(split for split in SPLITS if _is_possible(split, rows))
    if wish is not None and wish.split in splits:
        return _read(rows, wish, splits)
    return _read(rows, Wish(_probable(rows), (), heads(rows)), splits)


def write_list(entrants: Iterable[Entrant]) -> str:
    """The list as text, which ``read_list`` reads back as it was."""
    return "\n".join(_written(entrant) for entrant in entrants)


def _written(entrant: Entrant) -> str:
    if entrant.name is None:
        return BYE
    behind = "" if entrant.seed is None else f", {entrant.seed}"
    row = entrant.name + behind
    if read_plain(row) == (entrant.name, entrant.seed) and is_plain(row) and not means_more(entrant.name):
        return row
    return '"' + entrant.name.replace('"', '""') + '"' + behind


def _headings(rows: Iterable[Row]) -> list[Line]:
    return [Line(number, None, left_out=row, heading=True) for number, row in rows]


def _is_possible(split: str, rows: Sequence[Row]) -> bool:
    if split == NUMBER:
        return any(read_number(row) for _, row in rows)
    return split in (LINE, WHOLE) or _parted(rows, COMMA if split == EACH else split) > 0


def _parted(rows: Sequence[Row], split: str) -> int:
    return sum(any(parter in row for parter in PARTERS[split]) for _, row in rows)


def _probable(rows: Sequence[Row]) -> str:
    """How a list that is not certain is probably meant."""
    if all(is_plain(row) or (read_plain(row)[0] or "").casefold() == BYE for _, row in rows) and not (
        are_numbered(rows) or heads(rows)
    ):
        return LINE
    if _parted(rows, TAB):
        return TAB
    if 2 * _parted(rows, SEMICOLON) > len(rows):
        return SEMICOLON
    if are_numbered(rows):
        return NUMBER
    cells = [_cells(row, COMMA) for _, row in rows]
    if len(rows) == 1 and len(cells[0]) > 2:
        return EACH
    if all(whole_number(cell) is not None for row in cells for cell in row):
        return WHOLE
    return COMMA if 2 * _parted(rows, COMMA) > len(rows) else LINE


def _cells(row: str, split: str) -> list[str]:
    """The cells of a row, without empty ones at its end."""
    row = without_end(row)
    if split == NUMBER:
        number, rest = read_number(row) or ("", row)
        name, seed = read_plain(rest)
        return [number, name or BYE, "" if seed is None else str(seed)]
    parter = next((each for each in PARTERS[split] if each in row), PARTERS[split][0])
    return cells_of(row, parter) or [bare(cell) for cell in row.split(parter)]


def _read(rows: Sequence[Row], wish: Wish, splits: tuple[str, ...]) -> ListReading:
    """Rows read as wished; roles that do not fit the columns are chosen anew."""
    top = _headings(rows[: int(wish.heading)])
    if wish.split in (LINE, WHOLE, EACH):
        simple = (line for number, row in rows[len(top) :] for line in _simply(number, row, wish.split))
        return ListReading((*top, *simple), certain=False, split=wish.split, splits=splits)
    ragged = [_cells(row, wish.split) for _, row in rows]
    width = max(map(len, ragged))
    padded = [[*cells, *[""] * (width - len(cells))] for cells in ragged]
    filled = [at for at in range(width) if any(cells[at] for cells in padded)]
    table = [[cells[at] for at in filled] for cells in padded]
    body = [(rows[at][0], table[at]) for at in range(len(top), len(rows))]
    roles = wish.roles
    if len(roles) != len(filled):
        roles = _probable_roles([cells for _, cells in body], table[0] if top else [], wish.split)
    problems = [
        f"The seed on line {number} is no whole number: “{cell}”."
        for number, cells in body
        for cell, role in zip(cells, roles, strict=True)
        if role == SEED and cell and not _SEED_CELL.fullmatch(cell)
    ]
    if NAME not in roles:
        problems.insert(0, "Choose the column that holds the names.")
    if roles.count(SEED) > 1:
        problems.insert(0, "Choose only one column that holds the seeds.")
    samples = (", ".join([cells[at] for cells in table if cells[at]][:3]) for at in range(len(filled)))
    columns = tuple(Column(role, sample) for role, sample in zip(roles, samples, strict=True))
    lines = (_from_cells(number, cells, roles, wish.split) for number, cells in body)
    return ListReading((*top, *lines), False, wish.split, splits, columns, tuple(problems))


def _simply(number: int, row: str, split: str) -> list[Line]:
    if split == LINE:
        return [Line(number, *read_plain(row))]
    names = map(tidy, _cells(row, COMMA) if split == EACH else [row])
    return [Line(number, None if name.casefold() == BYE else name) for name in names if name]


def _probable_roles(body: Sequence[Sequence[str]], heading: Sequence[str], split: str) -> tuple[str, ...]:
    """What each column probably holds: by its heading, else the first text is the name, a number the seed.

    Two texts with a comma between them may be one name, so neither is left out.
    """
    words = [heading_word(cell) for cell in heading]
    width = len(body[0]) if body else len(words)
    named = [at for at, word in enumerate(words) if word in NAME_WORDS]
    seeded = [at for at, word in enumerate(words) if word in SEED_WORDS][:1]
    if not named:
        columns = [[row[at] for row in body if row[at] and row[at].casefold() != BYE] for at in range(width)]
        numbers = [at for at in range(width) if 2 * len(_seeds(columns[at])) >= len(columns[at])]
        texts = [at for at in range(width) if at not in numbers]
        named = texts[: 2 if split == COMMA and texts == [0, 1] else 1] or [0]
        behind_first = sorted(numbers, key=lambda at: (at < named[0], abs(at - named[0])))
        seeded = [at for at in behind_first if at not in named and _may_be_seeds(columns[at])][:1]
    return tuple(NAME if at in named else SEED if at in seeded else LEFT_OUT for at in range(width))


def _may_be_seeds(cells: Sequence[str]) -> bool:
    seeds = _seeds(cells)
    return len(set(seeds)) == len(seeds) > 0 and all(1 <= seed <= PARTICIPANTS_MAX for seed in seeds)


def _seeds(cells: Iterable[str]) -> list[int]:
    """The whole numbers among the cells of a column."""
    found = (_SEED_CELL.fullmatch(cell) for cell in cells)
    return [number for cell in found if cell and (number := whole_number(cell[1])) is not None]


def _from_cells(number: int, cells: Sequence[str], roles: Sequence[str], split: str) -> Line:
    held = {
        role: [cell for cell, its in zip(cells, roles, strict=True) if its == role and cell]
        for role in (NAME, SEED, LEFT_OUT)
    }
    name = tidy((", " if split == COMMA else " ").join(held[NAME]))
    if name.casefold() == BYE:
        return Line(number, None, left_out=" · ".join(held[SEED] + held[LEFT_OUT]))
    seed = next(iter(_seeds(held[SEED])), None)
    return Line(number, name, seed, " · ".join(held[LEFT_OUT]))
