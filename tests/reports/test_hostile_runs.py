"""Hostile manifests, lists and answers, through whole runs on a gateway that is not there."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from ci_parsers import commands
from hostile_corpus import CORPUS, SURROGATES
from hostile_fields import LAST, VALUES, Filling, Word, plain, text_fields
from hostile_outputs import REPORTS, in_a_log, in_ascii, in_json, in_xml
from msgspec.structs import replace

from reconciler.cli.apply_run import ApplyOptions, apply_declared
from reconciler.cli.cancel import CancelToken
from reconciler.cli.console import Console
from reconciler.cli.session import Session
from reconciler.core.list_changes import list_changes
from reconciler.core.model import DeclaredJwk, DeclaredProject, LiveJwk, LiveProject, UnusableList
from reconciler.core.outcome import RunResult, UpdateResponse
from reconciler.core.plan import Plan
from reconciler.core.references.model import ProjectUses, ReferenceKind, Use
from reconciler.errors import Problem
from reconciler.gateway.client import Gateway, GatewayReader, GatewayWriter
from reconciler.gateway.policies import KeysToFind, ProxyUses
from reconciler.gateway.proxies import ProxyList
from reconciler.http.retries import RetryPolicy
from reconciler.manifests.export import manifest_of
from reconciler.reports import junit, plan_json
from reconciler.reports.plan_differences import differences
from reconciler.reports.problems import validity_members, validity_message

TEXTS = CORPUS | SURROGATES
SHOWN_BY = ("junit report", "GitHub's commands", "Azure's commands")
"""Besides what is printed: those whose texts are made up of several fields."""


SCRIPT, JOSE = ReferenceKind


class Reader(GatewayReader):
    """Gives one list after the other, and the last one for ever."""

    def __init__(self, lists: Sequence[Any]) -> None:
        self.lists = [*lists]

    def list_jwks(self, _project: str) -> Any:
        return self.lists.pop(0) if len(self.lists) > 1 else self.lists[0]

    def list_proxies(self, project: str) -> ProxyList:
        return ProxyList((project,), ((project, "the list is not whole"),))

    def proxy_uses(self, project: str, proxy: str, keys: KeysToFind) -> ProxyUses:
        """Users that break nothing, so that the run goes on, and hostile names of them."""
        use = Use(proxy=proxy, endpoint=project, policy=project, kind=JOSE, values=keys.ids)
        return ProxyUses((use, replace(use, kind=SCRIPT, values=keys.names)), (f"policy {proxy}",))


class Writer(GatewayWriter):
    """Always gives the same answer."""

    def __init__(self, answer: UpdateResponse) -> None:
        self.answer = answer

    def update(self, *_: object) -> UpdateResponse:
        return self.answer


@dataclass
class Scene:
    """What one run meets.

    Attributes:
        lists: what the gateway's list is, each time it is read.
    """

    declared: tuple[DeclaredProject, ...]
    lists: Sequence[LiveProject | UnusableList]
    answer: UpdateResponse
    printed: list[tuple[str, str]] = field(default_factory=list)

    def run(self, text: str, journal: Path | None = None, *, as_json: bool) -> Iterator[str]:
        """Apply; gives what harm is done."""
        out, err = io.StringIO(), io.StringIO()
        console = Console(json=as_json, verbosity=1, stdout=out, stderr=err)
        gateway = Gateway(
            text, Reader(self.lists), Writer(self.answer), RetryPolicy(lambda _: True)
        )
        options = ApplyOptions(auto_approve=True, no_input=True, keep_going=True, journal=journal)
        session = Session(gateway, text, console, CancelToken(console.note), 1)
        apply_declared(self.declared, options, session)
        self.printed += [("stdout", out.getvalue()), ("stderr", err.getvalue())]
        yield from (in_json if as_json else in_a_log)(out.getvalue()) + in_a_log(err.getvalue())
        for result in console.printed if as_json else ():
            assert isinstance(result, RunResult)
            for write, check in (REPORTS[name] for name in SHOWN_BY):
                shown = write(result)
                self.printed.append(("a report", shown))
                yield from check(shown)


def scenes(text: str, word: Word = plain) -> Iterator[Scene]:
    """Every way that a run with a text everywhere can take."""

    def written(text: str, field: str) -> str:
        # Manifests are UTF-8, so that half a pair comes from the gateway alone.
        halves = (
            field.startswith(("LiveJwk.", "UnusableList.", "UpdateResponse."))
            and field != "LiveJwk.kid"
        )
        return word(text if halves else re.sub("[\ud800-\udfff]", "?", text), field)

    filling = Filling([text], word=written)
    live: LiveJwk = filling.value(LiveJwk)
    listed: LiveProject = filling.value(LiveProject)
    project: DeclaredProject = filling.value(DeclaredProject)
    entry: DeclaredJwk = project.jwks[0]
    renamed = replace(entry, name=f"{entry.name}2", previous_names=(live.name,), kid=live.kid)

    def scene(entries: Sequence[DeclaredJwk], *lists: Any, number: int = 0) -> Scene:
        lives = [
            one if isinstance(one, UnusableList) else replace(listed, jwks=tuple(one))
            for one in lists
        ]
        answer = Filling([text], number, word).value(UpdateResponse)
        return Scene((replace(project, jwks=tuple(entries)),), lives, answer)

    saved = replace(live, name=renamed.name, description=renamed.description)
    strange = replace(live, name=f"{text}3", description=None)
    fault = filling.value(UnusableList)
    for number in range(LAST):
        lately = ([saved], [live], [strange], [], fault)[number % 5]
        yield scene([renamed], [live], [live], lately, number=number)
    yield scene([renamed], [live], [strange])
    yield scene([renamed], [live], [replace(live, **dict.fromkeys(OTHERS, f"{text}4"))])
    yield scene([entry], [strange])
    yield scene([renamed], [live, live])
    yield scene([renamed], [live, replace(saved, kid="other", id="other")])
    yield scene([replace(renamed, kid=f"{entry.name}5")], [live])
    yield scene([replace(renamed, kid=None)], [live, replace(saved, id="other")])
    yield scene([replace(renamed, allow_source_detach=False)], [replace(live, source_type="URL")])
    yield scene(
        [replace(renamed, kid=None, previous_names=(entry.name, strange.name))], [live, strange]
    )
    yield scene([replace(entry, name=live.name)], [live, replace(live, name=f"{text}6", id="6")])
    yield scene(
        [renamed], *(UnusableList(**{**_members(fault), "code": code}) for code in CODES[:1])
    )
    yield scene([renamed], UnusableList(**{**_members(fault), "code": CODES[1]}))


CODES: tuple[Any, Any] = ("project-unreadable", "unsafe-list")
OTHERS = ("description", "type", "project_id", "source_id", "source_url", "source_type")


def _members(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__struct_fields__}


@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
def test_no_run_does_more_than_to_be_read(
    as_json: bool, record_property: Callable[[str, object], None]
) -> None:
    wrong, cases = [], 0
    for name, text in TEXTS.items():
        for scene in scenes(text):
            cases += 1
            wrong += [(name, one) for one in scene.run(text, as_json=as_json)]
    record_property("cases", cases)
    assert wrong[:5] == []


def test_every_text_of_manifests_lists_and_answers_is_shown() -> None:
    """So that the runs above mean every field: one that is nowhere shown was nowhere tried."""
    marks: dict[str, str] = {}

    def marked(text: str, field: str) -> str:
        return text + marks.setdefault(field, f"q{len(marks):03}z")

    shown = ""
    for scene in scenes("x", marked):
        assert [*scene.run("x", as_json=False), *scene.run("x", as_json=True)] == []
        shown += "".join(text for _, text in scene.printed)
    unseen = {name for name, mark in marks.items() if mark not in shown}
    assert unseen == {"UnusableList.name"}  # the manifest's name of the project is shown


def test_every_value_is_part_of_some_output() -> None:
    inputs = (DeclaredProject, LiveProject, UnusableList, UpdateResponse, ProjectUses)
    roots = (RunResult, *inputs, Problem)
    reached = {name.partition(".")[0] for root in roots for name in text_fields(root)}
    textless = {name for name, kind in VALUES.items() if not text_fields(kind)}
    assert VALUES.keys() - reached - textless == {"JwkFields", "SourceLocation", "ReferenceCheck"}


def test_valid_manifests_are_reported() -> None:
    for text in CORPUS.values():
        projects = [Filling([text]).value(DeclaredProject)]
        assert in_json(plan_json.encode(validity_members(projects))) == []
        assert in_xml(junit.render_valid(projects)) == []
        assert in_a_log(f"{validity_message(projects)}\n") == []


def test_how_a_plan_differs_from_the_reviewed_one_is_shown() -> None:
    for text in TEXTS.values():
        other = Filling([f"{text}2"], 1).value(Plan)
        found = differences(Filling([text]).value(Plan), other)
        assert len(found) > 3
        assert in_a_log("".join(f"{one}\n" for one in found)) == []


@pytest.mark.parametrize("text", SURROGATES.values(), ids=SURROGATES)
def test_what_a_list_differs_by_can_be_shown(text: str) -> None:
    before = LiveProject("P", (LiveJwk("a", text, "1"),))
    after = LiveProject("P", (LiveJwk(text, None, "1"),))
    assert len(list_changes(before, after)) == 1


def test_an_exported_manifest_means_what_is_live_and_commands_nothing() -> None:
    for text in CORPUS.values():
        listed: LiveProject = Filling([text]).value(LiveProject)
        shown = manifest_of(listed).text
        assert commands(shown) == []
        read = yaml.safe_load(shown)
        assert read["metadata"]["name"] == text
        assert [entry["name"] for entry in read["spec"]["jwks"]] in ([text], [])


OWED = 5
"""The scene in which the key is saved, but not deployed everywhere."""
SENDABLE = 15
"""At least so many of the texts are names that a URL can hold."""


def test_a_journal_is_ascii(tmp_path: Path) -> None:
    sent = 0
    for number, text in enumerate(TEXTS.values()):
        journal = tmp_path / f"{number}.journal"
        scene = [*scenes(text)][OWED]
        assert [*scene.run("https://gateway", journal, as_json=True)] == []
        kept = journal.read_text(encoding="utf-8")
        assert in_ascii(kept) == []
        sent += '"sending"' in kept
    assert sent > SENDABLE
