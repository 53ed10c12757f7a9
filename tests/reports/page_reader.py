"""A page as a browser builds it: elements, attributes and text; strict about all three."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_PLAIN = (
    "head style body main footer section h1 h2 b bdi small del ins li dl dt dd details summary "
    "table thead tbody tr td figure figcaption"
)
ELEMENTS: dict[str, str] = {
    **dict.fromkeys(_PLAIN.split(), ""),
    "html": "lang",
    "meta": "charset http-equiv content name",
    "title": "id",
    **dict.fromkeys(("header", "p", "span", "div", "ul"), "class"),
    "th": "scope",
    "code": "dir class",
    "svg": "viewbox width height role aria-labelledby aria-describedby font-family font-size",
    "desc": "id",
    "g": "class",
    "rect": "x y width height rx fill stroke stroke-dasharray",
    "text": "x y text-anchor fill",
    "path": "d fill stroke",
    "circle": "cx cy r fill stroke",
}
"""What a page may be made of: no script, no link, nothing that loads, no style on an element."""

_VOID = {"meta"}
_OWN_VALUE = re.compile(r"[\w .,;:'=/+-]*")


class Page(HTMLParser):
    """A page that was read.

    Attributes:
        dangers: what should not be there.
        texts: the text of each innermost element that has any, in order.
        rows: the text of each cell of each table's row.
        styles: the content of the style element.
        meta: the contents of the meta elements by their names.
    """

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.dangers: list[str] = []
        self.texts: list[str] = []
        self.rows: list[list[str]] = []
        self.styles = ""
        self.meta: dict[str, str] = {}
        self._open: list[str] = []
        self.feed(text)
        self.close()
        self.dangers += [f"{name} stays open" for name in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        allowed = ELEMENTS.get(tag)
        if allowed is None:
            self.dangers.append(tag)
            return
        self.dangers += [
            f"{tag} {name}={value}"
            for name, value in attrs
            if name not in allowed.split() or not _OWN_VALUE.fullmatch(value or "")
        ]
        if tag == "meta":
            known = dict(attrs)
            self.meta[known.get("http-equiv") or known.get("name") or ""] = (
                known.get("content") or ""
            )
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.dangers.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "style":
            self.styles += data
        elif data.strip() or "\n" not in data:  # else it only lays the template out
            self.texts.append(data)
            if {"td", "th"} & set(self._open):
                self.rows[-1][-1] += data

    def handle_comment(self, data: str) -> None:
        self.dangers.append(f"<!--{data}-->")

    def handle_pi(self, data: str) -> None:
        self.dangers.append(f"<?{data}>")

    def unknown_decl(self, data: str) -> None:
        self.dangers.append(f"<!{data}>")

    @property
    def text(self) -> str:
        """All text, each innermost element's on a line."""
        return "\n".join(self.texts)
