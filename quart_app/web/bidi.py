"""Names that are written from right to left, in sentences that are not."""

from __future__ import annotations

import unicodedata

ISOLATE = "\u2068"  # FIRST STRONG ISOLATE
END = "\u2069"  # POP DIRECTIONAL ISOLATE


def isolated(name: str) -> str:
    """The name as it may stand in a sentence beside a score (Unicode, UAX #9, section 2.4).

    A name of right-to-left letters draws the numbers next to it to its other side: a 4–1 would read as 1–4.
    So it is isolated; any other name stays the plain text that it is.
    """
    if name.isascii() or not any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in name):
        return name
    return f"{ISOLATE}{name}{END}"
