"""Files made to harm: each ends quickly, in bounded memory, with a problem that says why."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

MEMORY = 1024**3
SECONDS = 30
LOADING = f"""
import io, resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({MEMORY}, {MEMORY}))
from reconciler.errors import ManifestError
from reconciler.manifests.explain import explain
from reconciler.manifests.load import load
try:
    load([sys.argv[1]], stdin=io.BytesIO(), explainer=lambda: explain)
except ManifestError as error:
    print(len(error.problems), *(str(problem)[-400:] for problem in error.problems[:3]), sep="\\n")
"""
SIZE = 8 * 1024 * 1024 - 1024
HEAD = (
    b"apiVersion: reconciler/v1\nkind: Project\nmetadata: {name: P}\n"
    b"spec:\n  jwks:\n    - name: a\n"
)


def filled(unit: bytes, around: tuple[bytes, bytes] = (b"", b"")) -> bytes:
    return around[0] + unit * ((SIZE - len(HEAD)) // len(unit)) + around[1]


def bomb(levels: int, width: int) -> bytes:
    lines = [b"l0: &l0 [x]"]
    lines += (
        b"l%d: &l%d [%s]" % (level, level, b", ".join([b"*l%d" % (level - 1)] * width))
        for level in range(1, levels)
    )
    return b"\n".join(lines)


def sparse(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(100 * 1024 * 1024)


HOSTILE: list[object] = [
    pytest.param(bomb(9, 10), "more than 500,000 values", id="alias bomb"),
    pytest.param(bomb(60, 1), "nests deeper than 32", id="aliases that nest"),
    pytest.param(
        b"a: &a [" + b"x," * 1000 + b"]\nb: [" + b"*a," * 600 + b"]",
        "more than 500,000 values",
        id="quadratic aliases",
    ),
    pytest.param(
        b"a: &a " + b"x" * 1_000_000 + b"\nb: [" + b"*a," * 100_000 + b"]",
        "aliases multiply the text",
        id="aliases of a long text",
    ),
    pytest.param(b"&a [*a, *a]", "nests deeper than 32", id="anchor that holds itself"),
    pytest.param(b"&a {b: *a}", "nests deeper than 32", id="mapping that holds itself"),
    pytest.param(filled(b"["), "nests deeper than 32", id="deep lists"),
    pytest.param(filled(b"{"), "nests deeper than 32", id="deep mappings"),
    pytest.param(filled(b"{a: "), "nests deeper than 32", id="deep mappings with keys"),
    pytest.param(filled(b"- "), "nests deeper than 32", id="deep block lists"),
    pytest.param(filled(b"? "), "nests deeper than 32", id="deep block keys"),
    pytest.param(
        b"\n".join(b" " * depth + b"a:" for depth in range(4000)),
        "nests deeper than 32",
        id="deep block mappings",
    ),
    pytest.param(filled(b"a,", (b"[", b"]")), "more than 500,000 values", id="8 MiB of commas"),
    pytest.param(filled(b"a,"), "this is no manifest", id="8 MiB of commas in a text"),
    pytest.param(filled(b"- \n"), "more than 500,000 values", id="empty items"),
    pytest.param(filled(b"---\n"), "more than 500,000 values", id="two million documents"),
    pytest.param(b"--- a\n" * 200_000, "more than 10,000 problems", id="documents of text"),
    pytest.param(filled(b"a: 1\n"), "more than 500,000 values", id="one key over and over"),
    pytest.param(
        HEAD + b"      d%d: e\n" * 100_000 % tuple(range(100_000)),
        "more than 10,000 problems",
        id="unknown members",
    ),
    pytest.param(HEAD + b"      kid: k\n" * 100_000, "more than 10,000 problems", id="double keys"),
    pytest.param(HEAD + b"    - no\n" * 100_000, "more than 10,000 problems", id="wrong entries"),
    pytest.param(filled(b"x"), "this is no manifest", id="one gigantic text"),
    pytest.param(
        HEAD + filled(b"x", (b'      description: "', b'"\n')), "shorten it", id="long description"
    ),
    pytest.param(
        HEAD + filled("\u200b".encode(), (b'    - name: "', b'"\n')),
        "characters long",
        id="long name",
    ),
    pytest.param(
        HEAD + filled(b"x", (b"      ", b": 1\n")),
        "this line has no colon",
        id="gigantic plain key",
    ),
    pytest.param(
        HEAD + filled(b"x", (b'      ? "', b'"\n      : 1\n')), "unknown member", id="gigantic key"
    ),
    pytest.param(filled(b"&a "), "a second document begins", id="anchors without values"),
    pytest.param(filled(b"!a "), "a second document begins", id="tags without values"),
    pytest.param(filled(b"*a "), "alias", id="aliases without anchors"),
    pytest.param(filled(b"\t"), "a tab indents", id="tabs"),
    pytest.param(filled(b" "), "no manifest found", id="spaces"),
    pytest.param(filled(b"#\n"), "no manifest found", id="comments"),
    pytest.param(
        b"a: " + b"1" * 1_000_000, "neither apiVersion", id="a number of a million digits"
    ),
    pytest.param(b"a: " + b"1_" * 1_000_000, "neither apiVersion", id="a long almost-number"),
    pytest.param(filled(b"\xff"), "not UTF-8", id="invalid UTF-8"),
    pytest.param(filled(b"\0"), "U+0000", id="NUL"),
    pytest.param(b"a: !!python/object/apply:os.abort []", "this is no manifest", id="python tags"),
    pytest.param(b"x" * (SIZE + 2048), "larger than 8 MiB", id="just too large"),
    pytest.param(sparse, "larger than 8 MiB", id="100 MiB"),
]


@pytest.mark.proof
@pytest.mark.parametrize(("content", "part"), HOSTILE)
def test_hostile_files_end_with_a_problem(
    content: bytes | Callable[[Path], None], part: str, tmp_path: Path
) -> None:
    file = tmp_path / "hostile.yaml"
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        content(file)
    command = [sys.executable, "-c", LOADING, str(file)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    assert part in run.stdout
