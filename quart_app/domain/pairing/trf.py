"""FIDE's Tournament Report File (TRF16, FIDE Handbook C.04.A, annex 2), with the extensions of JaVaFo for the
number of rounds and what results are worth. Pairing programs and rating officers read it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from quart_app.domain.pairing.history import Contender, Meeting, Result, Worth

_RESULTS: Mapping[Result, str] = {
    "won": "1",
    "drawn": "=",
    "lost": "0",
    "forfeit_won": "+",
    "forfeit_lost": "-",
    "bye": "U",
    "absent": "Z",
}
NAME_COLUMNS = 33


def trf16(name: str, contenders: Sequence[Contender], rounds: int, worth: Worth) -> str:
    """The whole report, in the order of the pairing numbers, with a line feed after each line."""
    numbers = {each.participant_id: each.number for each in contenders}
    ranked = sorted(contenders, key=lambda each: (-_points(each, worth), each.number))
    ranks = {each.participant_id: place for place, each in enumerate(ranked, start=1)}
    lines = [f"012 {_plain(name)}", f"062 {len(contenders)}", f"XXR {rounds}"]
    if worth != Worth():
        lines.append(f"XXS W={_tenths(worth.win)} D={_tenths(worth.draw)} L={_tenths(worth.loss)}")
    lines += [
        player_line(each, numbers, ranks[each.participant_id], worth)
        for each in sorted(contenders, key=lambda each: each.number)
    ]
    return "\n".join(lines) + "\n"


def player_line(contender: Contender, numbers: Mapping[int, int], rank: int, worth: Worth) -> str:
    """One contender's line: number, name, points, rank, and every round."""
    head = f"001 {contender.number:>4} {'':4}{_plain(contender.name)[:NAME_COLUMNS]:<{NAME_COLUMNS}}"
    points = _tenths(_points(contender, worth))
    rounds = "".join(f"  {_round(each, numbers)}" for each in contender.rounds)
    return f"{head:<80}{points:>4} {rank:>4}{rounds}"


def _round(meeting: Meeting, numbers: Mapping[int, int]) -> str:
    result = _RESULTS[meeting.result]
    if meeting.opponent_id is None:
        return f"0000 - {result}"
    return f"{numbers[meeting.opponent_id]:>4} {'w' if meeting.first else 'b'} {result}"


def _points(contender: Contender, worth: Worth) -> int:
    return sum(worth.of(each.result) for each in contender.rounds)


def _tenths(points: int) -> str:
    return f"{points // 10}.{points % 10}"


def _plain(text: str) -> str:
    """The text in the letters that the format allows: accents are dropped, what remains foreign is a "?"."""
    decomposed = unicodedata.normalize("NFKD", text)
    return (
        "".join(each for each in decomposed if not unicodedata.combining(each))
        .encode("ascii", "replace")
        .decode()
    )
