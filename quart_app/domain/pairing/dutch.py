"""The FIDE Dutch system, by the library py4swiss, which brings pydantic and much besides: only the process
that pairs loads it.

There is no wheel of the library for some machines. Then everything else goes on, and a Swiss is refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from quart_app.domain.pairing.ask import MISSING, PairingAnswer, PairingQuestion, Proposal
from quart_app.domain.pairing.history import Contender, Worth
from quart_app.domain.pairing.trf import player_line
from quart_app.errors import PairingUnavailable, RoundConflict

try:
    from py4swiss.engines import DutchEngine
    from py4swiss.engines.common import PairingError
    from py4swiss.trf import ParsedTrf
    from py4swiss.trf.results import ScoringPointSystem, ScoringPointSystemCode
    from py4swiss.trf.sections import PlayerSection, XSection
except ImportError as missing:
    REASON = str(missing)
else:
    REASON = ""


def answer(question: PairingQuestion) -> PairingAnswer:
    """Pair, here and now."""
    try:
        return PairingAnswer(propose(*question))
    except RoundConflict as conflict:
        return PairingAnswer(conflict=conflict.detail)
    except PairingUnavailable as unavailable:
        return PairingAnswer(unavailable=unavailable.detail)


def propose(contenders: Sequence[Contender], rounds: int, worth: Worth) -> Proposal:
    """The next round for those who are present, of so many rounds in all.

    It computes for a while and touches nothing else. Raises RoundConflict where no pairing is allowed any
    more, and PairingUnavailable where the library is missing.
    """
    if REASON:
        raise PairingUnavailable(f"{MISSING} ({REASON})")
    present = [each for each in contenders if each.present]
    if len(present) < 2:
        raise RoundConflict("A round needs at least two who are present.")
    numbers = {each.participant_id: each.number for each in contenders}
    ids = {number: who for who, number in numbers.items()}
    points = ScoringPointSystem()
    for code, value in (
        (ScoringPointSystemCode.WIN, worth.win),
        (ScoringPointSystemCode.PAIRING_ALLOCATED_BYE, worth.win),
        (ScoringPointSystemCode.DRAW, worth.draw),
        (ScoringPointSystemCode.LOSS, worth.loss),
        (ScoringPointSystemCode.ZERO_POINT_BYE, 0),
        (ScoringPointSystemCode.FORFEIT_LOSS, 0),
    ):
        points.apply_code(code, value)
    report = ParsedTrf(
        player_sections=[
            PlayerSection.from_string(player_line(each, numbers, each.number, worth))
            for each in sorted(contenders, key=lambda each: each.number)
        ],
        x_section=XSection(
            number_of_rounds=rounds,
            zeroed_ids={each.number for each in contenders if not each.present},
            scoring_point_system=points,
        ),
    )
    try:
        report.validate_contents()
        pairings = DutchEngine.generate_pairings(report)
    except PairingError:
        raise RoundConflict(
            "No pairing is left in which nobody meets somebody again. Pair this round by hand."
        ) from None
    pairs = tuple((ids[each.white], ids[each.black]) for each in pairings if each.black)
    return Proposal(pairs, tuple(ids[each.white] for each in pairings if not each.black))
