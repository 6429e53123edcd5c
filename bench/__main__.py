"""``python -m bench [MEASURE …]``: measure, show, and (all of it, unhurried) write down."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from dataclasses import replace

from bench import profile, report, results, soak
from bench.machine import CannotMeasure, cores, describe, raise_descriptor_limit
from bench.measures import MEASURES, Measure
from bench.peers import PEERS
from bench.running import Scale, bench
from quart_app.settings import Settings
from quart_app.telemetry import configure_logging


def main() -> int:
    """Read the command line and carry it out; 2 when something could not be measured, 1 for a bad soak."""
    asked = _parser().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # and what it has started ends with it
    scale = Scale.quick() if asked.quick else Scale()
    if asked.rounds:
        scale = replace(scale, rounds=asked.rounds)
    raise_descriptor_limit()
    configure_logging(Settings.for_tests(log_level="warning"))
    try:
        if asked.profile:
            profile.profile(scale, cores(), asked.profile)
        elif soak.NAME in asked.measure:
            return _soak(asked)
        elif asked.render:
            report.write(results.load())
        else:
            return _measure([MEASURES[name] for name in asked.measure or MEASURES], scale, asked)
    except CannotMeasure as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    known = "\n".join(f"  {measure.name:8} {measure.what}" for measure in MEASURES.values())
    known += f"\n\nBy itself, and only when it is asked for:\n  {soak.NAME:8} {soak.WHAT}"
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=f"Measures this project and its peers. The measures, all of them by default:\n{known}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("measure", nargs="*", type=_known_measure, metavar="MEASURE")
    parser.add_argument("--quick", action="store_true", help="tiny counts: only shows that it all works")
    parser.add_argument("--rounds", type=int, help="how often everything is measured")
    parser.add_argument("--minutes", type=float, default=10.0, help="how long a soak lasts (10)")
    parser.add_argument("--only", metavar="NAME[,NAME]", help=f"only these servers: {', '.join(PEERS)}")
    parser.add_argument("--write", action="store_true", help="also write the figures into the docs")
    parser.add_argument("--render", action="store_true", help="only write the tables anew from results.json")
    parser.add_argument("--profile", choices=profile.KINDS, help="only show where the server's time goes")
    return parser


def _known_measure(name: str) -> str:
    if name not in (known := (*MEASURES, soak.NAME)):
        raise argparse.ArgumentTypeError(f"{name!r} is not one of {', '.join(known)}")
    return name


def _soak(asked: argparse.Namespace) -> int:
    """1 when the server did not stay as it was, or a client was wrong."""
    if asked.measure != [soak.NAME]:
        raise CannotMeasure("A soak is run by itself: leave the other measures out.")
    found = soak.soak(asked.minutes * 60)
    print(f"\n{soak.render(found)}\n")
    for each in found.wrong[: soak.WRONG_SHOWN]:
        print(f"bench: {each}", file=sys.stderr)
    if asked.write:
        report.put(soak.NAME, soak.document(found))
    return 1 if any(check.held is False for check in soak.checks(found)) else 0


def _measure(measures: list[Measure], scale: Scale, asked: argparse.Namespace) -> int:
    if asked.write and asked.quick:
        raise CannotMeasure("--quick measures nothing that may be written down.")
    only = set(asked.only.split(",")) if asked.only else None
    failures = 0
    for measure in measures:
        found = results.Measured(about=describe() if asked.write else {})
        variants = [v for v in measure.variants(scale) if only is None or v.partition(" ")[0] in only]
        for number in range(1, scale.rounds + 1):
            for variant in variants:
                began, figures = time.monotonic(), results.Figures()
                print(f"{measure.name} {number}/{scale.rounds} {variant} … ", end="", flush=True)
                try:
                    with bench(scale, cores()) as each:
                        figures = measure.run(each, variant)
                except CannotMeasure as error:
                    failures += 1
                    print(f"not measured: {error}")
                found.rounds.setdefault(variant, []).append(figures)
                told = " ".join(f"{name}={value:.4g}" for name, value in figures.items())
                print(f"{told} ({time.monotonic() - began:.0f} s)")
        print(f"\n{report.TABLES[measure.name].render(found)}\n", flush=True)
        if asked.write:
            results.save({measure.name: found})
            report.write(results.load())
    return 2 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
