"""Who meets whom in the next round of a Swiss: proposed by the FIDE Dutch system, changed by the organiser,
and written down for other programs."""

from quart_app.domain.pairing.ask import RULES, RULES_TITLE, RULES_VERSION, Proposal
from quart_app.domain.pairing.edits import Caution, cautions
from quart_app.domain.pairing.history import Contender, Meeting
from quart_app.domain.pairing.trf import trf16

__all__ = [
    "RULES",
    "RULES_TITLE",
    "RULES_VERSION",
    "Caution",
    "Contender",
    "Meeting",
    "Proposal",
    "cautions",
    "trf16",
]
