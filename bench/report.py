"""From figures to the tables of ``docs/performance.md``. What was not measured is not written down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bench.machine import DOCUMENT
from bench.peers import FLOOR, PEERS
from bench.results import Measured, Results
from bench.targets import TARGETS

FIGURES = "figures"
"""The markers between which the figures stand."""

NOT_MEASURED = "Not measured yet: `make bench` writes the figures here."


@dataclass(frozen=True)
class Column:
    """A column of a table: its heading, and the text of a variant's cell, empty where there is no figure."""

    heading: str
    cell: Callable[[Measured, str], str]


@dataclass(frozen=True)
class Table:
    """How a measure is shown."""

    title: str
    first: str
    columns: tuple[Column, ...]

    def render(self, measured: Measured) -> str:
        """The table in Markdown."""
        headings = [self.first, *(column.heading for column in self.columns)]
        lines = [headings, ["---", *("---:" for _ in self.columns)]]
        for variant, rounds in measured.rounds.items():
            if not any(rounds):
                continue
            lines.append([_name(variant), *(column.cell(measured, variant) for column in self.columns)])
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _name(variant: str) -> str:
    """A variant as the reader sees it: a peer by its title, its number of streams with separators."""
    peer, _, streams = variant.partition(" ")
    if peer not in PEERS:
        return variant
    return PEERS[peer].title + (f" · {int(streams):,}" if streams else "")


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _figure(heading: str, figure: str) -> Column:
    """The median of a figure."""

    def cell(measured: Measured, variant: str) -> str:
        value = measured.median(variant, figure)
        return "" if value is None else _number(value)

    return Column(heading, cell)


def _ratio(figure: str) -> Column:
    """A figure as a ratio to the floor's, with as many streams."""

    def cell(measured: Measured, variant: str) -> str:
        streams = variant.partition(" ")[2]
        value = measured.ratio(variant, f"{FLOOR.name} {streams}".strip(), figure)
        return "" if value is None else f"{value:.2f}"

    return Column("× floor", cell)


def _share(figure: str) -> Column:
    """Which part arrived."""

    def cell(measured: Measured, variant: str) -> str:
        value = measured.median(variant, figure)
        return "" if value is None else "all" if value == 1 else f"{value:.1%}"

    return Column("arrived", cell)


TABLES = {
    "formats": Table(
        "Formats",
        "in memory",
        (
            _figure("events", "events"),
            _figure("fold ms", "fold_ms"),
            _figure("score to frame, p99 ms", "score_p99_ms"),
            _figure("result to frame, p50 ms", "result_p50_ms"),
            _figure("p99 ms", "result_p99_ms"),
            _figure("page rendered anew, ms", "page_ms"),
            _figure("page, KiB compressed", "page_kib"),
            _figure("pairing ms", "pairing_ms"),
            _figure("of processor time", "pairing_cpu_ms"),
            _figure("longest wait of others, ms", "wait_max_ms"),
        ),
    ),
    "fanout": Table(
        "Fan-out",
        "server",
        (
            _figure("streams", "streams"),
            _figure("µs at 10/s", "cpu_us_10"),
            _ratio("cpu_us_10"),
            _share("share_10"),
            _figure("µs at 20/s", "cpu_us_20"),
            _ratio("cpu_us_20"),
            _share("share_20"),
            _figure("p50 ms", "p50_ms"),
            _figure("p99 ms", "p99_ms"),
            _figure("max ms", "max_ms"),
            _figure("burst, deliveries/s", "burst_per_second"),
            _share("share_burst"),
        ),
    ),
    "idle": Table(
        "Idle streams",
        "server · streams",
        (
            _figure("KiB per stream", "kib"),
            _figure("ms of processor time a second, all idle", "idle_ms"),
            _figure("joins/s", "joins_per_second"),
        ),
    ),
    "resume": Table(
        "Everybody comes back",
        "server",
        (
            _figure("seconds until all had caught up", "seconds"),
            _figure("server's processor seconds", "server_cpu_seconds"),
            _share("share"),
        ),
    ),
    "growth": Table(
        "As the crowd grows",
        "server · streams",
        (
            _figure("µs per delivery", "cpu_us"),
            _ratio("cpu_us"),
            _figure("p50 ms", "p50_ms"),
            _figure("p99 ms", "p99_ms"),
            _figure("max ms", "max_ms"),
            _share("share"),
        ),
    ),
    "workers": Table(
        "Several workers",
        "workers",
        (
            _figure("µs per delivery, all workers", "cpu_us"),
            _figure("p50 ms", "p50_ms"),
            _figure("p99 ms", "p99_ms"),
            _figure("burst, deliveries/s", "burst_per_second"),
            _share("share"),
        ),
    ),
    "platform": Table(
        "A platform's load",
        "workers",
        (
            _figure("streams", "streams"),
            _figure("events/s", "per_second"),
            _figure("% of a core, all workers", "core_percent"),
            _figure("µs per delivery", "cpu_us"),
            _figure("p50 ms", "p50_ms"),
            _figure("p99 ms", "p99_ms"),
            _figure("max ms", "max_ms"),
            _figure("MiB, all workers", "mib"),
            _figure("KiB per stream", "kib"),
            _share("share"),
        ),
    ),
    "post": Table(
        "From a form post to the last socket",
        "database",
        (
            _figure("p50 ms", "p50_ms"),
            _figure("p99 ms", "p99_ms"),
            _figure("max ms", "max_ms"),
            _figure("answer to the post, p50 ms", "answer_p50_ms"),
            _share("share"),
        ),
    ),
    "pages": Table(
        "Pages",
        "the page is",
        (
            _figure("requests/s", "per_second"),
            _figure("µs of processor time", "cpu_us"),
            _figure("body, KiB", "body_kib"),
            _figure("compressed, KiB", "gzip_kib"),
        ),
    ),
}


def figures(results: Results) -> str:
    """Everything that was measured, in Markdown: the targets, what it was measured on, and every table."""
    if not results:
        return NOT_MEASURED
    rows = [row for target in TARGETS if (row := target.row(results)) is not None]
    parts = ["### Targets", "\n".join(["| measure | target | measured | |", "| --- | ---: | ---: | --- |"])]
    parts[-1] += "".join(f"\n| {' | '.join(row)} |" for row in rows)
    told: dict[str, str] = {}
    for name, table in TABLES.items():
        if name in results:
            parts += [f"### {table.title}", table.render(results[name]), _about(results[name], told)]
    return "\n\n".join(parts)


def _about(measured: Measured, told: dict[str, str]) -> str:
    """How a table came about, less what was told under the one before."""
    rounds = max(map(len, measured.rounds.values()), default=0)
    new = {key: text for key, text in measured.about.items() if told.get(key) != text}
    told |= new
    return "; ".join((f"Medians of {rounds} rounds", *(f"{key}: {text}" for key, text in new.items()))) + "."


def write(results: Results) -> None:
    """Put the figures into the document."""
    put(FIGURES, figures(results))


def put(markers: str, text: str) -> None:
    """Put a text between two markers of the document, in the place of what stands there."""
    begin, end = f"<!-- {markers}: begin -->", f"<!-- {markers}: end -->"
    before, _, rest = DOCUMENT.read_text().partition(begin)
    _, _, after = rest.partition(end)
    DOCUMENT.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}")
