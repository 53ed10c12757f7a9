from __future__ import annotations

import contextlib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from loading import loaded

from reconciler.errors import ManifestError, Problem
from reconciler.manifests.problems import FileError
from reconciler.manifests.yaml_nodes import PureLoader, documents

CORPUS = [path.read_bytes() for path in sorted(Path(__file__).parent.glob("*/*.yaml"))]
WORDS = b"| - : ? &a *a !x <<: [ ] { } ' \" # ~ no 1 name: jwks: % @ \\u --- ...".split()
PIECES = st.one_of(
    st.binary(max_size=4), st.sampled_from([*WORDS, b"\n", b"\t", b"  ", b"\n---\n", b": "])
)


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    raw = draw(st.sampled_from(CORPUS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(raw)))
        end = min(len(raw), start + draw(st.integers(0, 12)))
        raw = raw[:start] + draw(PIECES) + raw[end:]
    return raw


@given(mangled())
def test_whatever_the_bytes_only_problems_come_of_it(raw: bytes) -> None:
    problems: tuple[Problem, ...] = ()
    try:
        loaded("-", stdin=raw)
    except ManifestError as error:
        problems = error.problems
    assert all(str(problem).isprintable() for problem in problems)


@given(mangled())
def test_whatever_the_bytes_the_pure_loader_raises_nothing_else(raw: bytes) -> None:
    with contextlib.suppress(FileError):
        list(documents(raw, "f", PureLoader))
