"""One escaper per output: what hostile text has to pass before it stands there.

Names, descriptions and the gateway's messages are written by others. On a terminal or in a
pipeline's log they must stay on their line, be seen as they are, and command nobody.

Reports are files that pipelines print too, so their text passes ``terminal``, ``quoted`` or
``name`` first, and then the escaper of its markup: ``markdown``, ``mermaid`` or ``html``. For XML
a serialiser does the rest: no printable character is forbidden there (XML 1.0, 2.2).
"""

from __future__ import annotations

import re
from itertools import groupby

from reconciler.core.model import SourceLocation
from reconciler.core.text import visible
from reconciler.reports.formatting import code_parts

# No colon at an end: with the report's own after it, it would be a pipeline's "::".
_NAME = re.compile(r"(?!:)[\w.@+=~/:-]+(?: [\w.@+=~/:-]+)*(?<!:)")

# The blocks of Hebrew, Arabic and their kin; Unicode keeps all of these for right-to-left scripts.
_RIGHT_TO_LEFT = (
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff]"
)

# GitHub reads "::command" at the start of a line and "##[command" anywhere in it, Azure Pipelines
# "##[" and "##vso[" anywhere, TeamCity "##teamcity[" at the start. GitLab's sections begin with an
# escape character. A backslash between the doubled characters is seen, and none of them reads on.
_COMMANDS = r"(?<!\w):(?=:)|#(?=#\w*\[)"

# Not html.escape: its module loads all of HTML's entities, which every command would wait for.
_FOR_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})
_NOT_FOR_MERMAID = r"[.-](?= )|[^\w .-]|_"

# What stands bare in Markdown. GitHub and GitLab link a word of 7 to 40 hexadecimal digits, decimal
# ones too, as a commit, so that longer numbers need the separators of their thousands.
_BARE = (
    r"|\(|[,.;:!?)]+"
    r"|\(?(?!(?i:[a-f]{7}))[^\W\d_]+(?:'[a-z]+)?[,.;:!?)]*"
    r"|\(?\d{1,5}(?:,\d{3})*[,;:)]*"
)


def terminal(text: str) -> str:
    r"""Text for one line of a terminal or a pipeline's log.

    Whatever moves the cursor, changes direction or can't be seen (controls, line ends, bidi and
    zero-width characters, tags, odd blanks, lone surrogates, unassigned code points) becomes a
    visible ``\n``, ``\x1b``, ``\u202e`` or ``\U000e0041``; what a pipeline would take for a
    command is broken by a backslash. Everything else, backslashes included, stays as it is.
    """
    return visible(_without_commands(text))


def quoted(text: str) -> str:
    """Text in double quotes for one line of a terminal; two different texts never look the same.

    As ``terminal``, with quotes and backslashes of the text escaped by a backslash.
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{visible(_without_commands(escaped))}"'


def name(text: str) -> str:
    """A name for one line of a terminal: bare where it is an ordinary word or words, else quoted.

    So a name can't pass for the words, arrows and brackets that stand around it.
    """
    if _NAME.fullmatch(text) and visible(text) == text:
        return _without_commands(text)
    return quoted(text)


def subject(project: str, jwk: str | None) -> str:
    """What something is about, a project or a JWK in it, for one line of a terminal."""
    return name(project) if jwk is None else f"{name(project)} / {name(jwk)}"


def location(source: SourceLocation) -> str:
    """``file:line``, for one line of a terminal."""
    return f"{terminal(source.file)}:{source.line}"


def code(text: str) -> str:
    """Printable text as a Markdown code span; "" for none.

    In it a host finds no mention, reference, link, emoji, markup or HTML. The fence is longer than
    any run of backticks inside (CommonMark 0.31, 6.1). A table's cell still has to mask pipes.
    """
    if not text:
        return ""
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    edges = text[0] + text[-1]
    padded = f" {text} " if "`" in edges or (edges == "  " and text.strip()) else text
    return f"{fence}{padded}{fence}"


def markdown(text: str) -> str:
    """A message on one line of Markdown; unusual words and what stands in backticks are code.

    Outside of code spans GitHub, GitLab and Bitbucket look for mentions, references, commit hashes,
    links and emoji, some of them made by whoever runs the host; an escape character does not stop
    all of them. So only words of plain letters and small numbers stand bare.
    """
    shown = terminal(text)
    if "  " in shown or shown != shown.strip():
        return code(shown)
    parts = code_parts(shown)
    return "".join(code(part) if is_code else _bare_text(part) for is_code, part in parts)


def mermaid(text: str) -> str:
    """Printable text for a label in double quotes in a Mermaid diagram.

    Whatever Mermaid, or the Markdown and HTML in its labels, could take for more than a letter is
    written as Mermaid's ``#number;``.
    """
    return re.sub(_NOT_FOR_MERMAID, lambda found: f"#{ord(found[0])};", text)


def html(text: str) -> str:
    """Text for an HTML element or an attribute in quotes; what can't be seen is shown escaped."""
    return visible(text).translate(_FOR_HTML)


def shortened(text: str, longest: int) -> str:
    """Text cut to so many characters where it is longer; then it says how long it was."""
    if len(text) <= longest:
        return text
    return f"{text[:longest]}… ({len(text):,} characters)"


def reads_backwards(text: str) -> bool:
    """Whether it holds letters of a script written from right to left.

    An arrow between two such texts would be drawn with its sides exchanged.
    """
    return not text.isascii() and re.search(_RIGHT_TO_LEFT, text) is not None


def _bare_text(text: str) -> str:
    runs = groupby(text.split(" "), key=lambda word: re.fullmatch(_BARE, word) is not None)
    return " ".join(
        " ".join(words) if is_bare else code(" ".join(words)) for is_bare, words in runs
    )


def _without_commands(text: str) -> str:
    # Before line ends become visible: some shells' echo turns a visible \n back into a line end.
    if "::" not in text and "##" not in text:
        return text
    return re.sub(_COMMANDS, r"\g<0>\\", text)
