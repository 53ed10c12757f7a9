from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from forges import (
    FORGES,
    TOKEN,
    BitbucketCloud,
    BitbucketServer,
    Forge,
    Github,
    Gitlab,
    Heard,
    Said,
    serving,
)
from msgspec.structs import replace

from reconciler.errors import AccessError, GatewayError, ReconcilerError
from reconciler.hosts.line import LONGEST_WAIT, MAX_ATTEMPTS, Pace
from reconciler.hosts.posting import post_or_update
from reconciler.hosts.threads import open_thread
from reconciler.hosts.tokens import find_proof
from reconciler.hosts.values import Action, DeniedError, Host, LostError, Posted

MARKER = "<!-- reconciler:gw -->"
NOW = 1_000_000.0

each_host = pytest.mark.parametrize("kind", FORGES, ids=lambda kind: kind.__name__)


def report(verdict: str) -> str:
    return f"### {verdict}\n\ntext\n\n{MARKER}\n"


@dataclass
class Waits:
    """A wait that takes no time and is remembered."""

    seconds: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> bool:
        self.seconds.append(seconds)
        return False


@dataclass
class Poster:
    forge: Forge
    environment: dict[str, str]
    waits: Waits = field(default_factory=Waits)
    trace: list[str] = field(default_factory=list)

    def __call__(self, text: str, *, first: bool = True, marker: str = MARKER) -> Posted:
        pace = Pace(wait=self.waits, jitter=lambda: 1.0, now=lambda: NOW, trace=self.trace.append)
        proof = find_proof(self.forge.host, self.environment)
        with open_thread(self.forge.target, proof, pace=pace) as thread:
            return post_or_update(thread, marker, text, first=first)


VARIABLE = {
    Host.GITHUB: "GITHUB_TOKEN",
    Host.GITLAB: "GITLAB_TOKEN",
    Host.BITBUCKET: "BITBUCKET_TOKEN",
}


@contextmanager
def posting(forge: Forge) -> Iterator[Poster]:
    with serving(forge):
        yield Poster(forge, {VARIABLE[forge.host]: TOKEN})


LISTS = {Github: 1, Gitlab: 1, BitbucketCloud: 1, BitbucketServer: 2}
"""How many requests it takes to list one comment."""


def texts(forge: Forge) -> list[str]:
    return [kept.text for kept in forge.comments]


@each_host
def test_the_first_run_creates_a_comment_and_the_next_updates_it(kind: type[Forge]) -> None:
    with posting(kind()) as post:
        created = post(report("one"))
        updated = post(report("two"))
    assert (created.action, updated.action) == (Action.CREATED, Action.UPDATED)
    assert created.url == updated.url
    assert created.url.startswith("https://")
    assert texts(post.forge) == [report("two")]


@each_host
def test_a_comment_that_says_so_already_is_not_written(kind: type[Forge]) -> None:
    forge = kind()
    forge.add(report("one").replace("\n", "\r\n"))
    with posting(forge) as post:
        assert post(report("one")).action is Action.UNCHANGED
    assert not forge.writes


@each_host
def test_all_pages_are_searched_and_the_oldest_is_kept(kind: type[Forge]) -> None:
    forge = kind()
    for _ in range(5):
        forge.add("LGTM", "somebody")
    kept = forge.add(report("old"))
    forge.add("LGTM", "somebody")
    forge.add(report("old twin"))
    forge.add(report("old triplet"))
    with posting(forge) as post:
        posted = post(report("new"))
        again = post(report("newer"))
    assert (posted.action, posted.superseded) == (Action.UPDATED, 2)
    assert (again.action, again.superseded) == (Action.UPDATED, 0)
    assert kept.text == report("newer")
    assert [MARKER in text for text in texts(forge)].count(True) == 1
    assert len(forge.comments) == 9
    assert "kept up to date in [an earlier comment](https://" in forge.comments[-1].text


@each_host
def test_what_another_author_or_a_quote_says_is_left_alone(kind: type[Forge]) -> None:
    forge = kind()
    forge.add(report("forged"), "mallory")
    forge.add(f"> {MARKER}\n\nwhat is this?")
    forge.add(f"{MARKER} is hidden")
    forge.add(report("another key").replace(":gw", ":gw2"))
    before = texts(forge)
    with posting(forge) as post:
        assert post(report("mine")).action is Action.CREATED
    assert texts(forge) == [*before, report("mine")]


@each_host
def test_nothing_to_tell_creates_no_comment_but_replaces_an_outdated_one(kind: type[Forge]) -> None:
    with posting(kind()) as post:
        assert post(report("nothing"), first=False).action is Action.NOTHING
        assert not post.forge.writes
        post(report("changes"))
        assert post(report("nothing"), first=False).action is Action.UPDATED
    assert texts(post.forge) == [report("nothing")]


@each_host
@pytest.mark.parametrize("status", [403, 404])
def test_a_token_that_may_not_create_is_no_failure(kind: type[Forge], status: int) -> None:
    forge = kind()
    forge.fail("POST .*comments|POST .*notes", Said(status, {"message": f"no {TOKEN} for you"}))
    with posting(forge) as post:
        posted = post(report("one"))
    assert posted.action is Action.FORBIDDEN
    assert posted.message == f"no [token] for you (HTTP {status})"
    assert not forge.comments


@pytest.mark.parametrize("kind", [kind for kind in FORGES if kind is not BitbucketCloud])
def test_a_token_that_may_not_update_is_no_failure_and_no_second_comment(kind: type[Forge]) -> None:
    forge = kind()
    forge.add(report("old"))
    forge.fail("(PATCH|PUT) .*", Said(403, {"message": "no"}))
    with posting(forge) as post:
        assert post(report("new")).action is Action.FORBIDDEN
    assert texts(forge) == [report("old")]


@each_host
def test_a_token_that_may_not_read_comments_is_no_failure(kind: type[Forge]) -> None:
    forge = kind()
    forge.fail("GET .*(comments|notes|activities)", Said(403, {"message": "no"}))
    with posting(forge) as post:
        assert post(report("new")).action is Action.FORBIDDEN


@each_host
def test_a_comment_that_went_away_meanwhile_is_created_anew(kind: type[Forge]) -> None:
    forge = kind()
    forge.add(report("old"))

    def remove(heard: Heard) -> None:
        if heard.method in {"PATCH", "PUT"}:
            forge.comments.clear()

    forge.before = remove
    with posting(forge) as post:
        assert post(report("new")).action is Action.CREATED
    assert texts(forge) == [report("new")]


@each_host
def test_a_comment_that_no_list_shows_was_created_all_the_same(kind: type[Forge]) -> None:
    forge = kind()

    def remove(heard: Heard) -> None:
        if heard.method == "GET":
            forge.comments.clear()

    forge.before = remove
    with posting(forge) as post:
        assert post(report("new")).action is Action.CREATED


@each_host
def test_a_comment_that_somebody_removes_again_is_told(kind: type[Forge]) -> None:
    forge = kind()
    forge.fail("POST .*", Said(0, "done", cut=True))
    seen: list[int] = []

    def remove(heard: Heard) -> None:
        """It is gone at the second list after it was created."""
        seen.append(bool(forge.comments) and heard.path.endswith(("comments", "notes", "ities")))
        if sum(seen) > LISTS[kind]:
            forge.comments.clear()

    forge.before = remove
    with posting(forge) as post, pytest.raises(GatewayError, match="gone right after"):
        post(report("new"))


@each_host
def test_an_older_one_that_appears_meanwhile_is_the_one_that_is_kept(kind: type[Forge]) -> None:
    forge = kind()

    def overtake(heard: Heard) -> None:
        if heard.method == "POST" and not forge.comments:
            forge.add(report("of the other run"))

    forge.before = overtake
    with posting(forge) as post:
        posted = post(report("mine"))
    assert (posted.action, posted.superseded) == (Action.UPDATED, 1)
    assert forge.comments[0].text == report("mine")
    assert MARKER not in forge.comments[1].text


@each_host
def test_two_runs_that_race_leave_one_verdict(kind: type[Forge]) -> None:
    forge = kind()
    meeting = threading.Barrier(2, timeout=10)
    listed: set[int] = set()

    def meet(heard: Heard) -> None:
        """Both runs see an empty list before either creates a comment."""
        if heard.method == "POST" and len(listed) < 2:
            listed.add(threading.get_ident())
            meeting.wait()

    forge.before = meet
    with posting(forge) as post:
        runs = [threading.Thread(target=post, args=(report(name),)) for name in ("a", "b")]
        for run in runs:
            run.start()
        for run in runs:
            run.join(20)
        assert len(forge.comments) == 2
        oldest, later = forge.comments
        assert oldest.text in {report("a"), report("b")}
        assert MARKER not in later.text
        assert post(report("next")).superseded == 0
    assert oldest.text == report("next")


@each_host
def test_a_created_comment_whose_answer_got_lost_is_found_again(kind: type[Forge]) -> None:
    forge = kind()
    forge.fail("POST .*", Said(0, "done", cut=True))
    with posting(forge) as post:
        assert post(report("one")).action is Action.CREATED
    assert texts(forge) == [report("one")]


@each_host
def test_a_comment_that_was_lost_is_sent_again(kind: type[Forge]) -> None:
    forge = kind()
    forge.fail("POST .*", Said(0, cut=True), Said(502, b"<html>bad gateway</html>"))
    with posting(forge) as post:
        assert post(report("one")).action is Action.CREATED
    assert texts(forge) == [report("one")]


@each_host
def test_a_host_that_loses_every_comment_is_given_up(kind: type[Forge]) -> None:
    forge = kind()
    forge.fail("POST .*", *[Said(500)] * 3)
    with posting(forge) as post, pytest.raises(LostError, match="HTTP 500") as caught:
        post(report("one"))
    assert caught.value.exit_code == 69


@each_host
def test_reads_and_updates_are_tried_again(kind: type[Forge]) -> None:
    forge = kind()
    forge.add(report("old"))
    forge.fail("GET .*(comments|notes|activities)", Said(502), Said(0, cut=True), Said(503))
    forge.fail("(PATCH|PUT) .*", Said(500), Said(0, "done", cut=True))
    with posting(forge) as post:
        assert post(report("new")).action is Action.UPDATED
    assert texts(forge) == [report("new")]
    assert post.waits.seconds == [0.5, 1.0, 2.0, 0.5, 1.0]


LIMITED = {
    "429 with seconds": (Said(429, {}, {"Retry-After": "7"}), 7.0),
    "429 with a date": (Said(429, {}, {"Retry-After": "Mon, 12 Jan 1970 13:46:50 GMT"}), 10.0),
    "429 with a date that can't be": (Said(429, {}, {"Retry-After": "soon"}), 60.0),
    "429 without a time": (Said(429, {}), 60.0),
    "GitHub's limit per hour": (
        Said(403, {}, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": f"{NOW + 30:.0f}"}),
        31.0,
    ),
    "GitHub's secondary limit": (Said(403, {}, {"Retry-After": "20"}), 20.0),
    "GitHub's secondary limit in words": (
        Said(403, {"message": "You have exceeded a secondary rate limit."}),
        60.0,
    ),
    "GitLab's limit": (Said(429, {}, {"RateLimit-Reset": f"{NOW + 3:.0f}"}), 4.0),
    "a limit that is over by now": (Said(429, {}, {"RateLimit-Reset": "1"}), 1.0),
}


@pytest.mark.parametrize("sentence", LIMITED)
@each_host
def test_a_rate_limit_is_waited_out(kind: type[Forge], sentence: str) -> None:
    said, seconds = LIMITED[sentence]
    forge = kind()
    forge.fail("GET .*(comments|notes|activities)", said)
    forge.fail("POST .*", said)
    with posting(forge) as post:
        assert post(report("one")).action is Action.CREATED
    assert post.waits.seconds == [seconds, seconds]
    assert texts(forge) == [report("one")]


def test_a_rate_limit_of_an_hour_is_not_waited_out() -> None:
    forge = Github()
    forge.fail("GET .*comments", Said(429, {}, {"Retry-After": f"{LONGEST_WAIT + 1}"}))
    with posting(forge) as post, pytest.raises(GatewayError, match="HTTP 429"):
        post(report("one"))
    assert not post.waits.seconds


FAILURES: dict[str, tuple[Said, type[ReconcilerError], int, str]] = {
    "a rejected token": (Said(401, {"message": "Bad credentials"}), AccessError, 77, "rejected"),
    "an unknown pull request": (Said(404, {"message": "Not Found"}), AccessError, 77, "no such"),
    "a redirect": (Said(302, {}, {"Location": f"http://x/{TOKEN}"}), GatewayError, 69, "HTTP 302"),
    "a page of HTML": (Said(200, b"<html>login</html>"), GatewayError, 69, "understood"),
    "another kind of JSON": (Said(200, {"values": 5}), GatewayError, 69, "understood"),
    "items of another kind": (Said(200, [5]), GatewayError, 69, "understood"),
    "a comment without an id": (
        Said(200, {"values": [{"id": "x", "action": "COMMENTED", "comment": {"id": "x"}}]}),
        GatewayError,
        69,
        "understood",
    ),
    "JSON that is nested too deeply": (Said(200, b"[" * 100_000), GatewayError, 69, "understood"),
    "a failure in words": (
        Said(400, {"errors": [{"message": f"x {TOKEN} {'y' * 600}"}]}),
        GatewayError,
        69,
        "x .token. yyy",
    ),
    "GitLab's words of a member": (
        Said(422, {"message": {"note": ["is too long"]}}),
        GatewayError,
        69,
        r"is too long \(HTTP 422\)",
    ),
    "words of no known form": (Said(400, {"a": {"b": 5}}), GatewayError, 69, ": HTTP 400"),
}


@pytest.mark.parametrize("sentence", FAILURES)
@each_host
def test_a_host_that_is_of_no_use_is_told(kind: type[Forge], sentence: str) -> None:
    said, error, code, words = FAILURES[sentence]
    forge = kind()
    forge.fail("GET .*(comments|notes|activities)", *[said] * MAX_ATTEMPTS)
    with posting(forge) as post, pytest.raises(error, match=words) as caught:
        post(report("one"))
    assert caught.value.exit_code == code
    assert caught.value.fix
    assert TOKEN not in str(caught.value) + "".join(post.trace)
    assert not forge.writes


@each_host
def test_a_host_nobody_reaches_is_told_after_trying_again(kind: type[Forge]) -> None:
    forge = kind()
    with posting(forge) as post:
        pass
    with pytest.raises(GatewayError, match="tried 5 times") as caught:
        post(report("one"))
    assert caught.value.exit_code == 69
    assert post.waits.seconds == [0.5, 1.0, 2.0, 4.0]


def test_a_wait_that_is_broken_off_ends_the_trying() -> None:
    forge = Github()
    forge.fail("GET .*", Said(502))
    with serving(forge):
        proof = find_proof(Host.GITHUB, {"GH_TOKEN": TOKEN})
        pace = Pace(wait=lambda _: True)
        with (
            open_thread(forge.target, proof, pace=pace) as thread,
            pytest.raises(GatewayError, match="tried once"),
        ):
            post_or_update(thread, MARKER, report("one"))


@each_host
def test_pages_that_go_in_circles_end(kind: type[Forge], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.hosts.paging.MAX_PAGES", 3)
    forge = kind()
    for _ in range(9):
        forge.add("LGTM", "somebody")
    with posting(forge) as post, pytest.raises(GatewayError, match="does not end after 3 pages"):
        post(report("one"))
    assert not forge.writes


@each_host
def test_the_token_is_in_no_trace_and_goes_nowhere_else(kind: type[Forge]) -> None:
    forge = kind()
    for _ in range(3):
        forge.add("LGTM", "somebody")
    with posting(forge) as post:
        post(report("one"))
        shown = repr(find_proof(forge.host, post.environment)) + "\n".join(post.trace)
    assert TOKEN not in shown
    assert len(post.trace) == len(forge.heard)
    assert all(TOKEN not in heard.path for heard in forge.heard)


@pytest.mark.parametrize(
    ("me", "author"),
    [("github-actions[bot]", "github-actions[bot]"), ("My-App[bot]", "my-app[bot]")],
)
def test_an_app_learns_from_graphql_who_it_is(me: str, author: str) -> None:
    forge = Github(me=me)
    forge.app = True
    forge.add(report("a person of the same name"), me.removesuffix("[bot]"))
    kept = forge.add(report("old"), author)
    with posting(forge) as post:
        assert post(report("new")).action is Action.UPDATED
    assert kept.text == report("new")


@pytest.mark.parametrize("said", [Said(404, {}), Said(200, {"errors": []}), Said(200, [])])
def test_where_nobody_tells_an_app_is_github_actions(said: Said) -> None:
    forge = Github(me="github-actions[bot]")
    forge.app = True
    forge.fail("POST /api/graphql", said)
    kept = forge.add(report("old"))
    with posting(forge) as post:
        assert post(report("new")).action is Action.UPDATED
    assert kept.text == report("new")


def test_the_api_of_github_com_has_its_graphql_beside_it() -> None:
    forge = Github(me="github-actions[bot]")
    forge.app = True
    with serving(forge):
        target = replace(forge.target, api=forge.url.removesuffix("/api/v3"))
        proof = find_proof(Host.GITHUB, {"GH_TOKEN": TOKEN})
        with open_thread(target, proof) as thread, pytest.raises(AccessError):
            post_or_update(thread, MARKER, report("one"))
    assert forge.heard[0].path == "/user"


def test_a_comment_whose_author_is_gone_is_nobody_s() -> None:
    forge = Github()
    forge.add(report("of a ghost"), "")
    with posting(forge) as post:
        assert post(report("mine")).action is Action.CREATED


def test_notes_of_gitlab_itself_are_no_comments() -> None:
    forge = Gitlab()
    forge.add(report("system"), system=True)
    with posting(forge) as post:
        assert post(report("mine")).action is Action.CREATED


@pytest.mark.parametrize("more", [{"deleted": True}, {"inline": {"path": "a"}}])
def test_deleted_and_inline_comments_of_bitbucket_are_left_alone(more: dict[str, Any]) -> None:
    forge = BitbucketCloud()
    forge.add(report("old"), **more)
    with posting(forge) as post:
        assert post(report("mine")).action is Action.CREATED
    assert forge.comments[0].text == report("old")


def test_comments_on_lines_of_bitbucket_data_center_are_left_alone() -> None:
    forge = BitbucketServer()
    forge.add(report("old"), commentAnchor={"path": "a"})
    with posting(forge) as post:
        assert post(report("mine")).action is Action.CREATED


@pytest.mark.parametrize("kind", [BitbucketCloud, BitbucketServer])
def test_where_nobody_tells_who_we_are_the_host_lets_only_authors_edit(kind: type[Forge]) -> None:
    forge = kind()
    setattr(forge, "access_token", True)  # noqa: B010
    setattr(forge, "names_me", False)  # noqa: B010
    forge.add(report("forged"), "mallory")
    with posting(forge) as post:
        assert post(report("one")).action is Action.CREATED
        assert post(report("two")).action is Action.UPDATED
    assert texts(forge) == [report("forged"), report("two")]


def test_a_user_name_stands_in_where_bitbucket_data_center_is_silent() -> None:
    forge = BitbucketServer()
    forge.names_me = False
    basic = base64.b64encode(f"{forge.me}:{TOKEN}".encode()).decode()
    forge.header = ("authorization", f"Basic {basic}")
    forge.add(report("forged"), "mallory")
    with posting(forge) as post:
        post.environment["BITBUCKET_USERNAME"] = forge.me
        assert post(report("one")).action is Action.CREATED
    assert not [heard for heard in forge.heard if heard.method == "PUT"]


def test_an_update_follows_the_version_of_the_comment() -> None:
    forge = BitbucketServer()
    kept = forge.add(report("old"))
    conflicts = iter([1, 1])

    def edit(heard: Heard) -> None:
        if heard.method == "PUT" and next(conflicts, 0):
            kept.version += 1

    forge.before = edit
    with posting(forge) as post:
        assert post(report("new")).action is Action.UPDATED
    assert forge.writes == ["PUT", "PUT", "PUT"]
    assert kept.text == report("new")


def test_an_update_that_is_overtaken_for_ever_is_given_up() -> None:
    forge = BitbucketServer()
    kept = forge.add(report("old"))

    def edit(heard: Heard) -> None:
        kept.version += heard.method == "PUT"

    forge.before = edit
    with posting(forge) as post, pytest.raises(GatewayError, match="HTTP 409"):
        post(report("new"))
    assert forge.writes == ["PUT"] * 3


@each_host
def test_a_twin_that_may_not_be_changed_stays(kind: type[Forge]) -> None:
    forge = kind()
    forge.add(report("one"))
    forge.add(report("twin"))
    forge.fail("(PATCH|PUT) .*", Said(404, {}))
    with posting(forge) as post:
        posted = post(report("one"))
    assert (posted.action, posted.superseded) == (Action.UNCHANGED, 0)


def test_a_denial_ends_in_the_code_of_access() -> None:
    assert DeniedError("no", fix="ask", message="").exit_code == 77
