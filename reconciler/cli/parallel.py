"""The same request for many names in parallel, given up as soon as the run is cancelled."""

from __future__ import annotations

from concurrent.futures import FIRST_EXCEPTION, wait
from typing import TYPE_CHECKING, TypeVar

from reconciler.executor.parallel import start_all

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from reconciler.cli.cancel import CancelToken

T = TypeVar("T")
K = TypeVar("K", bound="Hashable")

_POLL_SECONDS = 0.1
"""After so long a deadline is noticed while responses are awaited."""

_GRACE_SECONDS = 1.0
"""So long other projects' requests may take to finish where one's failure ends the run."""


def in_parallel(
    request: Callable[[K], T], names: Sequence[K], parallelism: int, cancel: CancelToken
) -> dict[K, T]:
    """Send a request once per name, so many at a time; the results by name, in the names' order.

    Raises:
        InterruptedRunError: a signal or the deadline came in between.
        ReconcilerError: what the first failing request ended in.
    """

    def send(name: K) -> T:
        cancel.check()
        return request(name)

    futures = start_all(send, names, parallelism)
    try:
        waiting = set(futures)
        while waiting:
            done, waiting = wait(waiting, timeout=_POLL_SECONDS, return_when=FIRST_EXCEPTION)
            cancel.check()
            for future in done:
                future.result()
        return {name: future.result() for name, future in zip(names, futures, strict=True)}
    finally:
        # Hardly waited for: a request that hangs must not hold up a failure, least of all Ctrl-C or
        # the deadline; one that does not hang may use its connection before that is closed.
        running = [future for future in futures if not future.cancel()]
        wait(running, timeout=0 if cancel.is_cancelled() else _GRACE_SECONDS)
