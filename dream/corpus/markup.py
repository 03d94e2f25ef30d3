"""Markup: the prose of HTML, as a reader would see it, whatever it declares or hides."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dream.corpus.prose import Prose
from dream.wording import worded

if TYPE_CHECKING:
    from lxml.etree import _Element

NEEDS = ("lxml.etree",)

_SILENT = frozenset(
    "script style template noscript svg math iframe object embed audio video canvas head nav form button select "
    "textarea rt rp dialog".split()
)
_INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark q ruby rb s samp small span "
    "strike strong sub sup time tt u var wbr br td th".split()
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_UNSEEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


def tree(text: str) -> _Element | None:
    """The elements of a page, None for none. Entities of its own mean nothing, and nothing is fetched."""
    from lxml import etree  # loads in the child alone

    parser = etree.HTMLParser(
        recover=True, no_network=True, remove_comments=True, remove_pis=True, huge_tree=False, encoding="utf-8"
    )
    return etree.fromstring(text.encode("utf-8", "replace"), parser)


def xml(data: bytes) -> _Element | None:
    """The elements of an XML file, None for what is not well-formed. No entity is expanded, and nothing is fetched."""
    from lxml import etree  # loads in the child alone

    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False)
    try:
        return etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


_ONE_HIDDEN = worded("Left out, as no reader would see it: 1 hidden part of the page.")
_HIDDEN = worded("Left out, as no reader would see them: %(parts)s hidden parts of the page.")


class Reader:
    """Reads pages into prose, one after the other."""

    def __init__(self, prose: Prose) -> None:
        self._hidden = 0
        self._prose = prose
        self._pieces: list[str] = []
        self._level = 0

    def read(self, root: _Element) -> None:
        from lxml import etree  # loads in the child alone

        walk = etree.iterwalk(root, events=("start", "end"))  # deep pages are common in attacks: no recursion
        for event, element in walk:
            name = element.tag if isinstance(element.tag, str) else ""
            if event == "start":
                if self._unseen(element, name):
                    walk.skip_subtree()
                else:
                    self._open(name, element.text)
            else:
                self._close(name, element.tail)
        self._flush()

    def notices(self) -> Iterator[str]:
        """A sentence about what no reader would have seen, where there was any."""
        if self._hidden:
            yield worded(_HIDDEN if self._hidden > 1 else _ONE_HIDDEN, parts=self._hidden)

    def _unseen(self, element: _Element, name: str) -> bool:
        if name in _SILENT or not name:
            return True
        hidden = "hidden" in element.attrib or bool(_UNSEEN.search(str(element.get("style", ""))))
        self._hidden += hidden
        return hidden

    def _open(self, name: str, text: str | None) -> None:
        if name not in _INLINE:
            self._flush()
        if name in _HEADINGS:
            self._level = _HEADINGS[name]
        elif name == "br":
            self._pieces.append("\x00")
        elif name in ("td", "th"):
            self._pieces.append(" ")
        self._pieces.append(text or "")

    def _close(self, name: str, tail: str | None) -> None:
        if name not in _INLINE and name not in _SILENT:
            self._flush()
        if name in _HEADINGS:
            self._level = 0
        self._pieces.append(tail or "")

    def _flush(self) -> None:
        """A paragraph or a heading ends here. White space is what HTML makes of it, line breaks are those it asks
        for.
        """
        lines = [" ".join(line.split()) for line in "".join(self._pieces).split("\x00")]
        self._pieces.clear()
        if self._level:
            self._prose.heading(" ".join(lines), self._level)
        else:
            self._prose.paragraph("\n".join(lines))
