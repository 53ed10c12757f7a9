r"""The tokens of a script in Groovy or JavaScript, as far as strings and comments need them.

Comments are left out, strings come with their escapes resolved, and code inside of strings
(``${…}``) comes as tokens of its own. Time and memory are linear in the length of any text, valid
or not: nothing is read twice without being noted, and nothing calls itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum

from msgspec import Struct


class Language(Enum):
    """What a script is written in."""

    GROOVY = "GROOVY"
    JAVASCRIPT = "JAVASCRIPT"


class Kind(Enum):
    """What a token is."""

    NAME = "name"
    LITERAL = "literal"
    """A string without code in it; the token's text is what it denotes."""
    TEMPLATE = "template"
    """Where a string with code in it begins, before that code, or ends; or a broken string."""
    OTHER = "other"
    """A number or a regular expression."""
    SIGN = "sign"
    """An operator or a bracket; brackets of one kind in a row are one sign."""
    UNREADABLE = "unreadable"
    """A string that is never closed: nobody can say what after it is code."""


class Token(Struct, frozen=True):
    """One token.

    Attributes:
        kind: what it is.
        text: what a literal denotes or a name is called; a sign as written; else empty.
        same_line: whether it stands on one line with the token before it.
    """

    kind: Kind
    text: str = ""
    same_line: bool = True


class _Form(Struct, frozen=True):
    """A form of string.

    Attributes:
        stops: finds what ends it or needs care, by the name of the group that matched: ``skip``,
            ``close``, ``code`` (``${``), ``path`` (``$a.b``), ``line`` (the end of a line where it
            should have been closed).
        escapes: finds what denotes another text.
        kind: of its token where it has no code in it.
        may_divide: whether its opening sign is a division where it is not closed.
    """

    stops: re.Pattern[str]
    escapes: re.Pattern[str]
    kind: Kind = Kind.LITERAL
    may_divide: bool = False


_CONTROLS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_UNIT = r"\\u+(?P<unit>[0-9a-fA-F]{4})"
_GONE = r"\\(?P<gone>\r\n|[\r\n\u2028\u2029])"
_ESCAPES = re.compile(
    rf"{_UNIT}|\\u\{{(?P<point>[0-9a-fA-F]{{1,8}})\}}|\\x(?P<byte>[0-9a-fA-F]{{2}})"
    rf"|\\(?P<octal>[0-3]?[0-7]{{1,2}})|{_GONE}|\\(?P<other>[\s\S])"
)
_SKIP = r"(?P<skip>\\(?:\r\n|[\s\S]))"
_LINE = r"(?P<line>[\r\n])"
_CODE = r"(?P<code>\$\{)"
_GROOVY_CODE = rf"{_CODE}|\$(?P<path>[^\W\d]\w*(?:\.[^\W\d]\w*)*)"


def _form(*stops: str, escapes: re.Pattern[str] = _ESCAPES) -> _Form:
    return _Form(re.compile("|".join(stops)), escapes)


_FORMS = {
    Language.GROOVY: {
        "'''": _form(_SKIP, "(?P<close>''')"),
        '"""': _form(_SKIP, '(?P<close>""")', _GROOVY_CODE),
        "'": _form(_SKIP, "(?P<close>')", _LINE),
        '"': _form(_SKIP, '(?P<close>")', _LINE, _GROOVY_CODE),
        "$/": _form(
            r"(?P<skip>\$[$/])",
            r"(?P<close>/\$)",
            _GROOVY_CODE,
            escapes=re.compile(rf"{_UNIT}|\$(?P<other>[$/])|{_GONE}"),
        ),
        "/": _Form(
            re.compile(rf"(?P<skip>\\/)|(?P<close>/)|{_GROOVY_CODE}"),
            re.compile(rf"{_UNIT}|\\(?P<other>/)|{_GONE}"),
            may_divide=True,
        ),
    },
    Language.JAVASCRIPT: {
        "'": _form(_SKIP, "(?P<close>')", _LINE),
        '"': _form(_SKIP, '(?P<close>")', _LINE),
        "`": _form(_SKIP, "(?P<close>`)", _CODE),
        "/": _Form(
            re.compile(
                rf"(?P<skip>\\[^\r\n]|\[(?:[^\]\\\r\n]|\\[^\r\n])*+\]?)|(?P<close>/\w*)|{_LINE}"
            ),
            _ESCAPES,
            Kind.OTHER,
            may_divide=True,
        ),
    },
}
"""The forms of strings by how they begin; where one beginning begins another, the longer first."""

_NAME_ESCAPE = r"\\u+[0-9a-fA-F]{4}|\\u\{[0-9a-fA-F]{1,6}\}"
_SIGNS = r"\?\.|\?\[|\*\.|[=!<>]=+~?|=>|&&|\|\||\?[?:]|\+\+|--|\+=|\(+|\)+|\[+|\]+|[\s\S]"
_LINE_ENDS = {Language.GROOVY: r"\n\r", Language.JAVASCRIPT: r"\n\r\u2028\u2029"}
_PATTERNS = {
    language: re.compile(
        r"(?P<blank>[\s\ufeff]+)"
        rf"|(?P<comment>//[^{_LINE_ENDS[language]}]*|/\*[\s\S]*?(?:\*/|\Z)|\A#![^\n\r]*)"
        rf"|(?P<string>{'|'.join(map(re.escape, forms))})"
        rf"|(?P<name>(?:[^\W\d]|\$|{_NAME_ESCAPE})(?:[\w$]|{_NAME_ESCAPE})*+)"
        r"|(?P<other>\d[\w.]*)"
        rf"|(?P<sign>{_SIGNS})"
    )
    for language, forms in _FORMS.items()
}
_BEFORE_VALUES = frozenset(
    [
        "assert",
        "await",
        "case",
        "delete",
        "do",
        "else",
        "in",
        "instanceof",
        "new",
        "of",
        "return",
        "throw",
        "typeof",
        "void",
        "yield",
    ]
)
"""After these words a slash begins a string, not a division."""


def tokens(script: str, language: Language) -> Iterator[Token]:
    """The tokens of a script, in their order; of any text, and never an error."""
    return _Reader(script, language).tokens()


def unescaped(text: str, escapes: re.Pattern[str] = _ESCAPES) -> str:
    """What a text with escapes denotes; halves of surrogate pairs that meet become one."""
    found = escapes.sub(_denoted, text)
    if found is not text and re.search("[\ud800-\udbff][\udc00-\udfff]", found):
        return found.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return found


def _denoted(escape: re.Match[str]) -> str:
    kind = escape.lastgroup or ""
    value = escape[kind]
    if kind in {"gone", "other"}:
        return "" if kind == "gone" else _CONTROLS.get(value, value)
    code = int(value, 8 if kind == "octal" else 16)
    return chr(code) if code <= 0x10FFFF else "\ufffd"


class _OpenString(Struct):
    """A string whose code is being read, and how many braces are open in that code."""

    form: _Form
    braces: int = 0


class _Reader:
    """Reads one script from its start to its end."""

    def __init__(self, script: str, language: Language) -> None:
        self._text = script
        self._forms = _FORMS[language]
        self._pattern = _PATTERNS[language]
        self._at = 0
        self._open: list[_OpenString] = []
        self._same_line = True
        self._after_value = False
        self._divides_until = 0
        """Up to here a slash is a division: an earlier one found no other to close it."""

    def tokens(self) -> Iterator[Token]:
        while self._at < len(self._text):
            found = self._pattern.match(self._text, self._at)
            if found is None:  # can't be: the last sign is any character
                return
            start, self._at = found.span()
            group, text = found.lastgroup, found[0]
            if group in {"blank", "comment"}:
                self._same_line = self._same_line and not re.search(r"[\r\n\u2028\u2029]", text)
            elif group == "string":
                yield from self._string(text, start)
            elif group == "name":
                name = unescaped(text) if "\\" in text else text
                yield self._token(Kind.NAME, name, is_value=name not in _BEFORE_VALUES)
            elif group == "other":
                yield self._token(Kind.OTHER)
            else:
                yield from self._sign(text)
        if self._open:
            yield Token(Kind.UNREADABLE)

    def _token(self, kind: Kind, text: str = "", *, is_value: bool = True) -> Token:
        same_line, self._same_line = self._same_line, True
        self._after_value = is_value
        return Token(kind, text, same_line)

    def _sign(self, text: str) -> Iterator[Token]:
        current = self._open[-1] if self._open else None
        if current is not None and text == "}" and not current.braces:
            self._open.pop()
            yield from self._rest(current.form, self._at, is_whole=False)
            return
        if current is not None and text in {"{", "}"}:
            current.braces += 1 if text == "{" else -1
        is_value = text[0] in ")]}" or text in {"++", "--"}
        yield self._token(Kind.SIGN, text, is_value=is_value)

    def _string(self, opening: str, start: int) -> Iterator[Token]:
        form = self._forms[opening]
        if form.may_divide and (self._after_value or start < self._divides_until):
            yield self._token(Kind.SIGN, opening, is_value=False)
            return
        yield from self._rest(form, self._at, is_whole=True)

    def _rest(self, form: _Form, start: int, *, is_whole: bool) -> Iterator[Token]:
        """The tokens of a string up to its end or to the code in it.

        Args:
            form: the string's.
            start: where to read on.
            is_whole: whether nothing of it was read yet.
        """
        end, group = start, None
        while (stop := form.stops.search(self._text, end)) is not None:
            end, group = stop.end(), stop.lastgroup
            if group == "path":
                if is_whole:
                    yield self._token(Kind.TEMPLATE)
                is_whole = False
                yield from self._path(stop["path"])
            elif group != "skip":
                break
        if stop is None or group == "line":
            yield from self._unclosed(form, start, stop, is_whole=is_whole)
            return
        self._at = end
        if group == "code":
            if is_whole:
                yield self._token(Kind.TEMPLATE)
            self._open.append(_OpenString(form))
            self._after_value = False
        elif not is_whole:
            yield self._token(Kind.TEMPLATE)
        elif form.kind is Kind.LITERAL:
            text = unescaped(self._text[start : stop.start()], form.escapes)
            yield self._token(Kind.LITERAL, text)
        else:
            yield self._token(form.kind)

    def _path(self, path: str) -> Iterator[Token]:
        """The names in ``$a.b``, as the code ``a.b``."""
        for number, name in enumerate(path.split(".")):
            if number:
                yield self._token(Kind.SIGN, ".", is_value=False)
            yield self._token(Kind.NAME, name)

    def _unclosed(
        self, form: _Form, start: int, stop: re.Match[str] | None, *, is_whole: bool
    ) -> Iterator[Token]:
        """A string that is not closed in time: to its line's end, or to the end of the script."""
        end = len(self._text) if stop is None else stop.start()
        if form.may_divide and is_whole:
            self._at, self._divides_until = start, end
            yield self._token(Kind.SIGN, "/", is_value=False)
            return
        self._at = end
        yield self._token(Kind.UNREADABLE if stop is None else Kind.TEMPLATE)
