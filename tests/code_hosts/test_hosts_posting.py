from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from fake_code_hosts import (
    FORGES,
    NOW,
    TOKEN,
    AzureRepos,
    BitbucketCloud,
    BitbucketServer,
    FakeCodeHost,
    Github,
    Gitlab,
    Heard,
    Said,
    serving,
)
from msgspec.structs import replace

from reconciler.code_hosts.client import LONGEST_WAIT
from reconciler.code_hosts.comments import post_or_update
from reconciler.code_hosts.credentials import find_credentials
from reconciler.code_hosts.hosts import host_retries, open_comments
from reconciler.code_hosts.model import Action, DeniedError, Host, LostError, OutdatedError, Posted
from reconciler.errors import AuthError, GatewayError, ReconcilerError
from reconciler.http.client import TransportOptions
from reconciler.http.retries import MAX_ATTEMPTS

MARKER = "<!-- reconciler:gw -->"

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
    fake_host: FakeCodeHost
    environment: dict[str, str]
    waits: Waits = field(default_factory=Waits)
    trace: list[str] = field(default_factory=list)

    def __call__(self, text: str, *, first: bool = True, marker: str = MARKER) -> Posted:
        credentials = find_credentials(self.fake_host.host, self.environment)
        retries = host_retries(self.waits, lambda: 1.0)
        options = TransportOptions(now=lambda: NOW, trace=self.trace.append)
        with open_comments(self.fake_host.target, credentials, retries, options) as comments:
            return post_or_update(comments, marker, text, first=first)


VARIABLE = {
    Host.GITHUB: "GITHUB_TOKEN",
    Host.GITLAB: "GITLAB_TOKEN",
    Host.BITBUCKET: "BITBUCKET_TOKEN",
    Host.AZURE: "SYSTEM_ACCESSTOKEN",
}


@contextmanager
def posting(fake_host: FakeCodeHost) -> Iterator[Poster]:
    with serving(fake_host):
        yield Poster(fake_host, {VARIABLE[fake_host.host]: TOKEN})


LISTS = {Github: 1, Gitlab: 1, BitbucketCloud: 1, BitbucketServer: 2, AzureRepos: 1}
"""How many requests it takes to list one comment."""


def texts(fake_host: FakeCodeHost) -> list[str]:
    return [kept.text for kept in fake_host.comments]


@each_host
def test_the_first_run_creates_a_comment_and_the_next_updates_it(kind: type[FakeCodeHost]) -> None:
    with posting(kind()) as post:
        created = post(report("one"))
        updated = post(report("two"))
    assert (created.action, updated.action) == (Action.CREATED, Action.UPDATED)
    assert created.url == updated.url
    assert created.url.startswith("https://")
    assert texts(post.fake_host) == [report("two")]


@each_host
def test_a_comment_that_says_so_already_is_not_written(kind: type[FakeCodeHost]) -> None:
    fake_host = kind()
    fake_host.add(report("one").replace("\n", "\r\n"))
    with posting(fake_host) as post:
        assert post(report("one")).action is Action.UNCHANGED
    assert not fake_host.writes


@each_host
def test_all_pages_are_searched_and_the_oldest_is_kept(kind: type[FakeCodeHost]) -> None:
    fake_host = kind()
    for _ in range(5):
        fake_host.add("LGTM", "somebody")
    kept = fake_host.add(report("old"))
    fake_host.add("LGTM", "somebody")
    fake_host.add(report("old twin"))
    fake_host.add(report("old triplet"))
    with posting(fake_host) as post:
        posted = post(report("new"))
        again = post(report("newer"))
    assert (posted.action, posted.superseded) == (Action.UPDATED, 2)
    assert (again.action, again.superseded) == (Action.UPDATED, 0)
    assert kept.text == report("newer")
    assert [MARKER in text for text in texts(fake_host)].count(True) == 1
    assert len(fake_host.comments) == 9
    assert "kept up to date in [an earlier comment](https://" in fake_host.comments[-1].text


@each_host
def test_what_another_author_or_a_quote_says_is_left_alone(kind: type[FakeCodeHost]) -> None:
    fake_host = kind()
    fake_host.add(report("forged"), "mallory")
    fake_host.add(f"> {MARKER}\n\nwhat is this?")
    fake_host.add(f"{MARKER} is hidden")
    fake_host.add(report("another key").replace(":gw", ":gw2"))
    before = texts(fake_host)
    with posting(fake_host) as post:
        assert post(report("mine")).action is Action.CREATED
    assert texts(fake_host) == [*before, report("mine")]


@each_host
def test_nothing_to_tell_creates_no_comment_but_replaces_an_outdated_one(
    kind: type[FakeCodeHost],
) -> None:
    with posting(kind()) as post:
        assert post(report("nothing"), first=False).action is Action.NOTHING
        assert not post.fake_host.writes
        post(report("changes"))
        assert post(report("nothing"), first=False).action is Action.UPDATED
    assert texts(post.fake_host) == [report("nothing")]


@each_host
@pytest.mark.parametrize("status", [403, 404])
def test_a_token_that_may_not_create_is_no_failure(kind: type[FakeCodeHost], status: int) -> None:
    fake_host = kind()
    fake_host.fail(
        "POST .*(comments|notes|threads)", Said(status, {"message": f"no {TOKEN} for you"})
    )
    with posting(fake_host) as post:
        posted = post(report("one"))
    assert posted.action is Action.FORBIDDEN
    assert posted.message == f"no [token] for you (HTTP {status})"
    assert not fake_host.comments


@pytest.mark.parametrize("kind", [kind for kind in FORGES if kind is not BitbucketCloud])
def test_an_outdated_comment_that_may_not_be_updated_is_a_failure_that_names_it(
    kind: type[FakeCodeHost],
) -> None:
    fake_host = kind()
    fake_host.add(report("old"))
    fake_host.fail("(PATCH|PUT) .*", Said(403, {"message": "no"}))
    with posting(fake_host) as post, pytest.raises(OutdatedError) as caught:
        post(report("new"))
    assert "Our comment at https://git.example/" in caught.value.what
    assert "no (HTTP 403)" in caught.value.what
    assert "still shows what an earlier run found" in caught.value.why
    assert texts(fake_host) == [report("old")]


@each_host
def test_a_token_that_may_not_read_comments_is_no_failure(kind: type[FakeCodeHost]) -> None:
    fake_host = kind()
    fake_host.fail("GET .*(comments|notes|activities|threads)", Said(403, {"message": "no"}))
    with posting(fake_host) as post:
        assert post(report("new")).action is Action.FORBIDDEN


@each_host
def test_a_comment_that_went_away_meanwhile_is_created_anew(kind: type[FakeCodeHost]) -> None:
    fake_host = kind()
    fake_host.add(report("old"))

    def remove(heard: Heard) -> None:
        if heard.method in {"PATCH", "PUT"}:
            fake_host.comments.clear()

    fake_host.before = remove
    with posting(fake_host) as post:
        assert post(report("new")).action is Action.CREATED
    assert texts(fake_host) == [report("new")]


@each_host
def test_a_comment_that_no_list_shows_was_created_all_the_same(kind: type[FakeCodeHost]) -> None:
    fake_host = kind()

    def remove(heard: Heard) -> None:
        if heard.method == "GET":
            fake_host.comments.clear()

    fake_host.before = remove
    with posting(fake_host) as post:
        assert post(report("new")).action is Action.CREATED


@each_host
def test_a_comment_that_somebody_removes_again_is_told(kind: type[FakeCodeHost]) -> None:
    fake_host = kind()
    fake_host.fail("POST .*", Said(0, "done", cut=True))
    seen: list[int] = []

    def remove(heard: Heard) -> None:
        """It is gone at the second list after it was created."""
        seen.append(
            bool(fake_host.comments)
            and heard.path.endswith(("comments", "notes", "ities", "threads"))
        )
        if sum(seen) > LISTS[kind]:
            fake_host.comments.clear()

    fake_host.before = remove
    with posting(fake_host) as post, pytest.raises(GatewayError, match="gone right after"):
        post(report("new"))


@each_host
def test_an_older_one_that_appears_meanwhile_is_the_one_that_is_kept(
    kind: type[FakeCodeHost],
) -> None:
    fake_host = kind()

    def overtake(heard: Heard) -> None:
        if heard.method == "POST" and not fake_host.comments:
            fake_host.add(report("of the other run"))

    fake_host.before = overtake
    with posting(fake_host) as post:
        posted = post(report("mine"))
    assert (posted.action, posted.superseded) == (Action.UPDATED, 1)
    assert fake_host.comments[0].text == report("mine")
    assert MARKER not in fake_host.comments[1].text


@each_host
def test_two_runs_that_race_leave_one_verdict(kind: type[FakeCodeHost]) -> None:
    fake_host = kind()
    meeting = threading.Barrier(2, timeout=10)
    listed: set[int] = set()

    def meet(heard: Heard) -> None:
        """Both runs see an empty list before either creates a comment."""
        if heard.method == "POST" and len(listed) < 2:
            listed.add(threading.get_ident())
            meeting.wait()

    fake_host.before = meet
    with posting(fake_host) as post:
        runs = [threading.Thread(target=post, args=(report(name),)) for name in ("a", "b")]
        for run in runs:
            run.start()
        for run in runs:
            run.join(20)
        assert len(fake_host.comments) == 2
        oldest, later = fake_host.comments
        assert oldest.text in {report("a"), report("b")}
        assert MARKER not in later.text
        assert post(report("next")).superseded == 0
    assert oldest.text == report("next")


@each_host
def test_a_created_comment_whose_answer_got_lost_is_found_again(kind: type[FakeCodeHost]) -> None:
    fake_host = kind()
    fake_host.fail("POST .*", Said(0, "done", cut=True))
    with posting(fake_host) as post:
        assert post(report("one")).action is Action.CREATED
    assert texts(fake_host) == [report("one")]


@each_host
def test_a_comment_that_was_lost_is_sent_again(kind: type[FakeCodeHost]) -> None:
    fake_host = kind()
    fake_host.fail("POST .*", Said(0, cut=True), Said(502, b"<html>bad gateway</html>"))
    with posting(fake_host) as post:
        assert post(report("one")).action is Action.CREATED
    assert texts(fake_host) == [report("one")]


@each_host
def test_a_host_that_loses_every_comment_is_given_up(kind: type[FakeCodeHost]) -> None:
    fake_host = kind()
    fake_host.fail("POST .*", *[Said(500)] * 3)
    with posting(fake_host) as post, pytest.raises(LostError, match="HTTP 500") as caught:
        post(report("one"))
    assert caught.value.exit_code == 69


@each_host
def test_reads_and_updates_are_tried_again(kind: type[FakeCodeHost]) -> None:
    fake_host = kind()
    fake_host.add(report("old"))
    fake_host.fail(
        "GET .*(comments|notes|activities|threads)", Said(502), Said(0, cut=True), Said(503)
    )
    fake_host.fail("(PATCH|PUT) .*", Said(500), Said(0, "done", cut=True))
    with posting(fake_host) as post:
        assert post(report("new")).action is Action.UPDATED
    assert texts(fake_host) == [report("new")]
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


@pytest.mark.parametrize("case", LIMITED)
@each_host
def test_a_rate_limit_is_waited_out(kind: type[FakeCodeHost], case: str) -> None:
    said, seconds = LIMITED[case]
    fake_host = kind()
    fake_host.fail("GET .*(comments|notes|activities|threads)", said)
    fake_host.fail("POST .*", said)
    with posting(fake_host) as post:
        assert post(report("one")).action is Action.CREATED
    assert post.waits.seconds == [seconds, seconds]
    assert texts(fake_host) == [report("one")]


def test_a_rate_limit_of_an_hour_is_not_waited_out() -> None:
    fake_host = Github()
    fake_host.fail("GET .*comments", Said(429, {}, {"Retry-After": f"{LONGEST_WAIT + 1}"}))
    with posting(fake_host) as post, pytest.raises(GatewayError, match="HTTP 429"):
        post(report("one"))
    assert not post.waits.seconds


FAILURES: dict[str, tuple[Said, type[ReconcilerError], int, str]] = {
    "a rejected token": (
        Said(401, {"message": "Bad credentials"}),
        AuthError,
        77,
        "rejected",
    ),
    "an unknown pull request": (
        Said(404, {"message": "Not Found"}),
        AuthError,
        77,
        "no such",
    ),
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


@pytest.mark.parametrize("case", FAILURES)
@each_host
def test_a_host_that_is_of_no_use_is_told(kind: type[FakeCodeHost], case: str) -> None:
    said, error, code, words = FAILURES[case]
    fake_host = kind()
    fake_host.fail("GET .*(comments|notes|activities|threads)", *[said] * MAX_ATTEMPTS)
    with posting(fake_host) as post, pytest.raises(error, match=words) as caught:
        post(report("one"))
    assert caught.value.exit_code == code
    assert caught.value.fix
    assert TOKEN not in str(caught.value) + "".join(post.trace)
    assert not fake_host.writes


@each_host
def test_a_host_nobody_reaches_is_told_after_trying_again(kind: type[FakeCodeHost]) -> None:
    fake_host = kind()
    with posting(fake_host) as post:
        pass
    with pytest.raises(GatewayError, match="tried 5 times") as caught:
        post(report("one"))
    assert caught.value.exit_code == 69
    assert post.waits.seconds == [0.5, 1.0, 2.0, 4.0]


def test_a_wait_that_is_broken_off_ends_the_trying() -> None:
    fake_host = Github()
    fake_host.fail("GET .*", Said(502))
    with serving(fake_host):
        credentials = find_credentials(Host.GITHUB, {"GH_TOKEN": TOKEN})
        retries = host_retries(lambda _: True)
        with (
            open_comments(fake_host.target, credentials, retries, TransportOptions()) as comments,
            pytest.raises(GatewayError, match="tried once"),
        ):
            post_or_update(comments, MARKER, report("one"))


# Azure gives all threads at once.
@pytest.mark.parametrize("kind", [kind for kind in FORGES if kind is not AzureRepos])
def test_pages_that_never_end_are_given_up(
    kind: type[FakeCodeHost], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.code_hosts.client.MAX_PAGES", 3)
    fake_host = kind()
    for _ in range(9):
        fake_host.add("LGTM", "somebody")
    with (
        posting(fake_host) as post,
        pytest.raises(GatewayError, match="does not end after 3 pages"),
    ):
        post(report("one"))
    assert not fake_host.writes


@each_host
def test_the_token_is_in_no_trace_and_goes_nowhere_else(kind: type[FakeCodeHost]) -> None:
    fake_host = kind()
    for _ in range(3):
        fake_host.add("LGTM", "somebody")
    with posting(fake_host) as post:
        post(report("one"))
        shown = repr(find_credentials(fake_host.host, post.environment)) + "\n".join(post.trace)
    assert TOKEN not in shown
    assert len(post.trace) == len(fake_host.heard)
    assert all(TOKEN not in heard.path for heard in fake_host.heard)


@pytest.mark.parametrize(
    ("me", "author"),
    [("github-actions[bot]", "github-actions[bot]"), ("My-App[bot]", "my-app[bot]")],
)
def test_an_app_learns_from_graphql_who_it_is(me: str, author: str) -> None:
    fake_host = Github(me=me)
    fake_host.app = True
    fake_host.add(report("a person of the same name"), me.removesuffix("[bot]"))
    kept = fake_host.add(report("old"), author)
    with posting(fake_host) as post:
        assert post(report("new")).action is Action.UPDATED
    assert kept.text == report("new")


@pytest.mark.parametrize("said", [Said(404, {}), Said(200, {"errors": []}), Said(200, [])])
def test_where_nobody_tells_an_app_is_github_actions(said: Said) -> None:
    fake_host = Github(me="github-actions[bot]")
    fake_host.app = True
    fake_host.fail("POST /api/graphql", said)
    kept = fake_host.add(report("old"))
    with posting(fake_host) as post:
        assert post(report("new")).action is Action.UPDATED
    assert kept.text == report("new")


def test_an_app_that_nobody_knows_learns_its_name_from_its_first_comment() -> None:
    fake_host = Github(me="our-app[bot]")
    fake_host.app = True
    fake_host.fail("POST /api/graphql", *[Said(403, {"message": "no"})] * 3)
    with posting(fake_host) as post:
        assert post(report("one")).action is Action.CREATED
        again = post(report("two"))
        assert (again.action, again.superseded) == (Action.UPDATED, 1)
        post(report("three"))
    assert [MARKER in text for text in texts(fake_host)] == [True, False, False]
    assert texts(fake_host)[0] == report("three")


def test_an_app_that_nobody_knows_posts_once_also_where_the_answer_is_lost() -> None:
    fake_host = Github(me="our-app[bot]")
    fake_host.app = True
    fake_host.fail("POST /api/graphql", Said(403, {"message": "no"}))
    fake_host.fail("POST .*comments", Said(0, "done", cut=True))
    with posting(fake_host) as post:
        assert post(report("one")).action is Action.CREATED
    assert texts(fake_host) == [report("one")]


def test_the_api_of_github_com_has_its_graphql_beside_it() -> None:
    fake_host = Github(me="github-actions[bot]")
    fake_host.app = True
    with serving(fake_host):
        target = replace(fake_host.target, api=fake_host.url.removesuffix("/api/v3"))
        credentials = find_credentials(Host.GITHUB, {"GH_TOKEN": TOKEN})
        retries = host_retries(lambda _: True)
        with (
            open_comments(target, credentials, retries, TransportOptions()) as comments,
            pytest.raises(AuthError),
        ):
            post_or_update(comments, MARKER, report("one"))
    assert fake_host.heard[0].path == "/user"


def test_a_comment_whose_author_is_gone_is_nobody_s() -> None:
    fake_host = Github()
    fake_host.add(report("of a ghost"), "")
    with posting(fake_host) as post:
        assert post(report("mine")).action is Action.CREATED


def test_notes_of_gitlab_itself_are_no_comments() -> None:
    fake_host = Gitlab()
    fake_host.add(report("system"), system=True)
    with posting(fake_host) as post:
        assert post(report("mine")).action is Action.CREATED


@pytest.mark.parametrize("more", [{"deleted": True}, {"inline": {"path": "a"}}])
def test_deleted_and_inline_comments_of_bitbucket_are_left_alone(more: dict[str, Any]) -> None:
    fake_host = BitbucketCloud()
    fake_host.add(report("old"), **more)
    with posting(fake_host) as post:
        assert post(report("mine")).action is Action.CREATED
    assert fake_host.comments[0].text == report("old")


def test_comments_on_lines_of_bitbucket_data_center_are_left_alone() -> None:
    fake_host = BitbucketServer()
    fake_host.add(report("old"), commentAnchor={"path": "a"})
    with posting(fake_host) as post:
        assert post(report("mine")).action is Action.CREATED


@pytest.mark.parametrize("kind", [BitbucketCloud, BitbucketServer])
def test_where_nobody_tells_who_we_are_the_host_lets_only_authors_edit(
    kind: type[FakeCodeHost],
) -> None:
    fake_host = kind()
    setattr(fake_host, "access_token", True)  # noqa: B010
    setattr(fake_host, "names_me", False)  # noqa: B010
    fake_host.add(report("forged"), "mallory")
    with posting(fake_host) as post:
        assert post(report("one")).action is Action.CREATED
        assert post(report("two")).action is Action.UPDATED
    assert texts(fake_host) == [report("forged"), report("two")]


def test_a_user_name_stands_in_where_bitbucket_data_center_is_silent() -> None:
    fake_host = BitbucketServer()
    fake_host.names_me = False
    basic = base64.b64encode(f"{fake_host.me}:{TOKEN}".encode()).decode()
    fake_host.header = ("authorization", f"Basic {basic}")
    fake_host.add(report("forged"), "mallory")
    with posting(fake_host) as post:
        post.environment["BITBUCKET_USERNAME"] = fake_host.me
        assert post(report("one")).action is Action.CREATED
    assert not [heard for heard in fake_host.heard if heard.method == "PUT"]


def test_an_update_follows_the_version_of_the_comment() -> None:
    fake_host = BitbucketServer()
    kept = fake_host.add(report("old"))
    conflicts = iter([1, 1])

    def edit(heard: Heard) -> None:
        if heard.method == "PUT" and next(conflicts, 0):
            kept.version += 1

    fake_host.before = edit
    with posting(fake_host) as post:
        assert post(report("new")).action is Action.UPDATED
    assert fake_host.writes == ["PUT", "PUT", "PUT"]
    assert kept.text == report("new")


def test_an_update_that_is_overtaken_for_ever_is_given_up() -> None:
    fake_host = BitbucketServer()
    kept = fake_host.add(report("old"))

    def edit(heard: Heard) -> None:
        kept.version += heard.method == "PUT"

    fake_host.before = edit
    with posting(fake_host) as post, pytest.raises(GatewayError, match="HTTP 409"):
        post(report("new"))
    assert fake_host.writes == ["PUT"] * 3


@each_host
def test_a_twin_that_may_not_be_changed_stays(kind: type[FakeCodeHost]) -> None:
    fake_host = kind()
    fake_host.add(report("one"))
    fake_host.add(report("twin"))
    fake_host.fail("(PATCH|PUT) .*", Said(404, {}))
    with posting(fake_host) as post:
        posted = post(report("one"))
    assert (posted.action, posted.superseded) == (Action.UNCHANGED, 0)


def test_a_denial_ends_in_the_code_of_access() -> None:
    assert DeniedError("no", fix="ask", message="").exit_code == 77
