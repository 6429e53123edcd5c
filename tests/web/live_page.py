"""A page as a browser that follows the stream holds it: frames go in, and the live region comes out.

What htmx does with a frame is stated here in one line – the element that a partial names is replaced by the
partial's content – so that "the page that followed the stream equals a fresh page" can be checked without a
browser. (That htmx really does it is the browser tests' business.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from html.parser import HTMLParser

VOID = frozenset({"br", "hr", "img", "input", "link", "meta"})


@dataclass(frozen=True)
class Element:
    """An element; its children are elements and text in order."""

    tag: str
    attributes: Mapping[str, str | None] = field(default_factory=dict)
    children: tuple[Element | str, ...] = ()

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

    def replaced(self, element_id: str, other: Element) -> Element:
        """The same with ``other`` in the place of the element with this id, which is itself where none is."""
        for index, child in enumerate(self.children):
            if isinstance(child, str):
                continue
            new = other if child.attributes.get("id") == element_id else child.replaced(element_id, other)
            if new is not child:
                return replace(self, children=(*self.children[:index], new, *self.children[index + 1 :]))
        return self


class _TreeBuilder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[tuple[str, dict[str, str | None], list[Element | str]]] = [("#document", {}, [])]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), f"<{tag}> repeats an attribute: {names}"
        self.open.append((tag, dict(attrs), []))
        if tag in VOID:
            self._close()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append((tag, dict(attrs), []))
        self._close()

    def handle_endtag(self, tag: str) -> None:
        opened = self.open[-1][0]
        assert opened == tag, f"</{tag}> closes <{opened}>"
        self._close()

    def handle_data(self, data: str) -> None:
        self.open[-1][2].append(data)

    def _close(self) -> None:
        tag, attributes, children = self.open.pop()
        self.open[-1][2].append(Element(tag, attributes, tuple(children)))


@lru_cache(maxsize=512)  # a crowd is sent the same frames, and ends with the same page
def parse(html: str) -> Element:
    """The tree of a document or a piece of one. Fails on tags that do not nest."""
    builder = _TreeBuilder()
    builder.feed(html)
    builder.close()
    ((tag, attributes, children), *unclosed) = builder.open
    assert not unclosed, f"<{unclosed[-1][0]}> is never closed"
    return Element(tag, attributes, tuple(children))


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
            self.document = self.document.replaced("live-region", self._live.replaced(target, content))

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
