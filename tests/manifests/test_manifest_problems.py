from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.text import visible
from reconciler.manifests.problems import MAX_SHOWN, quoted, ticked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("plain", '"plain"', id="plain text"),
        pytest.param("", '""', id="nothing"),
        pytest.param('say "no"', r'"say \"no\""', id="quotation marks"),
        pytest.param("a\\b", r'"a\\b"', id="backslash"),
        pytest.param("a\n\r\t\0", r'"a\n\r\t\x00"', id="line breaks"),
        pytest.param("\x1b[2J", r'"\x1b[2J"', id="terminal command"),
        pytest.param("\u202eabc\u200b", r'"\u202eabc\u200b"', id="direction and zero width"),
        pytest.param("a\u3164\ufe0f", r'"a\u3164\ufe0f"', id="printable but blank"),
        pytest.param("\U000e0041", r'"\U000e0041"', id="tag character"),
        pytest.param("clé 字", '"clé 字"', id="other scripts stay"),
        pytest.param("x" * 61, '"' + "x" * 60 + '…"', id="cut"),
        pytest.param("x" * 60, '"' + "x" * 60 + '"', id="just not cut"),
    ],
)
def test_values_are_shown_quoted(text: str, shown: str) -> None:
    assert quoted(text) == shown


def test_raw_text_stands_between_backticks() -> None:
    assert ticked("no") == "`no`"
    assert ticked("a\u202eb") == r"`a\u202eb`"


@given(st.text(alphabet=st.characters()))
def test_what_is_shown_is_short_and_printable(text: str) -> None:
    assert visible(text).isprintable()
    assert quoted(text).isprintable()
    assert len(quoted(text)) <= 10 * (MAX_SHOWN + 1) + 2


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=MAX_SHOWN))
def test_the_advice_to_quote_a_value_is_yaml_for_that_value(text: str) -> None:
    assert yaml.safe_load(quoted(text)) == text
