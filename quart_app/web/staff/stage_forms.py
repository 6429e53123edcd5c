"""Forms about stages read into commands: what is played, a round's pairs, lots, conduct."""

from __future__ import annotations

import re
from collections.abc import Sequence

from quart_app.domain import rules
from quart_app.domain.commands import CreateTournament, DrawLots, PublishRound, RecordConduct
from quart_app.domain.events import RESET, GameRules, StageSettings
from quart_app.domain.formats import FORMATS
from quart_app.domain.formats.port import Setting
from quart_app.domain.scoring import PRESETS
from quart_app.errors import InvalidInput
from quart_app.web.staff.forms import Form, read_participants, require_seen

FIELDS = (
    "name",
    "participants",
    "seeding",
    "visibility",
    "format",
    "third_place",
    "grand_final",
    "groups",
    "legs",
    "rounds",
    "best_of",
    "all_played",
    "games",
    "to",
    "by",
    "cap",
    "last_to",
    "ruleset",
    "advance",
    "best_of_rest",
    "then",
    "then_third_place",
)
"""The fields of the form for a new tournament."""

USUAL_FORMAT = next(iter(FORMATS))

NOTHING = ""
"""Nothing follows the first stage."""

BY_HAND = "by_hand"
RULES_BY_HAND = (("to", 0), ("by", 1), ("cap", 0), ("last_to", 0))
"""The rules of a game that are set by hand, and what they are where nothing is entered."""

_WHOLE = re.compile(r"-?\d{1,6}")


def uses(format_name: str) -> frozenset[Setting]:
    """The settings that mean something to a format; none to one that there is not."""
    return FORMATS[format_name].uses if format_name in FORMATS else frozenset()


def read_create_tournament(form: Form, *, preview: bool = False) -> CreateTournament:
    """A new tournament with its list of participants and its stages.

    Raises InvalidInput as ``require_seen`` does, but for a ``preview``.
    """
    problems: dict[str, str] = {}
    format_name = form.get("format", USUAL_FORMAT)
    used = uses(format_name)
    then = form.get("then", NOTHING) if "advance" in used else NOTHING
    games = _game_rules(form, problems)
    best_of, all_played = _number(form, "best_of", 1, problems), form.get("all_played") == "on"
    first = StageSettings(
        format=format_name,
        third_place="third_place" in used and form.get("third_place") == "on",
        grand_final=("grand_final" in used and form.get("grand_final")) or RESET,
        groups=_number(form, "groups", 1, problems) if "groups" in used else 1,
        legs=_number(form, "legs", 1, problems) if "legs" in used else 1,
        rounds=_number(form, "rounds", 0, problems) if "rounds" in used else 0,
        best_of=best_of,
        all_played=all_played,
        games=games,
        ruleset=form.get("ruleset", "") if "ruleset" in used else "",
        advance=_number(form, "advance", 0, problems) if then else 0,
        best_of_rest=_number(form, "best_of_rest", 0, problems) if then else 0,
    )
    second = StageSettings(
        format=then,
        third_place="third_place" in uses(then) and form.get("then_third_place") == "on",
        best_of=best_of + (all_played and best_of % 2 == 0),  # there somebody has to win
        games=games,
    )
    if problems:
        raise InvalidInput(problems)
    reading = read_participants(form)
    command = CreateTournament(
        name=form.get("name", ""),
        entrants=reading.entrants,
        seeding=form.get("seeding", "standard"),
        visibility=form.get("visibility", "public"),
        stages=(first, second) if then else (first,),
    )
    if not preview:
        require_seen(reading, form, lambda: rules.check_tournament(command))
    return command


def _game_rules(form: Form, problems: dict[str, str]) -> GameRules:
    """When a game is over: by a preset, or by hand."""
    chosen = form.get("games") or "free"
    if chosen == BY_HAND:
        to, by, cap, last_to = (_number(form, name, usual, problems) for name, usual in RULES_BY_HAND)
        rules = GameRules(to=to, by=by, cap=cap, last_to=last_to)
        if rules.to < 1:
            problems["games"] = "Say to how many points a game goes, 1 or more."
        return rules
    if chosen not in PRESETS:
        problems["games"] = f"Choose one of: {', '.join(PRESETS)}, {BY_HAND}."
    return PRESETS.get(chosen, PRESETS["free"])


def read_round(stage: int, form: Form, boards: int) -> PublishRound:
    """A round as it stands in its form: ``first-1`` meets ``second-1``, and so on; ``bye`` and ``absent`` are
    ids, apart by spaces. Raises InvalidInput for a board with one side only."""
    pairs = []
    for number in range(1, boards + 1):
        sides = [form.get(f"{side}-{number}", "") for side in ("first", "second")]
        if not any(sides):
            continue
        if not all(_WHOLE.fullmatch(side) for side in sides):
            raise InvalidInput({"pairs": f"Board {number} needs two players."})
        pairs.append((int(sides[0]), int(sides[1])))
    return PublishRound(
        stage=stage,
        pairs=tuple(pairs),
        byes=read_ids(form, "byes"),
        absent=read_ids(form, "absent"),
        edited=form.get("proposed", "") != written(pairs),
        version=int(version) if _WHOLE.fullmatch(version := form.get("version", "")) else None,
    )


def write_round(
    pairs: Sequence[tuple[int, int]], byes: Sequence[int], absent: Sequence[int]
) -> dict[str, str]:
    """A proposed round as its form has it."""
    form = {
        "byes": " ".join(map(str, byes)),
        "absent": " ".join(map(str, absent)),
        "proposed": written(pairs),
    }
    for board, (first, second) in enumerate(pairs, start=1):
        form |= {f"first-{board}": str(first), f"second-{board}": str(second)}
    return form


def written(pairs: Sequence[tuple[int, int]]) -> str:
    """Pairs as a form keeps them, to see whether somebody has changed them."""
    return " ".join(f"{first}-{second}" for first, second in pairs)


def read_ids(form: Form, field: str) -> tuple[int, ...]:
    """Ids that are apart by spaces or commas. Raises InvalidInput for anything else."""
    found = re.split(r"[\s,]+", form.get(field, "").strip())
    if found == [""]:
        return ()
    if not all(_WHOLE.fullmatch(each) for each in found):
        raise InvalidInput({field: "Choose participants of this tournament."})
    return tuple(map(int, found))


def read_lots(stage: int, form: Form) -> DrawLots:
    """Lots as they are to be drawn among some, or as they were drawn."""
    return DrawLots(stage=stage, group=form.get("group", ""), order=read_ids(form, "order"))


def read_conduct(stage: int, form: Form) -> RecordConduct:
    """Points of conduct. Raises InvalidInput where there is no participant or no number."""
    problems: dict[str, str] = {}
    points = _number(form, "points", 0, problems)
    who = _number(form, "participant_id", 0, problems)
    if problems:
        raise InvalidInput(problems)
    return RecordConduct(stage=stage, participant_id=who, points=points)


def _number(form: Form, field: str, default: int, problems: dict[str, str]) -> int:
    text = form.get(field, "").strip()
    if not text:
        return default
    if _WHOLE.fullmatch(text):
        return int(text)
    problems[field] = "Enter a whole number."
    return default
