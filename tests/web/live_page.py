"""A page as a browser that follows the stream holds it: frames go in, and the live region comes out.

What htmx does with a frame is stated here in one line – the element that a partial names is replaced by the
partial's content – so that "the page that followed the stream equals a fresh page" can be checked without a
browser. (That htmx really does it is the browser tests' business.)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"br", "hr", "img", "input", "link", "meta"})


@dataclass
class Element:
    """An element; its children are elements and text in order."""

    tag: str
    attributes: dict[str, str | None] = field(default_factory=dict)
    children: list[Element | str] = field(default_factory=list)

    @property
    def elements(self) -> list[Element]:
        """The children that are elements."""
        return [child for child in self.children if isinstance(child, Element)]

    def walk(self) -> Iterator[Element]:
        """The element and everything below it, in document order."""
        yield self
        for child in self.elements:
            yield from child.walk()

    def find(self, element_id: str) -> Element | None:
        """The element with this id."""
        return next((each for each in self.walk() if each.attributes.get("id") == element_id), None)

    def text(self) -> str:
        """All text below, white space folded."""
        parts = (child if isinstance(child, str) else child.text() for child in self.children)
        return " ".join(" ".join(parts).split())

    def replace(self, element_id: str, other: Element) -> bool:
        """Put ``other`` in the place of the element with this id, if it is there."""
        for each in self.walk():
            for index, child in enumerate(each.children):
                if isinstance(child, Element) and child.attributes.get("id") == element_id:
                    each.children[index] = other
                    return True
        return False


class _TreeBuilder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [Element("#document")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), f"<{tag}> repeats an attribute: {names}"
        element = Element(tag, dict(attrs))
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        element = self.open.pop()
        assert element.tag == tag, f"</{tag}> closes <{element.tag}>"

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def parse(html: str) -> Element:
    """The tree of a document or a piece of one. Fails on tags that do not nest."""
    builder = _TreeBuilder()
    builder.feed(html)
    builder.close()
    assert len(builder.open) == 1, f"<{builder.open[-1].tag}> is never closed"
    return builder.open[0]


class LivePage:
    """A page, kept current by the HTML of the feed's frames."""

    def __init__(self, html: str) -> None:
        self.document = parse(html)

    @property
    def region(self) -> Element:
        """What the stream keeps current; equal between two pages that show the same."""
        return Element(self._live.tag, {}, self._live.children)

    @property
    def feed(self) -> str:
        """The address of the feed that the page follows, from the position of what it shows on."""
        return str(self._live.attributes["hx-sse:connect"])

    @property
    def _live(self) -> Element:
        region = self.document.find("live-region")
        assert region is not None, "the page has no live region"
        return region

    def receive(self, frame: str) -> None:
        """Take in the ``data`` of one unnamed frame; what this page does not show is passed over."""
        for partial in parse(frame).elements:
            assert partial.tag == "hx-partial", f"a frame holds <{partial.tag}> outside a partial"
            assert partial.attributes["hx-swap"] == "outerMorph"
            target = (partial.attributes["hx-target"] or "").removeprefix("#")
            assert len(partial.children) == 1, f"the partial for #{target} is not one element alone"
            (content,) = partial.elements
            assert content.attributes["id"] == target, f"the partial for #{target} would take its id away"
            self.region.replace(target, content)

    def differences(self, other: LivePage) -> list[str]:
        """The ids of the innermost fragments in which two pages differ, or "live-region" for the rest."""
        mine, theirs = self.region, other.region
        if mine == theirs:
            return []
        ids = {name for each in (*mine.walk(), *theirs.walk()) if (name := each.attributes.get("id"))}
        differing = {
            name: mine.find(name) or theirs.find(name) for name in ids if mine.find(name) != theirs.find(name)
        }
        innermost = [
            name
            for name, element in differing.items()
            if element and not any(each.attributes.get("id") in differing for each in [*element.walk()][1:])
        ]
        return sorted(innermost) or ["live-region"]
