"""Which request meets which fault: rules that are armed, counted down and spent.

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
colour it (``latency``, ``foreign-change``, ``policies-change``, ``deploy-fails``) all do, of the
others the first.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, get_args

from msgspec import UNSET, Meta, Struct, UnsetType, to_builtins

from reconciler.sandbox.decoding import Name, SeedError, decode

Method = Literal["GET", "PUT", "POST", "*"]
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
    "policies-change": Kind("done", ("name", "policies")),
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
    "denied": Kind("not done"),
    "garbage": Kind("not done"),
    "huge": Kind("not done", ("size",)),
    "deep": Kind("not done", ("depth",)),
}
"""Every kind of fault by its name."""


_Count = Annotated[int, Meta(ge=1)]


class Fault(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One fault and the requests it meets.

    Attributes:
        kind: a name in ``KINDS``.
        method: as HTTP has it, or ``*``; None, what is usual for the kind.
        project: the project whose requests it may meet; ``*``, any request.
        at: the first matching request it meets, counted from 1 when it is armed; None, the first.
        every: meets each ``every``-th matching request instead.
        index: meets the first that matches from the server's ``index``-th request on instead.
        times: how many requests it meets in all; None, one, or with ``every`` any number.
        seconds: how long ``latency`` waits, after how long ``hang`` drops the connection (None:
            never by itself), what ``429`` asks the client to wait.
        header: whether ``429`` also sends ``Retry-After``.
        environments: those that ``deploy-fails`` breaks; empty, all.
        name: the key that ``foreign-change`` changes, in ``project``; the API proxy to which
            ``policies-change`` gives other policies.
        policies: those; None deletes the API proxy.
        to: its new name; None keeps it.
        description: its new description; left out, it is kept.
        size: at least how many bytes ``huge`` sends.
        depth: how deep the JSON of ``deep`` is nested.
    """

    kind: str
    method: Method | None = None
    project: Name = "*"
    at: _Count | None = None
    every: _Count | None = None
    index: _Count | None = None
    times: _Count | None = None
    seconds: Annotated[float, Meta(ge=0)] | None = None
    header: bool = False
    environments: tuple[Name, ...] = ()
    name: str | None = None
    policies: dict[str, Any] | None = None
    to: Name | None = None
    description: str | UnsetType | None = UNSET
    size: _Count = HUGE
    depth: _Count = DEEP

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise SeedError("kind", f"is {self.kind!r}; allowed are {', '.join(KINDS)}")
        given = tuple(to_builtins(self))
        for member in given:
            if member not in (*COMMON, *KINDS[self.kind].options):
                raise SeedError(member, f"is not a known member of {self.kind}; remove it")
        when = [member for member in ("at", "every", "index") if member in given]
        if len(when) > 1:
            raise SeedError(when[1], f"can't be combined with {when[0]}; remove one")
        if self.seconds is not None and self.seconds != self.seconds:
            raise SeedError("seconds", "is no number; write a number of zero or more")
        if self.kind in {"foreign-change", "policies-change"}:
            for member, missing in (("project", self.project == "*"), ("name", not self.name)):
                if missing:
                    raise SeedError(member, "is missing; say what somebody else changes")

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
        return total >= self.index if self.index is not None else seen >= (self.at or 1)

    def spent(self, met: int) -> bool:
        """Whether it meets no more requests after having met so many."""
        limit = self.times or (1 if self.every is None else None)
        return limit is not None and met >= limit


def decode_faults(value: object, path: str = "faults") -> tuple[Fault, ...]:
    """Faults from a list of mappings.

    Raises:
        SeedError: the first thing that is wrong, with its path.
    """
    if isinstance(value, list | tuple):  # YAML reads `kind: 429` as a number
        value = [
            item | {"kind": str(item["kind"])}
            if isinstance(item, dict) and "kind" in item
            else item
            for item in value
        ]
    known: dict[str, tuple[str, ...]] = dict.fromkeys(Fault.__struct_fields__, ())
    return decode(value, tuple[Fault, ...], path, known | {"method": get_args(Method)})


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
