"""The same request for many projects at a time, given up as soon as the run is to stop."""

from __future__ import annotations

from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reconciler.cli.cancel import CancelToken

_T = TypeVar("_T")

_LOOK_UP = 0.1
"""Seconds after which a deadline is noticed while answers are awaited."""

_LINGER = 1.0
"""Seconds that other projects' requests get to finish where one's failure ends the run."""


def in_parallel(
    ask: Callable[[str], _T], names: Sequence[str], parallelism: int, stop: CancelToken
) -> dict[str, _T]:
    """Ask once per name, so many at a time; the answers by name, in the names' order.

    Raises:
        InterruptedRunError: a signal or the deadline came in between.
        ReconcilerError: what the first failing request ended in.
    """

    def asked(name: str) -> _T:
        stop.check()
        return ask(name)

    pool = ThreadPoolExecutor(max_workers=parallelism, thread_name_prefix="read")
    futures = [pool.submit(asked, name) for name in names]
    try:
        waiting = set(futures)
        while waiting:
            done, waiting = wait(waiting, timeout=_LOOK_UP, return_when=FIRST_EXCEPTION)
            stop.check()
            for future in done:
                future.result()
        return {name: future.result() for name, future in zip(names, futures, strict=True)}
    finally:
        # Hardly waited for: a request that hangs must not hold up a failure, least of all Ctrl-C or
        # the deadline; one that does not hang gets to use its connection before that is closed.
        pool.shutdown(wait=False, cancel_futures=True)
        under_way = [future for future in futures if not future.cancelled()]
        wait(under_way, timeout=0 if stop.stopping() else _LINGER)
