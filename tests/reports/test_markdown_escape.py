from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_reader import read
from report_strategies import law, marked_texts

from reconciler.reports import escape


@law
@given(marked_texts())
def test_a_sentence_keeps_its_text(text: str) -> None:
    shown = escape.terminal(text)
    reading = read(f"Told: {escape.markdown(text)}")
    assert reading.dangers == []
    told = reading.lines[0].removeprefix("Told:")
    assert told.replace("`", "").split() == shown.replace("`", "").split()
    # A backtick is only taken where it encloses code.
    missing = shown.count("`") - told.count("`")
    assert missing <= 2 * len(reading.codes[0])


@law
@given(st.text(min_size=1).filter(str.isprintable))
def test_a_code_span_holds_its_text(text: str) -> None:
    reading = read(f"a {escape.code(text)} b")
    assert reading.codes == [[text]]
    assert reading.bare == ["a x b"]


SENTENCES = {
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


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_message(sentence: str) -> None:
    text, shown = SENTENCES[sentence]
    assert escape.markdown(text) == shown


CODES = {
    "bare": ("a", "`a`"),
    "one backtick inside": ("a`b", "``a`b``"),
    "backticks at the edge": ("`a`", "`` `a` ``"),
    "a longer run": ("a```b", "````a```b````"),
    "blanks at both edges": (" a ", "`  a  `"),
    "a blank only": (" ", "` `"),
    "nothing": ("", ""),
}


@pytest.mark.parametrize("sentence", CODES)
def test_a_code_span(sentence: str) -> None:
    text, shown = CODES[sentence]
    assert escape.code(text) == shown
