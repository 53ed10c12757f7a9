"""Which keys a script uses by their names: forms of strings, comments, lookups, hostile texts."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.references.scripts import KEY_MAP, ScriptUse, script_use
from reconciler.core.references.tokens import Kind, Language, tokens

GROOVY, JAVASCRIPT = Language.GROOVY, Language.JAVASCRIPT
BOTH = (GROOVY, JAVASCRIPT)
NAMES = frozenset({"my-jwk", "other", "plain_name", "tab\tname", "kéy", "😀"})
MAP = KEY_MAP

HELD: dict[str, tuple[str, str, tuple[Language, ...]]] = {
    "the documented lookup": (f'{MAP}.get("my-jwk")', "my-jwk", BOTH),
    "single quotes": (f"{MAP}.get('my-jwk')", "my-jwk", BOTH),
    "three single quotes": (f"{MAP}.get('''my-jwk''')", "my-jwk", (GROOVY,)),
    "three double quotes": (f'{MAP}.get("""my-jwk""")', "my-jwk", (GROOVY,)),
    "a slashy string": (f"{MAP}.get(/my-jwk/)", "my-jwk", (GROOVY,)),
    "a dollar-slashy string": (f"{MAP}.get($/my-jwk/$)", "my-jwk", (GROOVY,)),
    "backticks": (f"{MAP}.get(`my-jwk`)", "my-jwk", (JAVASCRIPT,)),
    "an index": (f'{MAP}["my-jwk"]', "my-jwk", BOTH),
    "a safe index": (f'{MAP}?["my-jwk"]', "my-jwk", (GROOVY,)),
    "an optional index": (f'{MAP}?.["my-jwk"]', "my-jwk", (JAVASCRIPT,)),
    "a property": (f"{MAP}.plain_name.toString()", "plain_name", BOTH),
    "a safe property": (f"{MAP}?.plain_name", "plain_name", BOTH),
    "a property in quotes": (f'{MAP}."my-jwk"', "my-jwk", (GROOVY,)),
    "a call without brackets": (f'def k = {MAP}.get "my-jwk"\nprintln k', "my-jwk", (GROOVY,)),
    "a default": (f'{MAP}.getOrDefault("my-jwk", null)', "my-jwk", BOTH),
    "lines and comments within": (f'{MAP} // a\n  /* b */ .get( "my-jwk" )', "my-jwk", BOTH),
    "an alias": (f'def m = {MAP}\nm.get("my-jwk")', "my-jwk", BOTH),
    "an alias's property": (f"var m = {MAP};\nm.plain_name", "plain_name", BOTH),
    "an alias's alias": (f"m = {MAP}; n = m; n.plain_name", "plain_name", BOTH),
    "a guard before": (f'if (x && {MAP} != null) {{ {MAP}["my-jwk"] }}', "my-jwk", BOTH),
    "a condition alone": (f'if ({MAP}) {{ {MAP}["my-jwk"] }}', "my-jwk", BOTH),
    "asked whether it is there": (f'"my-jwk" in {MAP}', "my-jwk", BOTH),
    "its size asked for": (f'{MAP}.size() > 0 ? {MAP}.get("my-jwk") : 0', "my-jwk", BOTH),
    "a constant elsewhere": (f'def n = "my-jwk"; {MAP}.get("other")', "my-jwk", BOTH),
    "four hexadecimal digits": (rf'{MAP}.get("\u006dy-jwk")', "my-jwk", BOTH),
    "several u": (rf'{MAP}.get("\uu006dy-jwk")', "my-jwk", BOTH),
    "two hexadecimal digits": (rf'{MAP}.get("\x6dy-jwk")', "my-jwk", BOTH),
    "a code point": (rf'{MAP}.get("\u{{6d}}y-jwk")', "my-jwk", BOTH),
    "octal digits": (rf'{MAP}.get("\155y-jwk")', "my-jwk", BOTH),
    "a pair of surrogates": (rf'{MAP}.get("\ud83d\ude00")', "😀", BOTH),
    "a needless backslash": (rf"{MAP}.get('my\-jwk')", "my-jwk", BOTH),
    "a tab": (rf'{MAP}.get("tab\tname")', "tab\tname", BOTH),
    "a line that goes on": (f'{MAP}.get("my-\\\njwk")', "my-jwk", BOTH),
    "an escape in a slashy string": (rf"{MAP}.get(/\u006dy-jwk/)", "my-jwk", (GROOVY,)),
    "letters beyond ASCII": (f'{MAP}.get("kéy")', "kéy", BOTH),
    "the variable spelled with escapes": (
        f'{MAP.replace("M", chr(92) + "u004d")}.get("my-jwk")',
        "my-jwk",
        BOTH,
    ),
    "code in a string": (f"\"key: ${{{MAP}.get('my-jwk')}}\"", "my-jwk", (GROOVY,)),
    "code in backticks": (f"`key: ${{{MAP}.get('my-jwk')}}`", "my-jwk", (JAVASCRIPT,)),
    "code in code in a string": (
        f'"a ${{x.collect {{ "b ${{{MAP}["my-jwk"]}}" }}}} c"',
        "my-jwk",
        (GROOVY,),
    ),
    "a path in a string": (f'"key: ${MAP}.plain_name"', "plain_name", (GROOVY,)),
    "a dollar in a JavaScript string": (f'"$x"; {MAP}.get("my-jwk")', "my-jwk", BOTH),
    "after an address": (f'def u = "http://x/*"; {MAP}.get("my-jwk")', "my-jwk", BOTH),
    "after a division": (f'def x = a / b; {MAP}.get("my-jwk") / 2', "my-jwk", BOTH),
    "after a regular expression with a quote": (
        f'x.replace(/[/"]/, ""); {MAP}.get("my-jwk")',
        "my-jwk",
        (JAVASCRIPT,),
    ),
    "after a slashy string with a quote": (
        f'x =~ /a"b/; {MAP}.get("my-jwk")',
        "my-jwk",
        (GROOVY,),
    ),
    "after a quote that is not closed": (f"x = 'a\n{MAP}.get('my-jwk')", "my-jwk", BOTH),
    "a Windows script": (f'// a\r\n{MAP}.get("my-jwk")\r\n', "my-jwk", BOTH),
    "a first line for the shell": (f"#!/usr/bin/it's\n{MAP}.get('my-jwk')", "my-jwk", BOTH),
}
"""Scripts that hold a name, and do so clearly."""

NOT_HELD: dict[str, tuple[str, tuple[Language, ...]]] = {
    "a line comment": (f'// {MAP}.get("my-jwk")', BOTH),
    "a block comment": (f'/* {MAP}.get("my-jwk")\n"my-jwk" */ {MAP}.get("x")', BOTH),
    "a block comment that is not closed": (f'{MAP}.get("x") /* "my-jwk"', BOTH),
    "a comment within code in a string": (f'"${{/* "my-jwk" */ {MAP}.x}}"', (GROOVY,)),
    "a comment at the end": (f'{MAP}.get("x") // "my-jwk"', BOTH),
    "part of a longer text": (f'{MAP}.get("my-jwk-2")', BOTH),
    "another case": (f'{MAP}.get("MY-JWK")', BOTH),
    "a script without the variable": ('keys.get("my-jwk")', BOTH),
    "a variable with a longer name": (f'{MAP}2.get("my-jwk")', BOTH),
    "the variable in a comment only": (f'// {MAP}\nkeys.get("my-jwk")', BOTH),
    "the variable in a text only": (f'log("no {MAP} here"); keys.get("my-jwk")', BOTH),
    "a method of that name": (f"{MAP}.x.other()", BOTH),
    "a name that is no string": (f"other = {MAP}.x", BOTH),
    "a regular expression": (f'x.test(/my-jwk/); {MAP}.get("x")', (JAVASCRIPT,)),
    "an empty script": ("", BOTH),
}
"""Scripts that clearly use none of the names."""

UNCLEAR: dict[str, tuple[str, tuple[Language, ...]]] = {
    "a variable": (f"{MAP}.get(name)", BOTH),
    "an index by a variable": (f"{MAP}[name]", BOTH),
    "a sum": (f"{MAP}.get('my-' + 'jwk')", BOTH),
    "a sum that holds the name": (f"{MAP}.get('my-jwk' + suffix)", BOTH),
    "code in a string": (f'{MAP}.get("${{name}}")', (GROOVY,)),
    "a name in a string": (f'{MAP}.get("$name")', (GROOVY,)),
    "code in backticks": (f"{MAP}.get(`${{name}}`)", (JAVASCRIPT,)),
    "a property in quotes with code": (f'{MAP}."${{name}}"', (GROOVY,)),
    "every key": (f"{MAP}.each {{ k, v -> println k }}", (GROOVY,)),
    "every value": (f"{MAP}.values()", BOTH),
    "a loop": (f"for (k in {MAP}) {{}}", BOTH),
    "handed to a function": (f"find({MAP})", BOTH),
    "handed on in a map": (f"x = [keys: {MAP}]", BOTH),
    "returned": (f"return {MAP}", BOTH),
    "taken apart": (f"const {{ other }} = {MAP}", (JAVASCRIPT,)),
    "found by its name": (f'binding.getVariable("{MAP}").get(name)', BOTH),
    "an alias with a variable": (f"def m = {MAP}\nm.get(name)", BOTH),
    "a method as a value": (f"def f = {MAP}.&get", (GROOVY,)),
    "a call without brackets": (f"{MAP}.get name", (GROOVY,)),
    "a string that is not closed": (f'{MAP}.get("x"); x = """ "my-jwk"', (GROOVY,)),
    "a template that is not closed": (f'{MAP}.get("x"); x = ` "my-jwk"', (JAVASCRIPT,)),
    "code in a string that is not closed": (f'"${{ {MAP}.x', (GROOVY,)),
}
"""Scripts of which nobody can say which keys they use."""


def cases(table: Mapping[str, tuple[Any, ...]]) -> list[Any]:
    return [
        pytest.param(*case[:-1], language, id=f"{name}, {language.value}")
        for name, case in table.items()
        for language in case[-1]
    ]


@pytest.mark.parametrize(("script", "name", "language"), cases(HELD))
def test_a_name_is_found(script: str, name: str, language: Language) -> None:
    found = script_use(script, language, {name})

    assert found == ScriptUse(frozenset({name}))
    assert script_use(script, None, {name}).names == {name}


@pytest.mark.parametrize(("script", "language"), cases(NOT_HELD))
def test_a_name_is_not_found(script: str, language: Language) -> None:
    assert script_use(script, language, NAMES) == ScriptUse()


@pytest.mark.parametrize(("script", "language"), cases(UNCLEAR))
def test_it_is_unclear_which_key_is_used(script: str, language: Language) -> None:
    assert script_use(script, language, NAMES - {"other"}) == ScriptUse(unclear=True)


def test_a_script_may_use_several_keys_and_more_that_are_unclear() -> None:
    script = f'{MAP}.get("my-jwk") ?: {MAP}["other"] ?: {MAP}[name]'

    assert script_use(script, GROOVY, NAMES) == ScriptUse(frozenset({"my-jwk", "other"}), True)


def test_an_unknown_language_is_read_as_either() -> None:
    assert script_use(f"{MAP}.get(`my-jwk`)", None, NAMES).names == {"my-jwk"}
    assert script_use(f"{MAP}.get(/my-jwk/)", None, NAMES).names == {"my-jwk"}


BIG = 200_000
HOSTILE = {
    "open brackets": "([{" * (BIG // 3),
    "one kind of bracket": "(" * BIG,
    "slashes": "( /" * (BIG // 3),
    "open classes": "(/[" * (BIG // 3),
    "quotes": "'" * BIG,
    "quotes that are not closed": "'a\n" * (BIG // 3),
    "code in code in code": '"${' * (BIG // 3),
    "code in backticks": "`${" * (BIG // 3),
    "a long string that is not closed": '"""' + "x" * BIG,
    "backslashes": "'" + "\\" * BIG,
    "a comment in a comment": "/*" * (BIG // 2),
    "dollars and slashes": "$/" * (BIG // 2),
    "a long path": '"' + "$a" * (BIG // 2),
    "escapes in a name": "\\u0041" * (BIG // 6),
    "the variable itself": f"{MAP} " * (BIG // len(MAP)),
}


@pytest.mark.parametrize("language", BOTH)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_scripts_take_linear_time(text: str, language: Language) -> None:
    start = time.process_time()
    script_use(f"{MAP}\n{text}", language, NAMES)
    script_use(f"{MAP}\n{text}{text}", language, NAMES)

    # Linear is a second or so; quadratic would be minutes.
    assert time.process_time() - start < 20


LITERALS = {
    GROOVY: ('"my-jwk"', "'my-jwk'", "'''my-jwk'''", '"""my-jwk"""', "$/my-jwk/$"),
    JAVASCRIPT: ('"my-jwk"', "'my-jwk'", "`my-jwk`"),
}
PIECES = st.sampled_from(
    [
        *("x", " ", "\n", "(", ")", "{", "}", "[", "]", ";", ",", "=", "42", "a.b", "if (x)"),
        *('"text"', "'it\\'s'", '"\\\\"', "// it's\n", '/* " */', "/* /* */", "# {x}", "a / b;"),
        *('"/*"', "'//'", "return", ": ", "=> ", "\u2028", "é", "\\"),
    ]
)
CODE = st.lists(PIECES, max_size=12).map(" ".join)


@given(st.sampled_from(BOTH), st.data(), CODE, CODE)
def test_a_whole_literal_is_found_whatever_stands_around_it(
    language: Language, data: st.DataObject, before: str, after: str
) -> None:
    literal = data.draw(st.sampled_from(LITERALS[language]))
    script = f"{before}\n;{MAP}.get({literal});\n{after}"

    assert "my-jwk" in script_use(script, language, NAMES).names


@given(st.sampled_from(BOTH), st.booleans(), st.text(), CODE)
def test_nothing_in_a_comment_is_found(
    language: Language, is_block: bool, text: str, after: str
) -> None:
    inside = f'{text} {MAP}.get("my-jwk") {text}'
    if is_block:
        comment = f"/* {inside.replace('*/', '')} */"
    else:
        comment = f"// {' '.join(inside.splitlines())}\n"
    with_comment = script_use(f"x = 1; {comment} {after}", language, NAMES)

    assert with_comment == script_use(f"x = 1; {after}", language, NAMES)


LOOKUPS = st.sampled_from(
    [
        f'{MAP}.get("my-jwk")',
        f'{MAP}.get("other")',
        f'{MAP} ?. get ( "x" )',
        f"{MAP}['x']",
        f'{MAP}["x"',
        f"{MAP}.get('x' + y)",
        f"{MAP}",
        f"{MAP}.x",
    ]
)


@given(st.sampled_from(BOTH), st.lists(LOOKUPS, max_size=3), CODE, CODE)
def test_a_script_is_dismissed_early_only_where_its_tokens_hold_no_name_either(
    language: Language, lookups: list[str], before: str, after: str
) -> None:
    script = "\n;".join([before, *lookups, after])
    # A backslash keeps it from being dismissed early.
    by_tokens = script_use(f"//\\\n{script}", language, NAMES)

    assert script_use(script, language, NAMES).names == by_tokens.names


@given(st.text(), st.sampled_from(BOTH))
def test_any_text_has_tokens(text: str, language: Language) -> None:
    found = list(tokens(text, language))

    assert len(found) <= len(text) + 1
    assert all(token.text for token in found if token.kind in {Kind.NAME, Kind.SIGN})
