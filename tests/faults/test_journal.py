"""The journal: what is pending survives whatever happens, and nothing else does."""

from __future__ import annotations

import fcntl
import json
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from ci_parsers import commands
from fault_harness import Harness, rigged
from fault_report_checks import on_every_gateway, unsettled
from fault_scenarios import Entry, Scenario, small

from reconciler.core.identity import Identity
from reconciler.core.model import LiveJwk, LiveProject
from reconciler.core.outcome import Outcome, StepOutcome
from reconciler.core.plan import JwkFields, Step
from reconciler.errors import UsageError
from reconciler.journal.entries import JournalEntry, decode, encode
from reconciler.journal.journal import Journal, open_journal, read_journal

HOST = "https://host/apiops"
ID: Identity = ("id", "1")


def step(jwk: str = "a", name: str = "b", *, temporary: bool = False) -> Step:
    return Step("P", jwk, JwkFields(name, None), name, temporary)


def pending(path: Path) -> list[tuple[str, ...]]:
    """The names of the keys whose deployment is pending, as a later run finds it."""
    with open_journal(path, HOST) as journal:
        return [one.names for one in journal.pending]


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@contextmanager
def killed(path: Path, gateway: str = HOST) -> Iterator[Journal]:
    """A journal whose run ends without closing it."""
    with suppress(KeyboardInterrupt), open_journal(path, gateway) as journal:
        yield journal
        raise KeyboardInterrupt


@contextmanager
def full_disk(path: Path, limit: int) -> Iterator[None]:
    """A limit on the size of files, for want of a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + limit, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


ONE_STEP = {
    "deployed": (True, Outcome.APPLIED, False),
    "not deployed": (False, Outcome.NOT_DEPLOYED, True),
    "rejected": (False, Outcome.FAILED, False),
    "never left": (False, Outcome.NOT_TRIED, False),
    "nobody knows": (False, Outcome.UNKNOWN, True),
    "deployed, and the list unreadable": (True, Outcome.UNKNOWN, True),
    "deployed, and changed by somebody else": (True, Outcome.CONFLICT, True),
}
"""What a step's answer said, what became of it, and whether its deployment is pending."""


@pytest.mark.parametrize(("deployed", "outcome", "expected"), ONE_STEP.values(), ids=ONE_STEP)
def test_what_is_pending_after_one_write(
    path: Path, deployed: bool, outcome: Outcome, expected: bool
) -> None:
    with open_journal(path, HOST) as journal:
        journal.sending(step(), ID)
        journal.answered(step(), deployed=deployed)
        journal.settled(StepOutcome(step(), outcome))
    assert pending(path) == ([("b", "a")] if expected else [])
    assert len(lines(path)) == 1 or expected


@pytest.mark.parametrize("answered", [False, True])
def test_a_run_killed_after_sending_is_pending_until_the_answer_is_known(
    path: Path, answered: bool
) -> None:
    with killed(path) as journal:
        journal.sending(step(), ID)
        if answered:
            journal.answered(step(), deployed=True)
    assert pending(path) == ([] if answered else [("b", "a")])


def test_one_line_before_each_write_and_one_after(path: Path) -> None:
    with killed(path) as journal:
        for number in range(3):
            one = step(f"a{number}", f"b{number}")
            journal.sending(one, ("id", str(number)))
            journal.answered(one, deployed=True)
            journal.settled(StepOutcome(one, Outcome.APPLIED))
    events = [json.loads(line).get("event") for line in lines(path)]
    assert events == [None, *["sending", "answered"] * 3]


FIRST, SECOND = step("y", "x.moving-1", temporary=True), step("x.moving-1", "x")
TWO_STEPS = {
    "both deployed": (True, Outcome.APPLIED, True, Outcome.APPLIED, False),
    "the second not deployed": (True, Outcome.APPLIED, False, Outcome.NOT_DEPLOYED, True),
    "the second rejected": (True, Outcome.APPLIED, False, Outcome.FAILED, False),
    "neither": (False, Outcome.NOT_DEPLOYED, False, Outcome.NOT_DEPLOYED, True),
    "only the second": (False, Outcome.APPLIED, True, Outcome.APPLIED, False),
    "the first not, the second rejected": (
        False,
        Outcome.NOT_DEPLOYED,
        False,
        Outcome.FAILED,
        True,
    ),
}


def test_a_pipeline_that_prints_a_journal_obeys_no_key_s_identity() -> None:
    identity = ("id", "##vso[task.complete]x")
    names = ("\u2028::error::", "ü")
    entry = JournalEntry("P", identity, names, event="sending", pending=True)
    line = encode(entry)
    assert line.isascii()
    assert commands(line.decode()) == []
    assert decode(line) == entry


@pytest.mark.parametrize(
    ("first_deployed", "first", "second_deployed", "second", "expected"),
    TWO_STEPS.values(),
    ids=TWO_STEPS.keys(),
)
def test_of_a_key_with_two_steps_the_later_word_stands(
    path: Path,
    first_deployed: bool,
    first: Outcome,
    second_deployed: bool,
    second: Outcome,
    expected: bool,
) -> None:
    with open_journal(path, HOST) as journal:
        for one, deployed in ((FIRST, first_deployed), (SECOND, second_deployed)):
            journal.sending(one, ID)
            journal.answered(one, deployed=deployed)
        journal.settled(StepOutcome(FIRST, first))
        journal.settled(StepOutcome(SECOND, second))
        assert bool(journal.pending) is expected
    assert bool(pending(path)) is expected


def test_killed_between_the_last_words_on_two_steps_a_key_is_still_pending(path: Path) -> None:
    with killed(path) as journal:
        for one, deployed in ((FIRST, True), (SECOND, False)):
            journal.sending(one, ID)
            journal.answered(one, deployed=deployed)
        journal.settled(StepOutcome(FIRST, Outcome.APPLIED))
    assert pending(path) == [("x", "x.moving-1")]


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.NOT_TRIED])
def test_what_was_pending_before_stays_pending_when_sending_again_fails(
    path: Path, outcome: Outcome
) -> None:
    for last in (Outcome.NOT_DEPLOYED, outcome):
        with open_journal(path, HOST) as journal:
            journal.sending(step(), ID)
            journal.answered(step(), deployed=False)
            journal.settled(StepOutcome(step(), last))
    assert pending(path) == [("b", "a")]


def left_pending(path: Path) -> bytes:
    """A journal with one pending deployment; its bytes."""
    with open_journal(path, HOST) as journal:
        journal.sending(step(), ID)
        journal.answered(step(), deployed=False)
        journal.settled(StepOutcome(step(), Outcome.NOT_DEPLOYED))
    return path.read_bytes()


def test_a_journal_cut_anywhere_is_readable_and_leaves_no_less_pending(path: Path) -> None:
    whole = left_pending(path)
    first = whole.index(b"\n") + 1
    sent = whole.index(b"\n", first) + 1
    for length in range(len(whole) + 1):
        path.write_bytes(whole[:length])
        assert bool(pending(path)) is (length >= sent), length
        assert path.read_bytes() in {whole[:sent], whole[:first], whole}


DAMAGED = {
    "no JSON": b"{nonsense\n",
    "no object": b"[]\n",
    "no event": b"{}\n",
    "an unknown event": b'{"event":"x","project":"P","identity":["id"],"names":[],"owed":true}\n',
    "a name that is none": b'{"event":"sending","project":"P","identity":["id","1"],"names":[3]}\n',
    "no names": b'{"event":"sending","project":"P","identity":["id","1"],"names":"a"}\n',
    "a project that is none": b'{"event":"sending","project":3}\n',
    "no former identity": (
        b'{"event":"recognised","project":"P","identity":["id","1"],"names":["a"],"owed":true}\n'
    ),
    "no UTF-8": b'{"event":"\xff"}\n',
    "nesting": b"[" * 100_000 + b"\n",
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED)
def test_damage_is_refused_but_for_the_last_line(path: Path, damage: bytes) -> None:
    whole = left_pending(path)
    header, *rest = whole.splitlines(keepends=True)
    path.write_bytes(header + damage + b"".join(rest))
    with (
        pytest.raises(UsageError, match=r"damaged in line 2.*--redeploy"),
        open_journal(path, HOST),
    ):
        pass
    assert path.read_bytes() == header + damage + b"".join(rest)
    path.write_bytes(whole + damage)
    assert pending(path) == [("b", "a")]
    assert path.read_bytes() == whole


STRANGERS = {
    "another gateway's": b'{"journal":1,"gateway":"https://other/apiops"}\n',
    "another version's": b'{"journal":2,"gateway":"https://host/apiops"}\n',
    "a text": b"some notes\nof mine\n",
    "a text whose last line is not ended": b"some notes\nof mine",
    "one line that is not ended": b"my-secret-token",
    "an empty line": b"\n",
}


@pytest.mark.parametrize("content", STRANGERS.values(), ids=STRANGERS)
def test_a_file_that_is_not_this_gateways_journal_is_refused_and_left_as_it_is(
    path: Path, content: bytes
) -> None:
    path.write_bytes(content)
    with (
        pytest.raises(UsageError, match="another gateway, or is no journal"),
        open_journal(path, HOST),
    ):
        pass
    assert path.read_bytes() == content


def test_a_journal_in_use_is_refused(path: Path) -> None:
    with (
        open_journal(path, HOST),
        pytest.raises(UsageError, match="in use by another run"),
        open_journal(path, HOST),
    ):
        pass
    assert pending(path) == []


@pytest.mark.parametrize("name", ["missing/journal", "file/journal", "."])
def test_a_journal_that_cannot_be_opened_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(UsageError, match=r"can't be opened.*Name a file"),
        open_journal(tmp_path / name, HOST),
    ):
        pass


def test_without_room_a_write_is_not_remembered_and_no_line_is_harmed(path: Path) -> None:
    with open_journal(path, HOST) as journal:
        journal.sending(step(), ID)
        journal.answered(step(), deployed=False)
        with full_disk(path, 20):
            for number in ("2", "3"):
                with pytest.raises(UsageError, match=r"can't be written.*Make room"):
                    journal.sending(step(f"a{number}", f"b{number}"), ("id", number))
    assert len(lines(path)[-1]) == 20
    assert pending(path) == [("b", "a")]


def test_without_room_for_its_first_line_a_journal_is_not_opened(path: Path) -> None:
    path.touch()
    with (
        full_disk(path, 10),
        pytest.raises(UsageError, match=r"can't be written.*Make room"),
        open_journal(path, HOST),
    ):
        pass


def test_a_journal_is_a_regular_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for place in (Path("/dev/null"), Path("/dev/full"), Path("/dev/zero"), tmp_path / "fifo"):
        with pytest.raises(UsageError, match="no regular file"), open_journal(place, HOST):
            pass


def test_a_key_without_id_and_kid_is_found_under_its_new_name(path: Path) -> None:
    by_name: Identity = ("name", "a", None, None)
    with open_journal(path, HOST) as journal:
        journal.sending(step(), by_name)
        journal.answered(step(), deployed=False)
        journal.settled(StepOutcome(step(), Outcome.NOT_DEPLOYED))
    live = LiveProject("P", (LiveJwk("b"), LiveJwk("c")))
    again = step("b", "b")
    with killed(path) as journal:
        assert journal.pending_names(live) == {"b"}
        assert journal.pending_names(LiveProject("Q", live.jwks)) == set()
    assert pending(path) == [("b",)]
    with open_journal(path, HOST) as journal:
        assert journal.pending_names(live) == {"b"}
        journal.sending(again, ("name", "b", None, None))
        journal.answered(again, deployed=True)
        journal.settled(StepOutcome(again, Outcome.APPLIED))
        assert journal.pending == ()


def test_a_key_that_is_gone_stays_pending(path: Path) -> None:
    left_pending(path)
    with open_journal(path, HOST) as journal:
        assert journal.pending_names(LiveProject("P", (LiveJwk("b", id="2"),))) == set()
    assert pending(path) == [("b", "a")]


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with rigged(small()) as harness:
        yield harness


def puts(harness: Harness) -> list[str]:
    return [request.path for request in harness.sandbox.requests if request.method == "PUT"]


def test_a_deployment_that_failed_is_settled_by_the_next_run_and_by_nothing_more(
    harness: Harness, path: Path
) -> None:
    harness.sandbox.admin.reset()
    harness.sandbox.admin.add_faults({"kind": "deploy-fails", "project": "Chain", "times": 5})
    assert harness.apply(journal=path).code == 4
    before = len(puts(harness))
    assert harness.apply(journal=path).code == 0
    assert puts(harness)[before:] == ["/apiops/projects/Chain/jwks/c4/"]
    assert list(unsettled(harness)) == []
    assert len(lines(path)) == 1
    assert harness.apply(journal=path).code == 0
    assert len(puts(harness)) == before + 1


def test_a_pending_key_that_was_renamed_since_is_found(harness: Harness, path: Path) -> None:
    harness.sandbox.admin.reset()
    harness.sandbox.admin.add_faults({"kind": "deploy-fails", "project": "Words", "times": 5})
    assert harness.apply(journal=path).code == 4
    assert harness.sandbox.admin.change("Words", "w1", to="elsewhere") is None
    assert harness.apply(journal=path).code == 0
    assert list(unsettled(harness)) == []
    assert len(lines(path)) == 1


def test_a_pending_key_that_nothing_declares_any_more_stays_pending_and_is_not_written(
    path: Path,
) -> None:
    scenario = Scenario({"P": (Entry("a", "b", "k-a"), Entry("c", "d", "k-c"))}, {})
    with rigged(scenario) as harness:
        harness.sandbox.admin.add_faults({"kind": "deploy-fails", "times": 5})
        assert harness.apply(journal=path).code == 4
        written = len(puts(harness))
        harness.scenario = Scenario({"P": scenario.projects["P"][1:]}, {})
        ran = harness.apply(journal=path)
        assert ran.code == 0
        assert "the deployment of b in project P stays pending" in ran.said
        assert len(puts(harness)) == written
        assert pending_of(path, harness) == [("b", "a")]
        harness.scenario = scenario
        assert harness.apply(journal=path).code == 0
        assert pending_of(path, harness) == []
        assert all(map(on_every_gateway, harness.sandbox.admin.keys("P")))


def pending_of(path: Path, harness: Harness) -> list[tuple[str, ...]]:
    with open_journal(path, harness.patient.base_url) as journal:
        return [one.names for one in journal.pending]


def test_killed_before_the_put_the_next_run_sends_each_change_once(
    harness: Harness, path: Path
) -> None:
    harness.sandbox.admin.reset()
    with killed(path, harness.patient.base_url) as journal:
        key = next(key for key in harness.sandbox.admin.keys("Chain") if key.name == "c3")
        journal.sending(Step("Chain", "c3", JwkFields("c4", None), "c4"), ("id", key.id))
    assert harness.apply(journal=path).code == 0
    assert len(puts(harness)) == len(set(puts(harness))) == 10
    assert len(lines(path)) == 1


def test_a_list_that_shows_the_key_as_it_was_proves_that_nothing_is_pending(path: Path) -> None:
    was, then = JwkFields("a", "x"), LiveProject("P", (LiveJwk("a", "x", id="1"),))
    with killed(path) as journal:
        journal.sending(step(), ID, was)
    with killed(path) as journal:
        assert journal.pending_names(then) == set()
    assert pending(path) == []


@pytest.mark.parametrize("shown", [LiveJwk("b", id="1"), LiveJwk("a", "other", id="1")])
def test_any_other_list_proves_nothing(path: Path, shown: LiveJwk) -> None:
    with killed(path) as journal:
        journal.sending(step(), ID, JwkFields("a", "x"))
    with killed(path) as journal:
        assert journal.pending_names(LiveProject("P", (shown,))) == {shown.name}


def test_what_was_pending_before_an_update_that_never_happened_stays_pending(path: Path) -> None:
    left_pending(path)  # of a -> b
    with killed(path) as journal:
        journal.sending(step("b", "c"), ID, JwkFields("b", None))
    with killed(path) as journal:
        assert journal.pending_names(LiveProject("P", (LiveJwk("b", id="1"),))) == {"b"}


def test_a_journal_that_is_only_read_is_left_as_it_is(path: Path) -> None:
    with read_journal(path, HOST) as journal:
        assert journal.pending == ()
    assert not path.exists()
    whole = left_pending(path) + b"half a li"
    path.write_bytes(whole)
    with open_for_writing(path) as _, read_journal(path, HOST) as journal:
        assert journal.pending_names(LiveProject("P", (LiveJwk("b", kid="k", id="1"),))) == {"b"}
    assert path.read_bytes() == whole


@contextmanager
def open_for_writing(path: Path) -> Iterator[None]:
    """As another run has it."""
    with path.open("r+b") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def test_without_ids_and_kids_a_journal_is_settled_too(path: Path) -> None:
    with rigged(Scenario({"P": (Entry("a", "b"), Entry("b", "c"))}, {}), hide_ids=True) as harness:
        harness.sandbox.admin.add_faults({"kind": "deploy-fails", "times": 10})
        assert harness.apply(journal=path).code == 4
        assert len(pending_of(path, harness)) == 2
        assert harness.apply(journal=path).code == 0
        assert list(unsettled(harness)) == []
        assert len(lines(path)) == 1


def test_a_run_that_its_journal_ended_is_not_good_though_all_is_applied(path: Path) -> None:
    with rigged(Scenario({"P": (Entry("a", "b"),)}, {})) as harness:
        with open_journal(path, harness.patient.base_url):
            pass
        with full_disk(path, 300):  # room for what is about to be sent, not for the response
            ran = harness.apply(journal=path)
        assert [outcome.outcome for outcome in ran.outcomes] == [Outcome.APPLIED]
        assert len(puts(harness)) == 1
        assert ran.code == 64
        assert harness.apply(journal=path).code == 0
        assert list(unsettled(harness)) == []


def test_what_cannot_be_remembered_is_not_sent(path: Path) -> None:
    with rigged(small()) as harness:
        with open_journal(path, harness.patient.base_url):
            pass
        with full_disk(path, 400):
            ran = harness.apply(journal=path)
        assert ran.code == 4
        assert ran.result is not None
        assert ran.result.stopped is not None
        assert "can't be written" in ran.result.stopped
        words = [outcome.outcome for outcome in ran.outcomes]
        assert words.count(Outcome.APPLIED) == len(puts(harness)) > 0
        assert set(words) == {Outcome.APPLIED, Outcome.NOT_TRIED}
        assert harness.apply(journal=path).code == 0
        assert list(unsettled(harness)) == []
