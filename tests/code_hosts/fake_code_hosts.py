"""ServerState-ins for the comment APIs of GitHub, GitLab and Bitbucket, on loopback.

Each keeps one pull request's comments, pages them as its host does, and can be told to fail.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from inject import FIELD
from planted_secrets import MARK

from reconciler.code_hosts.model import Host, PullRequest

TOKEN = f"tok-4f9a.secret-of-a-host-{MARK}"
PAGE = 2
"""Every stand-in gives so few comments per page, whatever it is asked for."""
MERGED = "c" * 40
"""A commit that was merged with the pull request; any other came without one."""
ELSEWHERE = "http://elsewhere.invalid"
"""What a host behind a proxy may call itself; nobody can reach it."""

Json = Any

NOW = 1_000_000.0
"""What time it is on the servers, in seconds since the epoch."""


@dataclass(frozen=True)
class Said:
    """One answer."""

    status: int
    body: Json = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False


@dataclass(frozen=True)
class Heard:
    """One request."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Json


@dataclass
class Kept:
    """One comment as the host keeps it."""

    id: int
    author: str
    text: str
    version: int = 0
    more: dict[str, Json] = field(default_factory=dict)


@dataclass
class FakeCodeHost:
    """What all hosts have in common."""

    me: str = "reconciler-bot"
    comments: list[Kept] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    faults: list[tuple[str, Said]] = field(default_factory=list)
    before: Callable[[Heard], None] = lambda _: None
    lock: Any = field(default_factory=threading.RLock)
    last: int = 0
    port: int = 0

    host = Host.GITHUB
    root = ""
    header = ("authorization", f"Bearer {TOKEN}")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.root}"

    @property
    def target(self) -> PullRequest:
        return PullRequest(self.host, self.url, "acme/keys", 7, "https://git.example/page")

    @property
    def writes(self) -> list[str]:
        return [
            one.method for one in self.heard if one.method != "GET" and "graphql" not in one.path
        ]

    def add(self, text: str, author: str | None = None, **more: Json) -> Kept:
        with self.lock:
            self.last += 1
            kept = Kept(self.last, self.me if author is None else author, text, more=more)
            self.comments.append(kept)
            return kept

    def fail(self, request: str, *answers: Said) -> None:
        """Answer the next requests like this, by ``METHOD path`` as a regular expression."""
        self.faults += [(request, answer) for answer in answers]

    def answer(self, heard: Heard) -> Said:
        self.heard.append(heard)
        self.before(heard)
        with self.lock:
            for place, (request, said) in enumerate(self.faults):
                if re.fullmatch(request, f"{heard.method} {heard.path}"):
                    del self.faults[place]
                    if said.cut and said.body == "done":
                        self.route(heard)
                    return said
            if heard.headers.get(self.header[0]) != self.header[1]:
                return Said(401, {"message": f"bad credentials {TOKEN}"})
            return self.route(heard)

    def route(self, heard: Heard) -> Said:
        raise NotImplementedError

    def find(self, identifier: str) -> Kept | None:
        return next((kept for kept in self.comments if str(kept.id) == identifier), None)

    def page(self, number: int) -> tuple[list[Kept], bool]:
        """One page, and whether another follows."""
        start = (number - 1) * PAGE
        return self.comments[start : start + PAGE], len(self.comments) > start + PAGE


class Github(FakeCodeHost):
    host = Host.GITHUB
    root = "/api/v3"
    app = False
    """Whether the token is an app's: then only GraphQL tells whose."""

    def shown(self, kept: Kept) -> Json:
        url = f"https://git.example/acme/keys/pull/7#issuecomment-{kept.id}"
        user = {"login": kept.author} if kept.author else None
        return {"id": kept.id, "user": user, "body": kept.text, "html_url": url, **kept.more}

    def route(self, heard: Heard) -> Said:
        place = f"{heard.method} {heard.path}"
        if place == "GET /api/v3/user":
            if self.app:
                return Said(403, {"message": "Resource not accessible by integration"})
            return Said(200, {"login": self.me})
        if place == "POST /api/graphql":
            return Said(200, {"data": {"viewer": {"login": self.me.removesuffix("[bot]")}}})
        if heard.path.startswith("/api/v3/repos/acme/keys/commits/"):
            later = {"number": 9, "merged_at": "2026-01-02T03:04:05Z", "merge_commit_sha": "d" * 40}
            proposed = {"number": 8, "merged_at": None, "merge_commit_sha": MERGED}
            ours = {"number": 7, "merged_at": "2026-01-01T03:04:05Z", "merge_commit_sha": MERGED}
            return Said(200, [proposed, later, ours] if MERGED in heard.path else [proposed])
        if place == "GET /api/v3/repos/acme/keys/issues/7/comments":
            return self.listing(heard)
        if place == "POST /api/v3/repos/acme/keys/issues/7/comments":
            return Said(201, self.shown(self.add(heard.body["body"])))
        match = re.fullmatch(r"PATCH /api/v3/repos/acme/keys/issues/comments/(\d+)", place)
        kept = self.find(match[1]) if match else None
        if kept is None:
            return Said(404, {"message": "Not Found"})
        kept.text = heard.body["body"]
        return Said(200, self.shown(kept))

    def listing(self, heard: Heard) -> Said:
        number = int(heard.query.get("page", "1"))
        found, more = self.page(number)
        links = [f'<{ELSEWHERE}/x?per_page=100&page=1>; rel="first"']
        if more:
            links.append(f'<{ELSEWHERE}/x?per_page=100&page={number + 1}>; rel="next"')
        return Said(200, [self.shown(kept) for kept in found], {"Link": ", ".join(links)})


class Gitlab(FakeCodeHost):
    host = Host.GITLAB
    root = "/api/v4"
    header = ("private-token", TOKEN)

    def shown(self, kept: Kept) -> Json:
        author = {"id": 1, "username": kept.author}
        return {"id": kept.id, "author": author, "body": kept.text, "system": False, **kept.more}

    def route(self, heard: Heard) -> Said:
        place = f"{heard.method} {heard.path}"
        notes = "/api/v4/projects/acme%2Fkeys/merge_requests/7/notes"
        if place == "GET /api/v4/user":
            return Said(200, {"id": 1, "username": self.me})
        if heard.path.startswith("/api/v4/projects/acme%2Fkeys/repository/commits/"):
            proposed = {"iid": 8, "state": "opened"}
            ours = {"iid": 7, "state": "merged", "web_url": "https://git.example/-/mr/7"}
            return Said(200, [proposed, ours] if MERGED in heard.path else [proposed])
        if place == f"GET {notes}":
            assert heard.query["sort"] == "asc"
            number = int(heard.query.get("page", "1"))
            found, more = self.page(number)
            following = str(number + 1) if more else ""
            return Said(200, [self.shown(kept) for kept in found], {"X-Next-Page": following})
        if place == f"POST {notes}":
            return Said(201, self.shown(self.add(heard.body["body"])))
        match = re.fullmatch(rf"PUT {re.escape(notes)}/(\d+)", place)
        kept = self.find(match[1]) if match else None
        if kept is None:
            return Said(404, {"message": "404 Not found"})
        kept.text = heard.body["body"]
        return Said(200, self.shown(kept))


class BitbucketCloud(FakeCodeHost):
    host = Host.BITBUCKET
    root = "/2.0"
    access_token = False
    """Whether the token is a repository's own: it may not ask whose it is."""

    def shown(self, kept: Kept) -> Json:
        return {
            "id": kept.id,
            "user": {"uuid": kept.author},
            "content": {"raw": kept.text, "markup": "markdown"},
            "deleted": False,
            "links": {"html": {"href": f"https://bb.example/comment-{kept.id}"}},
            **kept.more,
        }

    def route(self, heard: Heard) -> Said:
        place = f"{heard.method} {heard.path}"
        path = "/2.0/repositories/acme/keys/pullrequests/7/comments"
        if place == "GET /2.0/user":
            if self.access_token:
                return Said(
                    403, {"type": "error", "error": {"message": "scope account is missing"}}
                )
            return Said(200, {"uuid": self.me})
        if heard.path.startswith("/2.0/repositories/acme/keys/commit/"):
            ours = {"id": 7, "links": {"html": {"href": "https://bb.example/7"}}}
            return Said(200, {"values": [ours] if MERGED in heard.path else []})
        if place == f"GET {path}":
            number = int(heard.query.get("page", "1"))
            found, more = self.page(number)
            body: Json = {"pagelen": PAGE, "values": [self.shown(kept) for kept in found]}
            if more:
                body["next"] = f"{ELSEWHERE}/y?pagelen=100&page={number + 1}"
            return Said(200, body)
        if place == f"POST {path}":
            return Said(201, self.shown(self.add(heard.body["content"]["raw"])))
        match = re.fullmatch(rf"PUT {path}/(\d+)", place)
        kept = self.find(match[1]) if match else None
        if kept is None:
            return Said(404, {"type": "error", "error": {"message": "No such comment"}})
        if kept.author != self.me:
            return Said(403, {"type": "error", "error": {"message": "Only its author may edit it"}})
        kept.text = heard.body["content"]["raw"]
        return Said(200, self.shown(kept))


class BitbucketServer(FakeCodeHost):
    host = Host.BITBUCKET
    root = "/rest/api/1.0"
    names_me = True
    """Whether its answers say whose token it is; a proxy may take that out."""

    def shown(self, kept: Kept) -> Json:
        author = {"name": kept.author, "displayName": "Somebody"}
        return {"id": kept.id, "version": kept.version, "text": kept.text, "author": author}

    def route(self, heard: Heard) -> Said:
        said = self.routed(heard)
        named = {"X-AUSERNAME": self.me} if self.names_me else {}
        return Said(said.status, said.body, said.headers | named)

    def routed(self, heard: Heard) -> Said:
        place = f"{heard.method} {heard.path}"
        request = "/rest/api/1.0/projects/acme/repos/keys/pull-requests/7"
        if heard.path.startswith("/rest/api/1.0/projects/acme/repos/keys/commits/"):
            proposed, ours = {"id": 8, "state": "OPEN"}, {"id": 7, "state": "MERGED"}
            return Said(200, {"values": [proposed, *([ours] if MERGED in heard.path else [])]})
        if place == f"GET {request}":
            return Said(200, {"id": 7})
        if place == f"GET {request}/activities":
            return self.listing(int(heard.query.get("start", "0")))
        if place == f"POST {request}/comments":
            return Said(201, self.shown(self.add(heard.body["text"])))
        match = re.fullmatch(rf"(GET|PUT) {request}/comments/(\d+)", place)
        kept = self.find(match[2]) if match else None
        if match is None or kept is None:
            return Said(404, {"errors": [{"message": "No such comment"}]})
        if match[1] == "PUT":
            if kept.author != self.me:
                return Said(403, {"errors": [{"message": "Only its author may edit it"}]})
            if heard.body["version"] != kept.version:
                return Said(
                    409, {"errors": [{"message": "You are attempting to modify an old one"}]}
                )
            kept.text = heard.body["text"]
            kept.version += 1
        return Said(200, self.shown(kept))

    def listing(self, start: int) -> Said:
        """Newest first, and not only comments."""
        happened: list[Json] = [{"id": 1, "action": "OPENED"}]
        for kept in self.comments:
            item = {"action": "COMMENTED", "commentAction": "ADDED", "comment": self.shown(kept)}
            happened += [item | kept.more, {"action": "RESCOPED"}]
        happened.reverse()
        end = start + PAGE
        last = end >= len(happened)
        body: Json = {"values": happened[start:end], "isLastPage": last, "start": start}
        if not last:
            body["nextPageStart"] = end
        return Said(200, body)


class AzureRepos(FakeCodeHost):
    host = Host.AZURE
    root = "/tfs/Default Collection".replace(" ", "%20")

    def shown(self, kept: Kept) -> Json:
        comment = {"id": 1, "author": {"id": kept.author}, "content": kept.text}
        reply = {"id": 2, "parentCommentId": 1, "author": {"id": "x"}, "content": kept.text}
        return {"id": kept.id, "comments": [comment, reply], "threadContext": None, **kept.more}

    def route(self, heard: Heard) -> Said:
        root = "/tfs/Default Collection"
        repository = f"{root}/acme/_apis/git/repositories/keys"
        threads = f"{repository}/pullRequests/7/threads"
        place = f"{heard.method} {heard.path}"
        if place == f"GET {root}/_apis/connectionData":
            return Said(200, {"authenticatedUser": {"id": self.me}})
        assert heard.query == {"api-version": "7.0"}
        if place == f"POST {repository}/pullrequestquery":
            [query] = heard.body["queries"]
            ours = {MERGED: [{"pullRequestId": 7, "status": "completed"}]}
            return Said(200, {"results": [ours] if query["items"] == [MERGED] else [{}]})
        if place == f"GET {threads}":
            system = {"id": 900, "comments": [{"id": 1, "content": "Ada voted 10"}]}
            return Said(200, {"value": [system, *map(self.shown, self.comments)]})
        if place == f"POST {threads}":
            assert heard.body["status"] == "closed"
            posted = self.shown(self.add(heard.body["comments"][0]["content"]))
            return Said(200, posted | {"comments": posted["comments"][:1]})
        match = re.fullmatch(rf"PATCH {threads}/(\d+)/comments/1", place)
        kept = self.find(match[1]) if match else None
        if kept is None:
            return Said(404, {"message": "TF401 no such thread"})
        if kept.author != self.me:
            return Said(403, {"message": "TF401027: only its author may edit it"})
        kept.text = heard.body["content"]
        return Said(200, self.shown(kept)["comments"][0])


FORGES: tuple[type[FakeCodeHost], ...] = (
    Github,
    Gitlab,
    BitbucketCloud,
    BitbucketServer,
    AzureRepos,
)


@contextmanager
def serving(fake_host: FakeCodeHost) -> Iterator[FakeCodeHost]:
    """Serve a stand-in for as long as the context lasts."""

    class Answering(BaseHTTPRequestHandler):
        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string(NOW if timestamp is None else timestamp)

        def answer(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length", "0"))
            content = self.rfile.read(length)
            FIELD.scan(f"what {fake_host.host} is sent", f"{self.path}\n".encode() + content)
            said = fake_host.answer(
                Heard(
                    self.command,
                    parts.path if "%2F" in parts.path else unquote(parts.path),
                    {name: values[-1] for name, values in parse_qs(parts.query).items()},
                    {name.lower(): value for name, value in self.headers.items()},
                    json.loads(content) if content else None,
                )
            )
            if said.cut:
                return
            body = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
            self.send_response(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = answer  # noqa: N815 as http.server calls them

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        server.daemon_threads = False
        fake_host.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield fake_host
        finally:
            server.shutdown()
            thread.join()
