from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fake_code_hosts import (
    FORGES,
    MERGED,
    TOKEN,
    AzureRepos,
    BitbucketCloud,
    BitbucketServer,
    FakeCodeHost,
    Github,
    Gitlab,
    Said,
    serving,
)
from hostile_corpus import CORPUS, harm
from workspace import CommandLine, Ran

from reconciler.code_hosts.hosts import HOSTS
from reconciler.code_hosts.model import Host
from reconciler.core.model import SourceLocation
from reconciler.core.outcome import RunResult
from reconciler.core.plan import Action, Change, Effect, JwkFields, Plan, Step, Summary
from reconciler.errors import GatewayError, ManifestError, Problem
from reconciler.reports import comment_lines, markdown, plan_json

GATEWAY = "https://manager.example.com/apiops"
VARIABLE = {
    Host.GITHUB: "GITHUB_TOKEN",
    Host.GITLAB: "GITLAB_TOKEN",
    Host.BITBUCKET: "BITBUCKET_TOKEN",
    Host.AZURE: "SYSTEM_ACCESSTOKEN",
}
each_host = pytest.mark.parametrize("kind", FORGES, ids=lambda kind: kind.__name__)


def plan(count: int, name: str = "key") -> str:
    """A plan file with so many changes."""
    changes = tuple(
        Change(
            project="Payments",
            name=f"{name}-{number}",
            before=JwkFields(f"{name}-{number}", "old"),
            after=JwkFields(f"{name}-{number}", name * 20),
            actions=(Action.DESCRIBE,),
            effects=(Effect.REDEPLOYS,),
            source=SourceLocation("payments.yaml", number + 1),
        )
        for number in range(count)
    )
    steps = tuple(Step("Payments", item.name, item.after, item.name) for item in changes)
    summary = Summary(0, count, 0, int(not count), 0, 0)
    return plan_json.dumps(RunResult(Plan(GATEWAY, "sha256:" + "0" * 64, summary, changes, steps)))


def comment(
    run: CommandLine,
    fake_host: FakeCodeHost,
    saved: str,
    *options: str,
    made: int = 1_000,
    **environment: Any,
) -> Ran:
    (run.folder / "plan.json").write_text(saved)
    os.utime(run.folder / "plan.json", (made, made))
    where = ("--host", fake_host.host.value, "--host-url", fake_host.url)
    which = ("--repository", "acme/keys", "--pull-request", "7")
    environment = {VARIABLE[fake_host.host]: TOKEN} | environment
    return run("comment", "plan.json", *where, *which, *options, **environment)


@each_host
def test_a_plan_s_report_is_posted_and_updated(run: CommandLine, kind: type[FakeCodeHost]) -> None:
    with serving(kind()) as fake_host:
        created = comment(run, fake_host, plan(2))
        updated = comment(run, fake_host, plan(3))
        unchanged = comment(run, fake_host, plan(3))
    assert (created.code, updated.code, unchanged.code) == (0, 0, 0)
    assert created.out.startswith("Posted the comment")
    assert updated.out.startswith("Updated the comment")
    assert unchanged.out.startswith("The comment says so already")
    assert not created.err + updated.err + unchanged.err
    html = HOSTS[fake_host.host].shows_html
    [kept] = fake_host.comments
    order = comment_lines.order_line("time", [1_000], html=html)
    assert kept.text == markdown.render(
        plan_json.loads(plan(3)), key=GATEWAY, html=html, about=order
    )


@each_host
def test_an_empty_plan_posts_nothing_but_replaces_the_verdict(
    run: CommandLine, kind: type[FakeCodeHost]
) -> None:
    with serving(kind()) as fake_host:
        nothing = comment(run, fake_host, plan(0))
        assert not fake_host.comments
        comment(run, fake_host, plan(1))
        replaced = comment(run, fake_host, plan(0))
    assert nothing.out == "Nothing to report, and no comment to update\n"
    assert replaced.out.startswith("Updated")
    assert "Nothing to do" in fake_host.comments[0].text


def test_an_empty_plan_is_posted_where_it_is_asked_for(run: CommandLine) -> None:
    with serving(Github()) as fake_host:
        assert comment(run, fake_host, plan(0), "--always").code == 0
    assert len(fake_host.comments) == 1


def test_each_key_has_a_comment_of_its_own(run: CommandLine) -> None:
    with serving(Github()) as fake_host:
        for key in ("test", "prod", "test"):
            comment(run, fake_host, plan(1), "--key", key)
    assert len(fake_host.comments) == 2


@each_host
@pytest.mark.parametrize("name", ["key", "\N{GRINNING FACE}"])
def test_a_long_report_is_cut_to_what_the_host_takes(
    run: CommandLine, kind: type[FakeCodeHost], name: str
) -> None:
    with serving(kind()) as fake_host:
        ran = comment(run, fake_host, plan(9 if kind is Gitlab else 2_000, name))
    assert ran.code == 0
    [kept] = fake_host.comments
    assert len(kept.text.encode("utf-16-le")) // 2 <= HOSTS[fake_host.host].limit
    assert len(kept.text) > HOSTS[fake_host.host].limit // 4 or kind is Gitlab


@each_host
def test_a_token_that_may_not_write_is_a_warning(
    run: CommandLine, kind: type[FakeCodeHost]
) -> None:
    fake_host = kind()
    fake_host.fail("POST .*", Said(403, {"message": f"\x1b[2Jno {TOKEN}\n::error::x"}))
    with serving(fake_host):
        ran = comment(run, fake_host, plan(1))
    assert ran.code == 0
    assert not ran.out
    assert ran.err.startswith(r"warning: No comment was posted: \x1b[2Jno [token] :\:error::x")
    assert ran.err.count("\n") == 1


def test_what_a_host_says_is_only_read(
    run: CommandLine, record_property: Callable[[str, object], None]
) -> None:
    texts = sorted(CORPUS.values(), key=len)  # a message is cut after 500 characters
    wrong = []
    with serving(Github()) as fake_host:
        for begin in range(0, len(texts), 5):
            text = "\n".join(texts[begin : begin + 5])
            posted = {"id": 1, "user": {"login": text}, "body": text, "html_url": text}
            for form, said in (
                ("text", Said(201, posted)),
                ("json", Said(201, posted)),
                ("text", Said(403, {"message": text})),
                ("json", Said(403, {"message": text})),
                ("text", Said(422, {"message": text})),
            ):
                fake_host.fail("POST .*", said)
                ran = comment(run, fake_host, plan(1), "--format", form, "-v")
                wrong += harm(ran.out, ascii_only=form == "json") + harm(ran.err)
    record_property("cases", 5 * len(texts))
    assert wrong == []


def test_the_token_of_a_gitlab_job_is_a_warning(run: CommandLine) -> None:
    with serving(Gitlab()) as fake_host:
        ran = comment(run, fake_host, plan(1), GITLAB_TOKEN="", CI_JOB_TOKEN="job-token-1")
    assert ran.code == 0
    assert "CI_JOB_TOKEN may not write comments" in ran.err
    assert not fake_host.heard


def test_more_comments_than_one_are_told(run: CommandLine) -> None:
    with serving(Github()) as fake_host:
        text = markdown.render(plan_json.loads(plan(1)))
        fake_host.add(text)
        fake_host.add(text)
        ran = comment(run, fake_host, plan(1))
    assert ran.err.startswith("warning: 1 more of our comments")


RUNS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "GitHub": (
        {"GITHUB_ACTIONS": "true", "GITHUB_WORKFLOW": "JSON Web Keys", "GITHUB_RUN_ID": "900",
         "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "acme/keys",
         "GITHUB_SHA": "a" * 40, "GITHUB_RUN_NUMBER": "11", "GITHUB_RUN_ATTEMPT": "2"},
        {"GITHUB_RUN_ATTEMPT": "3"},
        "[run 11](https://github.com/acme/keys/actions/runs/900/attempts/2)",
    ),
    "GitLab": (
        {"GITLAB_CI": "true", "CI_PIPELINE_ID": "99", "CI_PIPELINE_URL": "https://gitlab.com/p/99",
         "CI_COMMIT_SHA": "a" * 40},
        {"CI_PIPELINE_ID": "100"},
        "[pipeline 99](https://gitlab.com/p/99)",
    ),
    "Bitbucket": (
        {"BITBUCKET_BUILD_NUMBER": "9", "BITBUCKET_REPO_FULL_NAME": "acme/keys",
         "BITBUCKET_COMMIT": "a" * 40},
        {"BITBUCKET_BUILD_NUMBER": "10"},
        "[pipeline 9](https://bitbucket.org/acme/keys/pipelines/results/9)",
    ),
    "Azure": (
        {"TF_BUILD": "True", "BUILD_BUILDID": "9", "SYSTEM_COLLECTIONURI": "https://dev.azure.com/a/",
         "SYSTEM_TEAMPROJECT": "My Keys", "BUILD_SOURCEVERSION": "a" * 40},
        {"BUILD_BUILDID": "10"},
        "[run 9](https://dev.azure.com/a/My%20Keys/_build/results?buildId=9)",
    ),
    "Jenkins": (
        {"JENKINS_URL": "http://j/", "BUILD_NUMBER": "9", "JOB_NAME": "keys/PR-7",
         "BUILD_URL": "http://j/job/keys/9/", "GIT_COMMIT": "a" * 40},
        {"BUILD_NUMBER": "10"},
        "[build 9](http://j/job/keys/9/)",
    ),
}  # fmt: skip
"""The environment of a run, what differs in a later one, and the link to the first."""


@pytest.mark.parametrize(("environment", "later", "link"), RUNS.values(), ids=RUNS)
@pytest.mark.parametrize("kind", [Github, BitbucketCloud], ids=["HTML", "no HTML"])
def test_an_older_run_leaves_the_comment_of_a_newer_one(
    run: CommandLine,
    kind: type[FakeCodeHost],
    environment: dict[str, Any],
    later: dict[str, Any],
    link: str,
) -> None:
    words = ("--key", "production")
    with serving(kind()) as fake_host:
        comment(run, fake_host, plan(1), *words, **environment)
        assert f"`production` · commit `{'a' * 10}` · {link}" in fake_host.comments[0].text
        newer = comment(run, fake_host, plan(2), *words, **environment | later)
        older = comment(run, fake_host, plan(1), *words, **environment)
        told = comment(run, fake_host, plan(1), *words, "--format", "json", **environment)
        again = comment(run, fake_host, plan(3), *words, **environment | later)
    assert newer.out.startswith("Updated the comment")
    assert (older.code, older.out) == (0, "")
    assert older.err.startswith(
        "warning: The comment is of a newer run than this one, and stays: h"
    )
    assert told.document["comment"]["action"] == "newer"
    assert again.out.startswith("Updated the comment")
    assert len(fake_host.comments) == 1


def test_runs_of_another_series_and_comments_of_none_are_not_compared(run: CommandLine) -> None:
    github = RUNS["GitHub"][0]
    with serving(Github()) as fake_host:
        fake_host.add(markdown.render(plan_json.loads(plan(1))))
        assert comment(run, fake_host, plan(2), **github).out.startswith("Updated")
        other = github | {"GITHUB_WORKFLOW": "Another", "GITHUB_RUN_NUMBER": "1"}
        assert comment(run, fake_host, plan(3), **other).out.startswith("Updated")


def test_without_a_pipeline_the_report_made_first_is_the_older_one(run: CommandLine) -> None:
    with serving(Github()) as fake_host:
        comment(run, fake_host, plan(2), made=2_000)
        assert "newer run" in comment(run, fake_host, plan(1), made=1_000).err
        assert comment(run, fake_host, plan(1), made=3_000).out.startswith("Updated")


def test_the_commit_of_a_pull_request_is_its_own_and_not_the_trial_merge(run: CommandLine) -> None:
    event = run.folder / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 7, "head": {"sha": "b" * 40}}}))
    with serving(Github()) as fake_host:
        comment(run, fake_host, plan(1), GITHUB_EVENT_PATH=str(event), **RUNS["GitHub"][0])
    assert f"commit `{'b' * 10}`" in fake_host.comments[0].text


BRANCHES: dict[str, tuple[type[FakeCodeHost], Callable[[str], dict[str, Any]]]] = {
    "GitHub": (Github, lambda url: {
        "GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "acme/keys", "GITHUB_API_URL": url,
        "GITHUB_REF": "refs/heads/main", "GITHUB_EVENT_NAME": "push", "GITHUB_SHA": MERGED,
    }),
    "GitLab": (Gitlab, lambda url: {
        "GITLAB_CI": "true", "CI_API_V4_URL": url, "CI_PROJECT_ID": "acme/keys",
        "CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main", "CI_COMMIT_SHA": MERGED,
    }),
    "Azure Repos": (AzureRepos, lambda url: {
        "TF_BUILD": "True", "BUILD_REPOSITORY_PROVIDER": "TfsGit", "BUILD_REPOSITORY_NAME": "keys",
        "SYSTEM_COLLECTIONURI": url, "SYSTEM_TEAMPROJECT": "acme", "BUILD_SOURCEVERSION": MERGED,
    }),
}  # fmt: skip
"""A run of the main branch after a merge, where the environment tells all."""


@pytest.mark.parametrize(("kind", "environment"), BRANCHES.values(), ids=BRANCHES)
def test_what_became_of_a_merge_is_told_on_its_pull_request(
    run: CommandLine,
    kind: type[FakeCodeHost],
    environment: Callable[[str], dict[str, Any]],
) -> None:
    (run.folder / "apply.json").write_text(plan(1))
    with serving(kind()) as fake_host:
        found = environment(fake_host.url) | {VARIABLE[fake_host.host]: TOKEN}
        ran = run("comment", "apply.json", "--if-any", **found)
        assert ran.code == 0, ran
        assert ran.out.startswith("Posted the comment")
        name = next(name for name, value in found.items() if value == MERGED)
        without = found | {name: "d" * 40}
        none = run("comment", "apply.json", "--if-any", **without)
        told = run("comment", "apply.json", "--if-any", "--format", "json", **without)
        failed = run("comment", "apply.json", **without)
    assert len(fake_host.comments) == 1
    assert (none.code, none.out[:39]) == (0, "This run is of no pull request, so noth")
    assert told.document["comment"]["action"] == "no-pull-request"
    assert failed.code == 64
    assert "No merged pull request is known for the commit dddd" in failed.err


@pytest.mark.parametrize("kind", [BitbucketCloud, BitbucketServer])
def test_what_became_of_a_merge_is_told_from_jenkins_too(
    run: CommandLine, kind: type[FakeCodeHost]
) -> None:
    (run.folder / "apply.json").write_text(plan(1))
    with serving(kind()) as fake_host:
        words = ("--host", "bitbucket", "--host-url", fake_host.url, "--repository", "acme/keys")
        for commit, count in (("d" * 40, 0), (MERGED, 1)):
            ran = run(
                "comment", "apply.json", "--if-any", *words,
                JENKINS_URL="http://j/", GIT_COMMIT=commit, BITBUCKET_TOKEN=TOKEN,
            )  # fmt: skip
            assert ran.code == 0, ran
            assert len(fake_host.comments) == count


def test_outside_of_any_pipeline_there_is_no_pull_request(run: CommandLine) -> None:
    (run.folder / "plan.json").write_text(plan(1))
    ran = run("comment", "plan.json", "--if-any")
    assert (ran.code, ran.out.startswith("This run is of no pull request")) == (0, True)
    assert run("comment", "plan.json").code == 64


PROBLEMS = [Problem("jwks/a.yaml", "name is missing", 3, 5), Problem("jwks/b.yaml", "is empty")]
FAILED = {
    "invalid manifests": (
        ManifestError(PROBLEMS),
        ("2 problems in the manifests", "jwks/a.yaml:3:5", "name is missing", "jwks/b.yaml"),
    ),
    "no gateway": (
        GatewayError("No answer", why="It is down", fix="Start it"),
        ("The run came to no result", "No answer", "It is down", "Start it"),
    ),
}


@each_host
@pytest.mark.parametrize(("error", "words"), FAILED.values(), ids=FAILED)
def test_a_run_that_failed_replaces_the_verdict_before_it(
    run: CommandLine, kind: type[FakeCodeHost], error: Any, words: tuple[str, ...]
) -> None:
    with serving(kind()) as fake_host:
        comment(run, fake_host, plan(1), "--key", "test")
        ran = comment(run, fake_host, plan_json.render_error(error), "--key", "test")
        assert ran.code == 0, ran
        [kept] = fake_host.comments
    assert all(word in kept.text for word in words), kept.text
    assert "key-0" not in kept.text


def test_a_failed_validate_and_plan_are_reported_as_they_write_it(run: CommandLine) -> None:
    (run.folder / "bad.yaml").write_text("apiVersion: reconciler/v1\nkind: Project\n")
    commands: tuple[tuple[str, ...], ...] = (
        ("validate", "bad.yaml"), ("plan", "bad.yaml"), ("apply", "bad.yaml", "--auto-approve"),
        ("plan", "bad.yaml", "--nonsense"),
    )  # fmt: skip
    with serving(Github()) as fake_host:
        for command in commands:
            ran = run(*command, "--format", "json")
            assert ran.code in {64, 65}
            assert comment(run, fake_host, ran.out, "--key", "test").code == 0
            assert "❌" in fake_host.comments[0].text
    assert len(fake_host.comments) == 1


def test_valid_manifests_replace_a_verdict_but_create_none(run: CommandLine) -> None:
    (run.folder / "good.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: Project\nmetadata: {name: P}\n"
        "spec: {jwks: [{name: a}, {name: b}]}\n"
    )
    valid = run("validate", "good.yaml", "--format", "json").out
    with serving(Github()) as fake_host:
        assert comment(run, fake_host, valid, "--key", "test").out.startswith("Nothing to report")
        comment(run, fake_host, plan(1), "--key", "test")
        assert comment(run, fake_host, valid, "--key", "test").out.startswith("Updated")
    assert "The manifests are valid: 2 JWKs in 1 project" in fake_host.comments[0].text


def test_a_report_without_a_gateway_needs_a_key(run: CommandLine) -> None:
    with serving(Github()) as fake_host:
        ran = comment(run, fake_host, plan_json.render_error(GatewayError("No answer")))
    assert ran.code == 64
    assert "Give --key KEY, the same as for the plan's comment" in ran.err
    assert not fake_host.heard


CODES = {
    "a rejected token": (Said(401, {"message": "Bad credentials"}), 77),
    "a pull request nobody knows": (Said(404, {}), 77),
    "a redirect": (Said(307, {}, {"Location": "http://evil.invalid/"}), 69),
    "a limit of an hour": (Said(429, {}, {"Retry-After": "3600"}), 69),
}


ADVICE = {
    301: "give --repository and --host-url as they are now",
    410: "Check that the pull request still exists",
    422: "a locked or archived pull request takes no comments",
    429: "Run again in 3600 s, or with a token that fewer jobs share",
}


@each_host
@pytest.mark.parametrize("status", ADVICE)
def test_each_answer_has_its_own_advice_beside_the_host_s_reasons(
    run: CommandLine, kind: type[FakeCodeHost], status: int
) -> None:
    fake_host = kind()
    words = {"message": "Words", "errors": [{"message": "and reasons"}]}
    fake_host.fail("POST .*", Said(status, words, {"Retry-After": "3600"} if status == 429 else {}))
    with serving(fake_host):
        ran = comment(run, fake_host, plan(1))
    assert ran.code == 69
    text = " ".join(ran.err.split())
    assert f"Words (and reasons) (HTTP {status})" in text
    assert ADVICE[status] in text


def test_an_older_verdict_that_stays_is_a_failure(run: CommandLine) -> None:
    fake_host = Github()
    with serving(fake_host):
        comment(run, fake_host, plan(1))
        fake_host.fail("PATCH .*", Said(403, {"message": "Resource not accessible"}))
        ran = comment(run, fake_host, plan(2))
    assert ran.code == 77
    assert "still shows what an earlier run found" in " ".join(ran.err.split())


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("case", CODES)
def test_a_failure_has_its_code(run: CommandLine, case: str, form: str) -> None:
    said, code = CODES[case]
    fake_host = Github()
    fake_host.fail("GET .*comments", said)
    with serving(fake_host):
        ran = comment(run, fake_host, plan(1), "--format", form, "-v")
    assert ran.code == code
    assert "Traceback" not in ran.err
    assert TOKEN not in ran.out + ran.err
    if form == "json":
        assert ran.document["error"]["exitCode"] == code


def test_json_is_one_document(run: CommandLine) -> None:
    with serving(Github()) as fake_host:
        ran = comment(run, fake_host, plan(1), "--format", "json")
    assert ran.document["comment"] == {
        "action": "created",
        "url": "https://git.example/acme/keys/pull/7#issuecomment-1",
        "message": "",
        "superseded": 0,
    }
    assert comment(run, fake_host, plan(1), "-q", "--host-url", "nonsense").code == 64


def test_quiet_is_silent(run: CommandLine) -> None:
    with serving(Github()) as fake_host:
        ran = comment(run, fake_host, plan(1), "-q")
    assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_the_event_s_file_tells_the_number(run: CommandLine) -> None:
    event = run.folder / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 7}}))
    (run.folder / "plan.json").write_text(plan(1))
    with serving(Github()) as fake_host:
        environment: dict[str, Any] = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": fake_host.url,
            "GITHUB_REPOSITORY": "acme/keys",
            "GITHUB_REF": "refs/heads/main",
            "GITHUB_TOKEN": TOKEN,
        }
        found = run("comment", "plan.json", GITHUB_EVENT_PATH=str(event), **environment)
        missing = run("comment", "plan.json", GITHUB_EVENT_PATH=str(event) + "x", **environment)
        none = run("comment", "plan.json", **environment)
    assert (found.code, missing.code, none.code) == (0, 64, 64)
    assert "not of a pull or merge request" in none.err
    assert len(fake_host.comments) == 1


def test_what_is_no_plan_is_refused_before_anything_is_sent(run: CommandLine) -> None:
    with serving(BitbucketCloud()) as fake_host:
        ran = comment(run, fake_host, "{}")
    assert ran.code == 64
    assert not fake_host.heard


def test_a_token_sent_unprotected_is_told(run: CommandLine, tmp_path: Path) -> None:
    fake_host = Github()
    (tmp_path / "plan.json").write_text(plan(1))
    words = ("--host", "github", "--repository", "a/b", "--pull-request", "1")
    ran = run("comment", "plan.json", *words, "--host-url", "http://git.example.invalid")
    assert "plain http://" in ran.err
    assert ran.code == 77  # there is no token, so nothing is sent
    assert not fake_host.heard
