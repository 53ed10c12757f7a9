from __future__ import annotations

import pytest
import yaml
from loading import file_problem, values_of

from reconciler.manifests.problems import FileProblems
from reconciler.manifests.values import plain_kind
from reconciler.manifests.yaml_errors import encoding_problem, syntax_problem
from reconciler.manifests.yaml_nodes import LOADER, PureLoader

LOADERS = pytest.mark.parametrize("loader", [LOADER, PureLoader])


@LOADERS
@pytest.mark.parametrize(
    ("text", "part"),
    [
        pytest.param("\tx: 1", "f:1:1: a tab indents", id="tab at the beginning"),
        pytest.param("a:\n\t- b", "f:2:1: a tab indents", id="tab in a list"),
        pytest.param("a: |\n\tx", "f:2:1: a tab indents", id="tab in a block scalar"),
        pytest.param("a: b: c", "f:1:5: a colon can't stand", id="colon in a text"),
        pytest.param("a: - b", "f:1:4: a list item can't", id="list on the line of its key"),
        pytest.param("a: *x", "f:1:4: this alias has no anchor", id="unknown alias"),
        pytest.param("a: &x 1\nb: &x 2", "f:2:4: this anchor was", id="anchor twice"),
        pytest.param("a: @b", "f:1:4: a value can't begin with `@`", id="at sign"),
        pytest.param("a: %b", "f:1:4: a value can't begin with `%`", id="per cent"),
        pytest.param("a: 'b", "the file ends inside a quoted text", id="no closing quote"),
        pytest.param("a: 'x\n---\n'", "f:2:1: `---` or `...` stands", id="document in a quote"),
        pytest.param("a: [b", "a comma or a closing bracket", id="no closing bracket"),
        pytest.param('a: "\\q"', "unknown escape", id="unknown escape"),
        pytest.param('a: "\\xZZ"', "f:1:7: an escape lacks", id="escape without digits"),
        pytest.param("a: !h!x y", "f:1:4: tags such as", id="tag handle"),
        pytest.param("a:\n    b: 1\n   c: 2", "f:3:4: the structure breaks", id="indentation"),
        pytest.param("a: b\nno colon\nc: d", "f:", id="line without a colon"),
        pytest.param("%YAML 3.0\n---\na", "f:1:1: this is not YAML: found", id="other version"),
        pytest.param(b"a: \xff", "f:1:4: the byte 0xff is not UTF-8", id="not UTF-8"),
        pytest.param(b"\xc3\xa9: 1\nb: \xc3(", "f:2:4: the byte 0xc3", id="not UTF-8, line 2"),
        pytest.param(b"a: \xed\xa0\x80", "f:1:4: the byte 0xed", id="surrogate in UTF-8"),
        pytest.param("a: x\0y", "f:1:5: the character U+0000", id="NUL"),
        pytest.param("é: \x1b[2J", "f:1:4: the character U+001B", id="escape character"),
        pytest.param("a: \ufffe", "f:1:4: the character U+FFFE", id="no character"),
        pytest.param(b"\xff\xfea\0", "f:1:1: this is UTF-16 or UTF-32", id="UTF-16, little"),
        pytest.param(b"\xfe\xff\0a", "f:1:1: this is UTF-16,", id="UTF-16, big"),
        pytest.param(b"\0\0\xfe\xff", "f:1:1: this is UTF-32", id="UTF-32, big"),
    ],
)
def test_syntax_errors_say_where_and_what_to_do(text: str | bytes, part: str, loader: type) -> None:
    problem = file_problem(text, loader)
    assert part in problem
    assert problem.isprintable()


def test_an_escape_beyond_unicode_ends_the_file_in_both_loaders() -> None:
    assert "this escape is no character" in file_problem('"\\U00110000"')
    assert "out of range" in file_problem('"\\U00110000"', PureLoader)


def test_half_a_surrogate_pair_is_refused_in_both_loaders() -> None:
    assert "this escape is no character" in file_problem('"\\ud800"')
    found = FileProblems("f")
    assert list(values_of(b'"\\ud800"', PureLoader, found)) == ["\ufffd"]
    assert "half of a surrogate pair" in found.found[0].message


def test_a_reason_never_met_is_passed_on() -> None:
    odd = yaml.MarkedYAMLError(problem="odd\x1b")
    assert str(syntax_problem(odd, b"", "f")) == r"f: this is not YAML: odd\x1b; correct it"
    assert str(encoding_problem(b"fine", "f", "odd")) == "f: this is not YAML: odd; correct it"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        *((word, "a boolean") for word in ("yes", "No", "on", "OFF", "true", "False")),
        *((word, "nothing") for word in ("", "~", "null", "NULL")),
        *((word, "a number") for word in ("1", "-1", "0x1F", "010", "0o10", "1_000", "1:30")),
        *((word, "a number") for word in ("1.5", ".5", "1e3", "1E-3", "+12e03", ".inf", ".nan")),
        *((word, "a date") for word in ("2024-01-01", "2024-01-01 10:00:00")),
        *((word, None) for word in ("y", "n", "none", "a1", "1a", "v1.2.3", "1e", "-", "=", "0x")),
    ],
)
def test_what_yaml_reads_a_plain_word_as(text: str, kind: str | None) -> None:
    assert plain_kind(text) == kind


INSIDE = {
    "after a separator": "---\n\ufeff{}",
    "before a separator": "\ufeff---\n{}",
    "without a separator": "\ufeff{}",
    "before a remark": "---\n\ufeff# remark\n{}",
    "after Windows' line end": "---\r\n\ufeff{}",
    "after a file without an end of its last line": "# no end\ufeff{}",
}


@pytest.mark.parametrize("text", INSIDE.values(), ids=INSIDE)
def test_a_byte_order_mark_inside_a_file_is_named(text: str) -> None:
    second = "apiVersion: reconciler/v1\nkind: Project"
    assert "byte-order mark (U+FEFF)" in file_problem("a: b\n" + text.format(second))


def test_a_zero_width_space_in_a_text_is_no_byte_order_mark() -> None:
    assert list(values_of("a: b\ufeffc d")) == [{"a": "b\ufeffc d"}]
