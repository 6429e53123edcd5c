"""Real tables in which the tie-breaks decided, as they were published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from quart_app.domain.ranking import RULESETS, Facts, Outcome, Row, ranked_across, standings


def table(
    ruleset: str, results: str, conduct: Mapping[str, int] | None = None, ranking: Sequence[str] = ()
) -> list[tuple[int, str, str | None]]:
    """Place, name and what separates each from the one above, from results such as "SUI 1–0 ALB"."""
    matches = [line.split() for line in results.strip().splitlines()]
    names = sorted({name for first, _, second in matches for name in (first, second)})
    ids = {name: number for number, name in enumerate(names, start=1)}
    outcomes = []
    for number, (first, score, second) in enumerate(matches, start=1):
        a, b = map(int, score.split("–"))
        winner = None if a == b else ids[first if a > b else second]
        outcomes.append(
            Outcome(number, 1, (ids[first], ids[second]), (a, b), winner_id=winner, drawn=winner is None)
        )
    facts = Facts(
        tuple(ids.values()),
        tuple(outcomes),
        conduct={ids[name]: points for name, points in (conduct or {}).items()},
        ranking={ids[name]: place for place, name in enumerate(ranking, start=1)},
    )
    rows: tuple[Row, ...] = standings(facts, RULESETS[ruleset])
    return [
        (row.place, names[row.participant_id - 1], row.why.criterion if row.why else None) for row in rows
    ]


EURO_1996_C = "GER 2–0 CZE\nITA 2–1 RUS\nCZE 2–1 ITA\nRUS 0–3 GER\nRUS 3–3 CZE\nITA 0–0 GER"
EURO_2004_C = "DEN 0–0 ITA\nSWE 5–0 BUL\nBUL 0–2 DEN\nITA 1–1 SWE\nITA 2–1 BUL\nDEN 2–2 SWE"
EURO_2016_E = "IRL 1–1 SWE\nBEL 0–2 ITA\nITA 1–0 SWE\nBEL 3–0 IRL\nITA 0–1 IRL\nSWE 0–1 BEL"
EURO_2024_E = "ROU 3–0 UKR\nBEL 0–1 SVK\nSVK 1–2 UKR\nBEL 2–0 ROU\nSVK 1–1 ROU\nUKR 0–0 BEL"
WORLD_2018_H = "COL 1–2 JPN\nPOL 1–2 SEN\nJPN 2–2 SEN\nPOL 0–3 COL\nJPN 0–1 POL\nSEN 0–1 COL"


def test_euro_1996_group_c() -> None:
    """The Czechs went on over Italy, whose goal difference was better: they had beaten them."""
    assert table("football_uefa", EURO_1996_C)[:3] == [
        (1, "GER", None),
        (2, "CZE", "points"),
        (3, "ITA", "tied_points"),
    ]
    assert [name for _, name, _ in table("football", EURO_1996_C)[:3]] == ["GER", "ITA", "CZE"]


def test_euro_2004_group_c() -> None:
    """Three level at five points, all their matches drawn: goals in those matches put Italy out."""
    assert table("football_uefa", EURO_2004_C) == [
        (1, "SWE", None),
        (2, "DEN", "tied_scored"),
        (3, "ITA", "tied_scored"),
        (4, "BUL", "points"),
    ]


def test_euro_2016_group_e() -> None:
    """Italy before Belgium by their match."""
    assert table("football_uefa", EURO_2016_E) == [
        (1, "ITA", None),
        (2, "BEL", "tied_points"),
        (3, "IRL", "points"),
        (4, "SWE", "points"),
    ]


def test_euro_2024_group_e() -> None:
    """Four level at four points: among them difference, then goals – not the match of the first two."""
    assert table("football_uefa", EURO_2024_E) == [
        (1, "ROU", None),
        (2, "BEL", "tied_scored"),
        (3, "SVK", "tied_difference"),
        (4, "UKR", "tied_difference"),
    ]


def test_world_cup_2018_group_h() -> None:
    """Japan went on by two yellow cards less than Senegal; without the cards they share the place."""
    with_cards = table("football", WORLD_2018_H, {"JPN": -4, "SEN": -6})
    assert with_cards[1:3] == [(2, "JPN", "points"), (3, "SEN", "conduct")]
    assert table("football", WORLD_2018_H)[1:3] == [(2, "JPN", "points"), (2, "SEN", None)]


@pytest.mark.parametrize(
    ("results", "order"),
    [
        ("ARG 1–2 KSA\nMEX 0–0 POL\nPOL 2–0 KSA\nARG 2–0 MEX\nPOL 0–2 ARG\nKSA 1–2 MEX", "ARG POL MEX KSA"),
        ("GER 1–2 JPN\nESP 7–0 CRC\nJPN 0–1 CRC\nESP 1–1 GER\nJPN 2–1 ESP\nCRC 2–4 GER", "JPN ESP GER CRC"),
        ("URU 0–0 KOR\nPOR 3–2 GHA\nKOR 2–3 GHA\nPOR 2–0 URU\nGHA 0–2 URU\nKOR 2–1 POR", "POR KOR URU GHA"),
    ],
)
def test_world_cup_2022(results: str, order: str) -> None:
    """Groups C, E and H: by difference, and by goals scored."""
    assert [name for _, name, _ in table("football", results)] == order.split()


def test_thirds_are_told_apart_by_the_ranking_at_last() -> None:
    """As UEFA has it, where each group had a third with nothing but the same two draws; and a ranking that
    is not known of all of them says nothing."""
    groups = [
        Facts((who, who + 1), (Outcome(who, 1, (who, who + 1), (0, 0), drawn=True),), ranking={who: place})
        for who, place in ((1, 12), (3, 7), (5, 9))
    ]
    assert ranked_across(groups, RULESETS["football_uefa"], (1, 3, 5)) == [[3], [5], [1]]
    assert ranked_across(groups, RULESETS["football"], (1, 3, 5)) == [(1, 3, 5)]
    assert ranked_across(groups, RULESETS["football_uefa"], (1, 3, 6)) == [(1, 3, 6)]
