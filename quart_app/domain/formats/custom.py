"""A graph of the organiser's own: an irregular bracket, given match by match."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Final

import msgspec

from quart_app.domain import names
from quart_app.domain.bracket.match import Match
from quart_app.domain.events import FINAL, LOSERS, WINNERS, MatchPlan, SlotPlan, StageSettings
from quart_app.domain.formats.elimination import final_places
from quart_app.domain.formats.port import BEST_OF_MAX, Drawn, Opening, Places, Setting

MATCHES_MAX = 1024
ROUNDS_MAX = 64
LABEL_LENGTH_MAX = 40
SIDES = ("", WINNERS, LOSERS, FINAL)


class Custom:
    """The format; it holds nothing."""

    name: Final = "custom"
    title: Final = "Custom bracket"
    explains: Final = "A bracket of your own, given match by match over the API."
    layout: Final = "bracket"
    uses: Final[frozenset[Setting]] = frozenset({"plans"})

    def problems(self, settings: StageSettings, participants: int) -> Mapping[str, str]:
        """The graph is one that can be played to its end."""
        problem = _problem(settings.plans, participants)
        if problem:
            return {"matches": problem}
        words = (*settings.round_names, *(plan.label for plan in settings.plans if plan.label))
        if any(len(text) > LABEL_LENGTH_MAX or names.flaw(text) is not None for text in words):
            return {
                "matches": f"Labels and names of rounds have up to {LABEL_LENGTH_MAX} characters, all shown."
            }
        return {}

    def draw(self, opening: Opening) -> Drawn:
        """The graph as it was given, feeders first. A round in which several sides play is one for each."""
        plans = _in_order(opening.settings.plans)
        ids = {plan.match_id: opening.first_match + index for index, plan in enumerate(plans)}
        keys = [
            (number, side)
            for number in range(1, plans[-1].round + 1)
            for side in _sides([plan for plan in plans if plan.round == number])
        ]
        given = opening.settings.round_names
        names = [given[number - 1] if number <= len(given) else f"Round {number}" for number, _ in keys]
        in_round, of_side = Counter[int](), Counter[tuple[int, str]]()
        matches = []
        for plan in plans:
            key = plan.round, plan.side
            in_round[plan.round] += 1
            of_side[key] += 1
            first, second = (_renumbered(source, ids) for source in plan.slots)
            matches.append(
                msgspec.structs.replace(
                    plan,
                    match_id=ids[plan.match_id],
                    round=opening.first_round + keys.index(key),
                    position=of_side[key],
                    slots=(first, second),
                    label=plan.label or f"{names[keys.index(key)]}, {in_round[plan.round]}",
                    stage_number=opening.stage,
                    if_needed=ids[plan.if_needed] if plan.if_needed is not None else None,
                )
            )
        return Drawn(tuple(names), tuple(names), tuple(matches))

    def places(self, matches: Mapping[int, Match]) -> Places:
        """First and second of the match that is played last, third of the match for it."""
        return final_places(matches)


def _in_order(plans: Sequence[MatchPlan]) -> list[MatchPlan]:
    """By rounds, then as they were given: feeders come first, as a match is of a later round than its
    feeders."""
    return sorted(plans, key=lambda plan: plan.round)


def _sides(plans: Sequence[MatchPlan]) -> Sequence[str]:
    """The sides that play in a round."""
    return sorted({plan.side for plan in plans}, key=SIDES.index) or [""]


def _renumbered(source: SlotPlan, ids: Mapping[int, int]) -> SlotPlan:
    if source.winner_of is not None:
        return SlotPlan(winner_of=ids[source.winner_of])
    return SlotPlan(loser_of=ids[source.loser_of]) if source.loser_of is not None else source


def _problem(plans: Sequence[MatchPlan], participants: int) -> str | None:
    """What keeps the graph from being played, the first that is found."""
    if not 1 <= len(plans) <= MATCHES_MAX:
        return f"Give the matches of the bracket: 1 to {MATCHES_MAX}."
    by_id = {plan.match_id: plan for plan in plans}
    if len(by_id) < len(plans):
        return "Two matches have the same match_id."
    for label, count in Counter(plan.label for plan in plans if plan.label).items():
        if count > 1:
            return f"{count} matches are labelled “{label}”."
    goes: dict[tuple[str, object], int] = {}
    for plan in plans:
        if not (1 <= plan.best_of <= BEST_OF_MAX and plan.best_of % 2):
            return f"Match {plan.match_id} is best of {plan.best_of}; an odd number up to {BEST_OF_MAX}."
        if plan.side not in SIDES:
            return (
                f"Match {plan.match_id} is of side “{plan.side}”; there are {WINNERS}, {LOSERS} and {FINAL}."
            )
        if not 1 <= plan.round <= ROUNDS_MAX:
            return f"Match {plan.match_id} is in round {plan.round}; rounds count from 1 to {ROUNDS_MAX}."
        for source in plan.slots:
            if problem := _source_problem(plan, source, by_id, participants, goes):
                return problem
    return _order_problem(by_id) or _entrants_problem(goes, participants) or _twin_problem(plans)


def _source_problem(
    plan: MatchPlan,
    source: SlotPlan,
    by_id: Mapping[int, MatchPlan],
    participants: int,
    goes: dict[tuple[str, object], int],
) -> str | None:
    sources: list[tuple[str, object]] = [
        (name, value)
        for name in ("participant", "winner_of", "loser_of", "rank_of")
        if (value := getattr(source, name)) is not None
    ]
    if len(sources) + source.bye != 1:
        return f"Each side of match {plan.match_id} comes from one source, or is a bye."
    if source.bye:
        return None
    ((kind, value),) = sources
    if kind in ("winner_of", "loser_of") and value not in by_id:
        return f"Match {plan.match_id} waits for match {value}, which there is not."
    if kind == "participant" and not 1 <= source.participant <= participants:  # type: ignore[operator]
        return f"Match {plan.match_id} names participant {value}; there are {participants}."
    if plan.if_needed is None and goes.setdefault((kind, value), plan.match_id) != plan.match_id:
        what = {
            "participant": "Participant",
            "winner_of": "The winner of match",
            "loser_of": "The loser of match",
        }
        who = f"{what[kind]} {value}" if kind in what else "The same place of an earlier stage"
        return f"{who} goes to matches {goes[kind, value]} and {plan.match_id}."
    return None


def _order_problem(by_id: Mapping[int, MatchPlan]) -> str | None:
    feeders = {
        plan.match_id: {
            feeder for source in plan.slots if (feeder := source.winner_of or source.loser_of) is not None
        }
        for plan in by_id.values()
    }
    try:
        tuple(TopologicalSorter(feeders).static_order())
    except CycleError as error:
        return f"Match {error.args[1][0]} waits for itself, over others."
    for match_id, waited_for in feeders.items():
        for feeder in waited_for:
            if by_id[feeder].round >= by_id[match_id].round:
                return f"Match {match_id} waits for match {feeder}, and so must be of a later round."
        if (first := by_id[match_id].if_needed) is not None and waited_for != {first}:
            return f"Match {match_id} is played if needed, and so takes winner and loser of match {first}."
    return None


def _entrants_problem(goes: Mapping[tuple[str, object], int], participants: int) -> str | None:
    if any(kind == "rank_of" for kind, _ in goes):
        return None
    missing = [each for each in range(1, participants + 1) if ("participant", each) not in goes]
    return f"Participant {missing[0]} plays in no match." if missing else None


def _twin_problem(plans: Sequence[MatchPlan]) -> str | None:
    twins = (plan for plan in plans if plan.slots[0] == plan.slots[1] and not plan.slots[0].bye)
    return next((f"Both sides of match {plan.match_id} come from the same source." for plan in twins), None)
