"""The formats, by the name they have in the log. A format only builds a feeder graph and names its places;
``bracket.graph`` advances every one of them."""

from collections.abc import Mapping

from quart_app.domain.formats.port import Drawn, Format, Places
from quart_app.domain.formats.single_elimination import SingleElimination

FORMATS: Mapping[str, Format] = {each.name: each for each in (SingleElimination(),)}

__all__ = ["FORMATS", "Drawn", "Format", "Places"]
