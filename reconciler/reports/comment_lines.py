"""The lines that only a comment has: by which it is found, of which run it is, and what shows it.

A line that is not shown is an HTML comment; where the host shows HTML as text, it is a link
definition that nothing refers to.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from urllib.parse import quote

from reconciler.reports import escape

_LONGEST_KEY = 100
_LONGEST_NAME = 100
_SHORT_COMMIT = 10
_URL = re.compile(r"https?://[\w.~:/?=&%+,;@!$'*-]{1,500}", re.ASCII)
_ORDER = re.compile(
    r"(?:<!-- |\[//\]: # \()reconciler-run:([\w.~%/:-]*) (\d+(?:\.\d+)*)(?: -->|\))"
)


def marker(key: str, *, html: bool = True) -> str:
    """The hidden line by which a comment is found again.

    Args:
        key: any text; other characters than a URL's usual ones are percent-encoded, and a long one
            is cut and hashed, so that two keys never share a marker.
        html: whether the host shows HTML.
    """
    return _hidden(f"reconciler:{_encoded(key)}", html=html)


def order_line(series: str, numbers: Sequence[int], *, html: bool = True) -> str:
    """The hidden line that says which of two runs is the newer one; see ``is_newer``."""
    counted = ".".join(map(str, numbers))
    return _hidden(f"reconciler-run:{_encoded(series)} {counted}", html=html)


def is_newer(text: str, series: str, numbers: Sequence[int]) -> bool:
    """Whether a comment's text is of a later run of the same series than this one."""
    for line in text.splitlines():
        match = _ORDER.fullmatch(line.strip())
        if match and match[1] == _encoded(series):
            return tuple(map(int, match[2].split("."))) > tuple(numbers)
    return False


def about(key: str, commit: str, run: str, url: str) -> str:
    """What a comment is of, as one line of Markdown; "" where nothing is known.

    Args:
        key: the stage, or whatever tells comments apart; "" where it is the gateway.
        commit: its full hash; "" where it is not known.
        run: what people call the run; "" where it is not known.
        url: the run's page; left out where it is no plain http:// or https:// URL.
    """
    parts = [escape.code(escape.shortened(escape.name(key), _LONGEST_NAME))] if key else []
    if commit:
        parts.append(f"commit {escape.code(commit[:_SHORT_COMMIT])}")
    if run:
        label = escape.markdown(escape.terminal(run))
        parts.append(f"[{label}]({url})" if _URL.fullmatch(url) else label)
    return " · ".join(parts)


def _encoded(text: str) -> str:
    name = quote(text, safe="/:.", errors="surrogatepass")
    # "--" could end an HTML comment.
    name = re.sub("-(?=-)|-$", "%2D", name)
    if len(name) > _LONGEST_KEY:
        digest = hashlib.sha256(name.encode()).hexdigest()
        name = f"{name[: _LONGEST_KEY // 2]}~{digest}"
    return name


def _hidden(text: str, *, html: bool) -> str:
    return f"<!-- {text} -->" if html else f"[//]: # ({text})"
