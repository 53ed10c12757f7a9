from __future__ import annotations

from collections.abc import Callable

import pytest
from ci_parsers import commands
from hypothesis import given
from hypothesis import strategies as st
from markdown_reader import read
from report_strategies import law, marked_texts, texts

from reconciler.reports import escape

TERMINAL = {
    "plain text stays": ("Signs tokens: a, b & c.", "Signs tokens: a, b & c."),
    "letters of any script stay": ("İmza anahtarlarünün 鍵", "İmza anahtarlarünün 鍵"),
    "backslashes stay": (r"a\b", r"a\b"),
    "one colon in a name stays": ("ns:key", "ns:key"),
    "two colons inside a word stay": ("ns::key", "ns::key"),
    "a heading's hashes stay": ("## Title", "## Title"),
    "line ends are seen": ("a\nb\r\n", r"a\nb\r\n"),
    "a tab is seen": ("a\tb", r"a\tb"),
    "controls are seen": ("\x00\x07\x1b[2J\x7f\x9b", r"\x00\x07\x1b[2J\x7f\x9b"),
    "a bidi override is seen": ("a\u202eb", r"a\u202eb"),
    "a bidi isolate is seen": ("\u2066a\u2069", r"\u2066a\u2069"),
    "marks of direction are seen": ("\u061c\u200e\u200f", r"\u061c\u200e\u200f"),
    "zero-width characters are seen": ("a\u200b\u200d\ufeffb", r"a\u200b\u200d\ufeffb"),
    "a soft hyphen is seen": ("a\u00adb", r"a\xadb"),
    "line and paragraph separators are seen": ("\u2028\u2029", r"\u2028\u2029"),
    "odd blanks are seen": ("a\u00a0b\u3000c", r"a\xa0b\u3000c"),
    "tag characters are seen": ("a\U000e0041", r"a\U000e0041"),
    "variation selectors are seen": ("a\ufe0f\U000e0100", r"a\ufe0f\U000e0100"),
    "fillers drawn as nothing are seen": ("\u3164\u2800\u115f", r"\u3164\u2800\u115f"),
    "a lone surrogate is seen": ("a\ud800", r"a\ud800"),
    "a noncharacter is seen": ("\ufffe\U0010ffff", r"\ufffe\U0010ffff"),
    "a private-use character is seen": ("\ue000", r"\ue000"),
    "a mark that would change the character before is seen": ("\u0338x", r"\u0338x"),
    "a mark on a letter stays": ("e\u0301", "e\u0301"),
    "a GitHub command is broken": ("  ::error::x", r"  :\:error::x"),
    "more than two colons are broken": (":::x", r":\:\:x"),
    "a GitHub group is broken": ("a ##[group]b", r"a #\#[group]b"),
    "an Azure command is broken": ("a##VSO[task.x]", r"a#\#VSO[task.x]"),
    "a TeamCity message is broken": ("##teamcity[a]", r"#\#teamcity[a]"),
    "a third hash does not help": ("###vso[a]", r"##\#vso[a]"),
    "a command after a line end is broken": ("a\n::error::b", r"a\n:\:error::b"),
}


NAMES = {
    "an ordinary name is bare": ("partner-signing", "partner-signing"),
    "words with single blanks are bare": ("My Key 2", "My Key 2"),
    "an empty name is quoted": ("", '""'),
    "a blank at an end is quoted": ("a ", '"a "'),
    "two blanks are quoted": ("a  b", '"a  b"'),
    "an arrow is quoted": ("a → b", '"a → b"'),
    "brackets are quoted": ("a (applied)", '"a (applied)"'),
    "a quote is escaped": ('a"b', r'"a\"b"'),
    "a backslash is doubled": ("a\\b", r'"a\\b"'),
    "a hidden character is quoted": ("a\u200bb", r'"a\u200bb"'),
    "a hidden letter is quoted": ("a\u3164b", r'"a\u3164b"'),
    "a colon inside is bare": ("ns:key", "ns:key"),
    "a colon at its end is quoted": (":", '":"'),
    "a colon at its beginning is quoted": (":x", '":x"'),
    "a command is broken": ("::x", r'":\:x"'),
    "a command inside is broken": ("- ::x", r"- :\:x"),
}


@law
@given(texts())
def test_any_text_is_one_printable_line_that_commands_nobody(text: str) -> None:
    for shown in (escape.terminal(text), escape.quoted(text), escape.name(text)):
        assert shown.isprintable()
        assert shown == shown.strip("\n")
        assert not commands(shown)
        assert not commands(f"  {shown}")
    assert not commands(f"  {escape.name(text)}: as the reports go on after a name")


@law
@given(texts(), texts())
def test_two_texts_never_look_the_same_when_quoted(one: str, other: str) -> None:
    assert (escape.quoted(one) == escape.quoted(other)) == (one == other)


@law
@given(texts())
def test_what_was_escaped_once_is_stable(text: str) -> None:
    once = escape.terminal(text)
    assert escape.terminal(once) == once


HTML = {
    "markup is text": ("<b>&amp;</b>", "&lt;b&gt;&amp;amp;&lt;/b&gt;"),
    "quotes end no attribute": ("\"'", "&quot;&#x27;"),
    "a hidden character is seen": ("a\u202eb\n", r"a\u202eb\n"),
    "letters of any script stay": ("İmza 鍵", "İmza 鍵"),
}


MERMAID = {
    "an ordinary name stays": ("partner-signing v1.2", "partner-signing v1.2"),
    "quotes end no label": ('a"b', "a#34;b"),
    "a number sign begins no entity": ("#35;", "#35;35#59;"),
    "backticks begin no Markdown": ("`*a*`", "#96;#42;a#42;#96;"),
    "an item begins no list": ("1. a - b", "1#46; a #45; b"),
    "an icon is text": ("fa:fa-ban", "fa#58;fa-ban"),
}

MARKDOWN = {
    "plain words stay plain": ("nothing here creates keys", "nothing here creates keys"),
    "letters of any script stay plain": ("geçersiz işlem", "geçersiz işlem"),
    "what stands between backticks is code": ("the key `a b`, so", "the key `a b`, so"),
    "a kid in brackets is code": ("(kid key-1)", "(kid `key-1)`"),
    "a mention is code": ("ask @team now", "ask `@team` now"),
    "neighbours are one span": ("see #1 !2 ok", "see `#1 !2` ok"),
    "small numbers stay plain": ("1 of 2, after 120 s", "1 of 2, after 120 s"),
    "a commit's hash is code": ("0123456 or deadbeef", "`0123456` or `deadbeef`"),
    "a long number is read as a commit's hash": ("1000000 keys", "`1000000` keys"),
    "with separators it is not": ("(1,000,000 keys)", "(1,000,000 keys)"),
    "a link is code": ("see https://a.example now", "see `https://a.example` now"),
    "backticks inside a name open nothing": ("`a`b`", "``` `a`b` ```".replace("```", "``")),
    "blanks that would be lost are code": ("a  b", "`a  b`"),
    "nothing is nothing": ("", ""),
}

CODES = {
    "bare": ("a", "`a`"),
    "one backtick inside": ("a`b", "``a`b``"),
    "backticks at the edge": ("`a`", "`` `a` ``"),
    "a longer run": ("a```b", "````a```b````"),
    "blanks at both edges": (" a ", "`  a  `"),
    "a blank only": (" ", "` `"),
    "nothing": ("", ""),
}

ESCAPERS: dict[Callable[[str], str], dict[str, tuple[str, str]]] = {
    escape.terminal: TERMINAL,
    escape.name: NAMES,
    escape.markdown: MARKDOWN,
    escape.code: CODES,
    escape.html: HTML,
    escape.mermaid: MERMAID,
}
CASES = [
    pytest.param(escaper, text, shown, id=f"{escaper.__name__}: {case}")
    for escaper, table in ESCAPERS.items()
    for case, (text, shown) in table.items()
]


@pytest.mark.parametrize(("escaper", "text", "shown"), CASES)
def test_a_text_is_escaped_for_its_output(
    escaper: Callable[[str], str], text: str, shown: str
) -> None:
    assert escaper(text) == shown


@law
@given(marked_texts())
def test_a_message_keeps_its_text(text: str) -> None:
    shown = escape.terminal(text)
    reading = read(f"Message: {escape.markdown(text)}")
    assert reading.dangers == []
    read_text = reading.lines[0].removeprefix("Message:")
    assert read_text.replace("`", "").split() == shown.replace("`", "").split()
    # A backtick is only taken where it encloses code.
    missing = shown.count("`") - read_text.count("`")
    assert missing <= 2 * len(reading.codes[0])


@law
@given(st.text(min_size=1).filter(str.isprintable))
def test_a_code_span_holds_its_text(text: str) -> None:
    reading = read(f"a {escape.code(text)} b")
    assert reading.codes == [[text]]
    assert reading.bare == ["a x b"]


def test_what_is_cut_says_how_long_it_was() -> None:
    assert escape.shortened("abc", 3) == "abc"
    assert escape.shortened("x" * 1_234, 3) == "xxx… (1,234 characters)"
