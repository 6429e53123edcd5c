"""docs/grafana.json shows what the server measures, all of it, and nothing that it does not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from quart_app.telemetry import Metrics

DASHBOARD = Path(__file__).resolve().parents[2] / "docs/grafana.json"

SAMPLES = {
    "counter": ("_total",),
    "gauge": ("",),
    "histogram": ("_bucket", "_count", "_sum"),
}
"""What the samples of a metric are called, after its name."""

Panel = Mapping[str, Any]


def read() -> dict[str, Any]:
    """The dashboard."""
    dashboard: dict[str, Any] = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    return dashboard


def queries(dashboard: Mapping[str, Any]) -> Iterator[str]:
    """Every query of its panels and its variables."""
    for panel in dashboard["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))
    for variable in dashboard["templating"]["list"]:
        yield variable.get("definition", "")


def ours() -> dict[str, set[str]]:
    """Each metric of ours, and the names of its samples."""
    return {
        family.name: {family.name + end for end in SAMPLES[family.type]}
        for family in Metrics().registry.collect()
        if family.name.startswith("grandstand_")
    }


def asked_for(dashboard: Mapping[str, Any]) -> set[str]:
    """The names of ours in its queries."""
    return {name for query in queries(dashboard) for name in re.findall(r"\bgrandstand_\w+", query)}


def test_it_asks_for_nothing_that_is_not_measured() -> None:
    """Each name of ours in a query is that of a sample."""
    assert asked_for(read()) - set().union(*ours().values()) == set()


def test_every_metric_is_on_it() -> None:
    """Whatever the server measures can be seen."""
    asked = asked_for(read())
    assert ours()
    assert [name for name, samples in ours().items() if not samples & asked] == []


def test_it_can_be_imported_anywhere() -> None:
    """Whoever imports it chooses the data source: every panel and query takes it from the variable."""
    dashboard = read()
    (chosen,) = [each for each in dashboard["templating"]["list"] if each["type"] == "datasource"]
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    sources = [part["datasource"] for panel in panels for part in (panel, *panel["targets"])]
    assert chosen["query"] == "prometheus"
    assert {(each["type"], each["uid"]) for each in sources} == {("prometheus", f"${{{chosen['name']}}}")}
    assert dashboard["schemaVersion"] >= 38  # Grafana 10


def test_no_panel_covers_another() -> None:
    """Each has an id and a place of its own within Grafana's 24 columns."""
    panels = read()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [cell for panel in panels for cell in covered(panel)]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


def covered(panel: Panel) -> list[tuple[int, int]]:
    """The cells of the grid under a panel."""
    at = panel["gridPos"]
    return [(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])]


def test_every_panel_explains_itself() -> None:
    """What it shows is said in a title and a sentence, for whoever is woken up at night."""
    panels = [panel for panel in read()["panels"] if panel["type"] != "row"]
    assert [panel["id"] for panel in panels if not (panel["title"] and panel["description"])] == []
