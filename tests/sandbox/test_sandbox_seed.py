from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.sandbox.decoding import SeedError
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.rules import Deployed, Jwk
from reconciler.sandbox.seed import Client, Grant, load_faults, load_seed, parse_seed, read_seed


def test_a_seed_says_little_and_means_much() -> None:
    seed = parse_seed("projects: [{name: P, jwks: [{name: a}]}]")
    (project,) = seed.projects
    (key,) = project.jwks
    assert (seed.environments, seed.tokens, seed.clients) == (
        ("test", "prod"),
        (Grant("sandbox-token"),),
        (),
    )
    assert key == Jwk(
        id=key.id,
        project_id=project.id,
        name="a",
        type="RSA",
        source_type="GENERATE",
        deployed=(Deployed("test", "a", None), Deployed("prod", "a", None)),
    )
    assert len(key.id) == len(project.id) == 24
    assert set(key.id + project.id) <= set("0123456789abcdef")


def test_a_seed_can_say_everything() -> None:
    seed = parse_seed(
        """
        environments: [only]
        projects:
          - name: P
            id: p1
            description: ""
            jwks:
              - {name: a, description: d, kid: k, type: OKP, sourceType: KEYSTORE, sourceId: s,
                 sourceUrl: u, id: j1}
              - {name: a, projectId: other}
        tokens: [{token: t, projects: [P], permissions: [deploy], expired: true},
                 {token: u, projects: "*"}]
        clients: [{username: n, password: w, token: t, expiresIn: 0.5, expiresAfter: 3}]
        faults: [{kind: 429}]
        """
    )
    assert seed.projects[0].jwks[0] == Jwk(
        "j1", "p1", "a", "d", "k", "OKP", "KEYSTORE", "s", "u", True, (Deployed("only", "a", "d"),)
    )
    assert not seed.projects[0].jwks[1].own
    assert seed.tokens == (Grant("t", frozenset({"P"}), frozenset({"deploy"}), True), Grant("u"))
    assert seed.clients == (Client("n", "w", "t", 0.5, 3),)
    assert seed.faults == (Fault("429"),)


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        pytest.param(
            "projects: [{nam: P}]",
            "projects[0].nam",
            "did you mean 'name'",
            id="a typing mistake gets a suggestion",
        ),
        pytest.param(
            "projects: [{name: P, xyz: 1}]", "projects[0].xyz", "known are", id="an unknown member"
        ),
        pytest.param(
            "projects: [{jwks: []}]", "projects[0].name", "is missing", id="a project needs a name"
        ),
        pytest.param(
            "projects: [{name: no}]",
            "projects[0].name",
            "not a boolean; put it in quotes",
            id="no is a boolean in YAML",
        ),
        pytest.param(
            "projects: [{name: ''}]",
            "projects[0].name",
            "must be text of length >= 1",
            id="an empty name",
        ),
        pytest.param(
            f"projects: [{{name: {'x' * 256}}}]",
            "projects[0].name",
            "must be text of length <= 255",
            id="a long name",
        ),
        pytest.param(
            "projects: {}", "projects", "must be a list, not a mapping", id="projects are a list"
        ),
        pytest.param(
            "projects: [1]",
            "projects[0]",
            "must be a mapping, not a number",
            id="a project is a mapping",
        ),
        pytest.param("[]", "", "must be a mapping, not a list", id="a seed is a mapping"),
        pytest.param("", "", "must be a mapping, not null", id="an empty file"),
        pytest.param(
            "projects: [{name: P}, {name: P}]",
            "projects[1].name",
            "the same as projects[0].name",
            id="a project twice",
        ),
        pytest.param(
            "projects: [{name: P, jwks: [{name: a}, {name: a}]}]",
            "projects[0].jwks[1].name",
            "the same as",
            id="a key twice",
        ),
        pytest.param(
            "projects: [{name: P, jwks: [{name: a, id: i}, {name: b, id: i}]}]",
            "projects[0].jwks[1].id",
            "the same as",
            id="an id twice",
        ),
        pytest.param(
            "projects: [{name: P, jwks: [{name: a, type: DSA}]}]",
            "projects[0].jwks[0].type",
            "allowed are RSA, EC, OCT, OKP",
            id="an unknown type",
        ),
        pytest.param(
            "projects: [{name: P, jwks: [{name: a, sourceType: X}]}]",
            "projects[0].jwks[0].sourceType",
            "allowed are URL",
            id="an unknown source type",
        ),
        pytest.param(
            "projects: [{name: P, jwks: [{name: a, kid: 1}]}]",
            "projects[0].jwks[0].kid",
            "must be text or null, not a number",
            id="a kid is text",
        ),
        pytest.param(
            "projects: [{name: P, allowDuplicates: 1}]",
            "projects[0].allowDuplicates",
            "must be true or false",
            id="a flag is a boolean",
        ),
        pytest.param(
            "environments: [a, a]", "environments", "the same text twice", id="an environment twice"
        ),
        pytest.param(
            "environments: [1]", "environments[0]", "must be text", id="an environment is text"
        ),
        pytest.param(
            "tokens: [{token: t, projects: [X]}]",
            "tokens[0].projects",
            "'X', which is not in the seed",
            id="a token for an absent project",
        ),
        pytest.param(
            "tokens: [{token: t, permissions: [write]}]",
            "tokens[0].permissions[0]",
            "allowed are read, manage, deploy",
            id="an unknown permission",
        ),
        pytest.param(
            "tokens: [{token: t}, {token: t}]", "tokens[1].token", "the same as", id="a token twice"
        ),
        pytest.param(
            "tokens: [{token: 'a b'}]",
            "tokens[0].token",
            "visible ASCII",
            id="a token that fits no header",
        ),
        pytest.param(
            "tokens: [{token: t, projects: null}]",
            "tokens[0].projects",
            "must be a list",
            id="null is not all projects",
        ),
        pytest.param(
            "clients: [{username: u, password: p, token: t}]",
            "clients[0].token",
            "not one of the seed's tokens",
            id="a client with an absent token",
        ),
        pytest.param(
            "clients: [{username: u, password: p, token: sandbox-token, expiresIn: -1}]",
            "clients[0].expiresIn",
            "must be a number >= 0",
            id="negative seconds",
        ),
        pytest.param(
            "clients: [{username: u, password: p, token: sandbox-token, expiresAfter: 0}]",
            "clients[0].expiresAfter",
            "must be a number >= 1",
            id="no requests at all",
        ),
        pytest.param(
            "a: 1\na: 2", "line 2, column 1", "'a' stands twice", id="a key of YAML twice"
        ),
        pytest.param("a: [", "line 2, column 1", "is not readable YAML", id="no YAML"),
        pytest.param("{[a]: 1}", "line 1, column 2", "is not readable YAML", id="a list as a key"),
        pytest.param("\x00", "", "is not readable YAML", id="control characters"),
    ],
)
def test_a_wrong_seed_is_refused_with_its_path(text: str, path: str, words: str) -> None:
    with pytest.raises(SeedError) as caught:
        parse_seed(text)
    assert caught.value.path == path
    assert words in caught.value.problem
    assert str(caught.value) == (
        f"{path}: {caught.value.problem}" if path else caught.value.problem
    )


def test_values_that_yaml_can_not_hold_are_refused_too() -> None:
    with pytest.raises(SeedError, match="not set"):
        read_seed(set())
    with pytest.raises(SeedError, match="must be text"):
        read_seed({"projects": [{"name": "\ud800"}]})


def test_two_keys_may_share_a_name_only_where_the_seed_says_so() -> None:
    seed = parse_seed("projects: [{name: P, allowDuplicates: true, jwks: [{name: a}, {name: a}]}]")
    first, second = seed.projects[0].jwks
    assert first.name == second.name
    assert first.id != second.id


def test_the_fingerprint_follows_the_state_and_nothing_else() -> None:
    plain = parse_seed("projects: [{name: P}]")
    assert (
        plain.fingerprint() == parse_seed("# said\nprojects: [{name: P}]\ntokens: []").fingerprint()
    )
    assert (
        plain.fingerprint() != parse_seed("projects: [{name: P, jwks: [{name: a}]}]").fingerprint()
    )


def test_files_are_read_or_refused(tmp_path: Path) -> None:
    seed, faults, listed = tmp_path / "seed.yaml", tmp_path / "faults.yaml", tmp_path / "list.yaml"
    seed.write_text("projects: [{name: Ödeme}]", encoding="utf-8")
    faults.write_text("faults: [{kind: html}]")
    listed.write_text("[{kind: html}]")
    assert load_seed(seed).projects[0].name == "Ödeme"
    assert load_faults(faults) == load_faults(listed) == (Fault("html"),)
    seed.write_bytes(b"\xff")
    for path in (seed, tmp_path / "absent.yaml", tmp_path):
        with pytest.raises(SeedError, match="can't be read"):
            load_seed(path)
