"""The rows of a list that was typed or pasted, and what a row says by itself: a name, perhaps with a seed.

A row is *plain* where it can only mean one thing. Quotes are read as spreadsheets write them, and only where
they are well formed: any other quote is a character like any other.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence

from quart_app.domain.names import bare, unmarked
from quart_app.domain.rules import PARTICIPANTS_MAX, tidy

BYE = "bye"
TAB, SEMICOLON, COMMA = "tab", "semicolon", "comma"
PARTERS: Mapping[str, str] = {TAB: "\t", SEMICOLON: ";\uff1b\u061b", COMMA: ",\uff0c\u060c\u3001\ufe50"}
"""What parts the cells of a row: full-width and Arabic commas and semicolons as well."""

Row = tuple[int, str]
"""A line that holds something, with its number in the text from 1 on."""

NAME_WORDS = frozenset(
    """name names player players participant participants team teams competitor athlete entrant surname
    full_name first_name last_name family_name given_name team_name player_name nachname vorname spieler
    spielerin teilnehmer mannschaft nom prénom joueur équipe nombre apellido jugador equipo nome cognome
    giocatore squadra naam speler ploeg""".split()  # noqa: SIM905 - as a list it would be forty lines
)
SEED_WORDS = frozenset({"seed", "seeds", "seeding", "seed_no", "seed_no.", "rank", "ranking", "setzplatz"})
"""The words by which a first line is known to be a heading: in lower case, a space in them as "_"."""

ROW_LENGTH_MAX = 150_000
"""Characters of a row: no draw in one line is longer."""

_ROWS_MAX = 8 * PARTICIPANTS_MAX  # no draw has so many: what follows need not be looked at to refuse it
_JOINED_MAX = 4  # lines that one quoted cell may go over
_DIGITS_MAX = 9  # more would overflow no rule's limit, but Python refuses to read thousands of them

_PARTER = f"[{''.join(PARTERS.values())}]"
_SPACES_END = 0x3001  # the last white space of Unicode is U+3000, and to look at all that follows takes long
_ENDS = "".join(filter(str.isspace, map(chr, range(_SPACES_END)))) + "".join(PARTERS.values())
_QUOTED = re.compile(rf'"((?:[^"]|"")*)"\s*(?:{_PARTER}(.*))?')
_WHOLE = re.compile(r"([+-]?\d+)(?:\.0+)?")
_NUMBERED = re.compile(r"(?:[#\u2116]\s*(\d+)[.):]?(?=\s)|\(?(\d+)[.)]+(?!\d))\s*(\S.*)")
_BULLET = re.compile(r"[-*\u2022\u00b7\u2023\u2013\u2014]\s+(?=\S)")


def rows_of(text: str) -> list[Row]:
    """The rows of a text, whatever ends its lines, without the bullets before all of them.

    A quoted cell may go over a few lines, where others stand beside it.
    """
    lines = unmarked(text.replace("\ufeff", "")).splitlines()
    rows: list[Row] = []
    at = 0
    while at < len(lines) and len(rows) < _ROWS_MAX:
        row, taken = lines[at], 1
        for more in range(2, _JOINED_MAX + 1):
            if '"' not in row or cells_of(row) is not None:
                break
            joined = " ".join(lines[at : at + more])
            if len(cells_of(joined) or ()) > 1:
                row, taken = joined, more
        row = row.rstrip() if "\t" in row else bare(row)
        if without_end(row):
            rows.append((at + 1, row))
        at += taken
    if rows and all(_BULLET.match(row) for _, row in rows):
        return [(number, _BULLET.sub("", row, count=1)) for number, row in rows]
    while rows and all(row.startswith("\t") for _, row in rows):
        rows = [(number, row[1:]) for number, row in rows]
    return rows


def cells_of(row: str, parter: str | None = None) -> list[str] | None:
    """The cells of a row, whose quotes are a spreadsheet's; None where they are not well formed."""
    parter = parter or next((each for each in "\t;," if each in row), ",")
    try:
        return [bare(cell) for cell in next(csv.reader([row], delimiter=parter, strict=True), [])]
    except csv.Error:
        return None


def without_end(row: str) -> str:
    """A row without the empty cells at its end."""
    return row.rstrip(_ENDS)


def read_plain(row: str) -> tuple[str | None, int | None]:
    """A row as a name, None for a bye, with the whole number behind its last comma or tab as its seed."""
    row = without_end(row)
    if tidy(row).casefold() == BYE:
        return None, None
    if (quoted := _unquoted(row)) is not None:
        return quoted
    name, seed = _cut(row)
    return tidy(name), seed


def is_plain(row: str) -> bool:
    """Whether a row can only mean what ``read_plain`` reads."""
    row = without_end(row)
    if (quoted := _unquoted(row)) is not None:
        # A spreadsheet writes quotes where they are needed, or around everything; a quoted bye may be one.
        name, seed = quoted
        needed = re.search(f'{_PARTER}|"', name) or means_more(name) or whole_number(name) is not None
        return bool(needed) or (name.casefold() == BYE and seed is not None)
    name, seed = _cut(row)
    cells = [bare(cell) for cell in re.split(_PARTER, name)]
    parted = len(cells) > 1
    return not (
        len(cells) > 2
        or name.count('"') % 2
        or (parted and (not all(cells) or any(re.match(r"[#\u2116(\[]?\d", cell) for cell in cells)))
        or (parted and re.search(rf"[\t{PARTERS[SEMICOLON]}]|[{PARTERS[COMMA]}](?!\s)", name))
        or (seed is not None and _WHOLE.fullmatch(bare(name)))
    )


def means_more(name: str) -> bool:
    """Whether a bare name could be read as more than a name: with a number or bullet, or as a heading."""
    return bool(_BULLET.match(name) or read_number(name) or heads([(1, name)]))


def read_number(row: str) -> tuple[str, str] | None:
    """The number in front of a name ("1. Ann", "#4 Dave") and what follows it; None where there is none."""
    found = _NUMBERED.match(row)
    return (found[1] or found[2], found[3]) if found else None


def are_numbered(rows: Sequence[Row]) -> bool:
    """Whether the numbers in front of names tell them apart, so that they may be no part of them."""
    numbers = [found[0] for _, row in rows if (found := read_number(row))]
    several = len(numbers) > 1 or len(numbers) == len(rows) > 0
    return (several and len(set(numbers)) == len(numbers)) or any(row[0] in "#\u2116" for _, row in rows)


def heading_word(cell: str) -> str:
    """A cell as it would stand in NAME_WORDS or SEED_WORDS."""
    return "_".join(bare(cell).strip('"').casefold().split())


def heads(rows: Sequence[Row]) -> bool:
    """Whether the first row has the words of a heading."""
    words = _heading_words(rows)
    return not NAME_WORDS.isdisjoint(words) or (len(words) > 1 and not SEED_WORDS.isdisjoint(words))


def is_sure_heading(rows: Sequence[Row]) -> bool:
    """Whether the first row says what the lines of a plain list have anyway."""
    words = _heading_words(rows)
    return len(words) == 2 and words[0] in NAME_WORDS and words[1] in SEED_WORDS


def whole_number(cell: str) -> int | None:
    """A whole number, also as a spreadsheet writes it ("1.0"); None for anything else."""
    found = _WHOLE.fullmatch(bare(cell))
    if found is None:
        return None
    sign, digits = -1 if found[1].startswith("-") else 1, found[1].lstrip("+-")
    return sign * (int(digits) if len(digits) <= _DIGITS_MAX else 10**_DIGITS_MAX)


def _unquoted(row: str) -> tuple[str, int | None] | None:
    """A quoted name and its seed; None for a row that is not one."""
    found = _QUOTED.fullmatch(row)
    if found is None:
        return None
    seed = whole_number(found[2] or "")
    return None if seed is None and found[2] else (tidy(found[1].replace('""', '"')), seed)


def _cut(row: str) -> tuple[str, int | None]:
    """What stands before a row's last comma or tab, and the whole number behind; else the row and None."""
    *before, last = re.split(f"({_PARTER})", row)
    seed = whole_number(last) if before else None
    return (row, None) if seed is None else ("".join(before[:-1]), seed)


def _heading_words(rows: Sequence[Row]) -> list[str]:
    """The words of the first row; none where it can be no heading."""
    row = without_end(rows[0][1]) if rows else ""
    cells = cells_of(row) or []
    if row.startswith('"') and len(cells) == 1:
        return []
    if len(cells) < 2:
        cells = re.split(f"[{''.join(PARTERS.values())}]", row)
    return [] if any(whole_number(cell) is not None for cell in cells) else list(map(heading_word, cells))
