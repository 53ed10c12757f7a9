"""Which request meets which outage: rules that are armed, counted down and spent.

A fault is a mapping, in a seed's ``faults``, a faults file or the admin's JSON::

    - kind: reset-after      # one of KINDS
      method: PUT            # the requests it may meet; default *, any
      project: Payments      # default *, any
      at: 2                  # the second matching request from now; default 1
      times: 3               # and the two after it; default 1
    - kind: latency
      every: 10              # every tenth matching request, for ever unless times is given
      seconds: 0.5
    - kind: 503-before
      index: 7               # the first that matches from the server's seventh request on

Every request under ``/apiops`` counts. Several faults can meet one request: those that only
colour it (``latency``, ``foreign-change``, ``deploy-fails``) all do, of the others the first.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from reconciler.sandbox.reading import Members, SeedError, items_of
from reconciler.sandbox.rules import OMITTED, Omitted

METHODS = ("GET", "PUT", "POST", "*")
HUGE = 128 * 1024 * 1024
DEEP = 100_000
COMMON = ("kind", "method", "project", "at", "every", "index", "times")


@dataclass(frozen=True, slots=True)
class Kind:
    """What may be said of a kind of fault.

    Attributes:
        effect: whether the request still has its effect.
        options: members it takes beyond ``COMMON``.
        method: what ``method`` is where it is left out.
    """

    effect: Literal["done", "not done"]
    options: tuple[str, ...] = ()
    method: str = "*"


KINDS: Mapping[str, Kind] = {
    "latency": Kind("done", ("seconds",)),
    "foreign-change": Kind("done", ("name", "to", "description")),
    "deploy-fails": Kind("done", ("environments",), method="PUT"),
    "reset-before": Kind("not done"),
    "reset-after": Kind("done"),
    "hang": Kind("not done", ("seconds",)),
    "hang-after": Kind("done", ("seconds",)),
    "cut-body": Kind("done"),
    "429": Kind("not done", ("seconds", "header")),
    "500-before": Kind("not done"),
    "500-after": Kind("done"),
    "503-before": Kind("not done"),
    "html": Kind("not done"),
    "html-after": Kind("done"),
    "unauthorized": Kind("not done"),
    "garbage": Kind("not done"),
    "huge": Kind("not done", ("size",)),
    "deep": Kind("not done", ("depth",)),
}
"""Every kind of fault by its name."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One outage and the requests it meets.

    Attributes:
        kind: a name in ``KINDS``.
        method: a word of ``METHODS``; None, what is usual for the kind.
        project: the project whose requests it may meet; ``*``, any request.
        at: the first matching request it meets, counted from 1 when it is armed.
        every: meets each ``every``-th matching request instead.
        index: meets the first that matches from the server's ``index``-th request on instead.
        times: how many requests it meets in all; None, one, or with ``every`` any number.
        seconds: how long ``latency`` waits, after how long ``hang`` drops the connection (None:
            never by itself), what ``429`` asks the client to wait.
        header: whether ``429`` also sends ``Retry-After``.
        environments: those that ``deploy-fails`` breaks; empty, all.
        name: the key that ``foreign-change`` changes, in ``project``.
        to: its new name; None keeps it.
        description: its new description; ``OMITTED`` keeps it.
        size: at least how many bytes ``huge`` sends.
        depth: how deep the JSON of ``deep`` is nested.
    """

    kind: str
    method: str | None = None
    project: str = "*"
    at: int = 1
    every: int | None = None
    index: int | None = None
    times: int | None = None
    seconds: float | None = None
    header: bool = False
    environments: tuple[str, ...] = ()
    name: str | None = None
    to: str | None = None
    description: str | Omitted | None = OMITTED
    size: int = HUGE
    depth: int = DEEP

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise SeedError("kind", f"is {self.kind!r}; allowed are {', '.join(KINDS)}")

    def matches(self, method: str, project: str | None) -> bool:
        """Whether it may meet a request; ``project`` is None where the path names none."""
        meant = self.method or KINDS[self.kind].method
        return meant in {"*", method} and self.project in {"*", project}

    def meets(self, seen: int, total: int) -> bool:
        """Whether it meets a matching request, if it is not spent.

        Args:
            seen: the request's place among the matching ones, from 1.
            total: its place among all requests of the server, from 1.
        """
        if self.every is not None:
            return seen % self.every == 0
        return total >= self.index if self.index is not None else seen >= self.at

    def spent(self, met: int) -> bool:
        """Whether it meets no more requests after having met so many."""
        limit = self.times or (1 if self.every is None else None)
        return limit is not None and met >= limit

    def described(self) -> dict[str, Any]:
        """It as JSON, without the members that have their defaults."""
        stated = {spec.name: getattr(self, spec.name) for spec in fields(self)}
        usual = {spec.name: spec.default for spec in fields(self)}
        return {name: value for name, value in stated.items() if value != usual[name]}


def read_faults(value: object, path: str = "faults") -> tuple[Fault, ...]:
    """Faults from a list of mappings.

    Raises:
        SeedError: the first thing that is wrong, with its path.
    """
    return tuple(read_fault(item, place) for place, item in items_of(value, path))


def read_fault(value: object, path: str) -> Fault:
    """One fault from a mapping; see the module for its members."""
    everything = {spec.name for spec in fields(Fault)}
    name = Members(value, path, everything).choice("kind", KINDS)
    kind = KINDS[name]
    members = Members(value, path, (*COMMON, *kind.options))
    when = [word for word in ("at", "every", "index") if word in members]
    if len(when) > 1:
        raise SeedError(members.at(when[1]), f"can't be combined with {when[0]}; remove one")
    fault = Fault(
        kind=name,
        method=members.choice("method", METHODS) if "method" in members else None,
        project=members.text("project", "*"),
        at=members.count("at", 1) or 1,
        every=members.count("every", None),
        index=members.count("index", None),
        times=members.count("times", None),
        seconds=members.number("seconds", None),
        header=members.flag("header", default=False),
        environments=members.texts("environments", ()),
        name=members.text_or_null("name"),
        to=members.text("to") if "to" in members else None,
        description=members.text_or_null("description") if "description" in members else OMITTED,
        size=members.count("size", HUGE) or 1,
        depth=members.count("depth", DEEP) or 1,
    )
    _check_foreign_change(fault, members)
    return fault


def _check_foreign_change(fault: Fault, members: Members) -> None:
    if fault.kind != "foreign-change":
        return
    for name, missing in (("project", fault.project == "*"), ("name", not fault.name)):
        if missing:
            raise SeedError(members.at(name), "is missing; say which key somebody else changes")


@dataclass(slots=True)
class _Armed:
    fault: Fault
    seen: int = 0
    met: int = 0


@dataclass(slots=True)
class FaultQueue:
    """The armed faults of one server; safe to use from several threads."""

    _armed: list[_Armed] = field(default_factory=list)
    _total: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, *faults: Fault) -> None:
        """Arm faults; their ``at`` and ``every`` count from now."""
        with self._lock:
            self._armed.extend(_Armed(fault) for fault in faults)

    def clear(self) -> None:
        """Disarm all."""
        with self._lock:
            self._armed.clear()

    def pending(self) -> tuple[Fault, ...]:
        """The faults that may still meet a request."""
        with self._lock:
            return tuple(armed.fault for armed in self._armed)

    def due(self, method: str, project: str | None) -> tuple[Fault, ...]:
        """Count a request and give the faults that meet it, in the order they were armed."""
        with self._lock:
            self._total += 1
            if not self._armed:
                return ()
            met = tuple(armed.fault for armed in self._armed if self._meets(armed, method, project))
            self._armed = [armed for armed in self._armed if not armed.fault.spent(armed.met)]
            return met

    def _meets(self, armed: _Armed, method: str, project: str | None) -> bool:
        if not armed.fault.matches(method, project):
            return False
        armed.seen += 1
        met = armed.fault.meets(armed.seen, self._total)
        armed.met += met
        return met
