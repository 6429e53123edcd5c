"""The formats, by the name they have in the log. A format only builds a feeder graph and names its places;
``bracket.graph`` advances every one of them, and ``ranking`` makes the tables."""

from collections.abc import Mapping

from quart_app.domain.formats.custom import Custom
from quart_app.domain.formats.double_elimination import DoubleElimination
from quart_app.domain.formats.port import Drawn, Format, Opening, Places
from quart_app.domain.formats.round_robin import RoundRobin
from quart_app.domain.formats.single_elimination import SingleElimination
from quart_app.domain.formats.swiss import Swiss

FORMATS: Mapping[str, Format] = {
    each.name: each for each in (SingleElimination(), DoubleElimination(), RoundRobin(), Swiss(), Custom())
}

__all__ = ["FORMATS", "Drawn", "Format", "Opening", "Places"]
