"""The same work for many items, a few at a time, in threads that no end of the program waits for.

A request may hang for minutes. Threads of a ``ThreadPoolExecutor`` would keep a program that was
interrupted from ending until then; daemon threads do not.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def start_all(work: Callable[[T], R], items: Iterable[T], workers: int) -> list[Future[R]]:
    """Start the work for every item, so many at a time.

    Args:
        work: called once per item, in a worker thread.
        items: what to call it with, in this order.
        workers: how many threads at most.

    Returns:
        One future per item, in their order. One that is cancelled before its turn is left out.
    """
    queue = deque((Future[R](), item) for item in items)
    futures = [future for future, _ in queue]

    def run() -> None:
        while queue:
            try:
                future, item = queue.popleft()
            except IndexError:  # another worker was faster
                return
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(work(item))
            except BaseException as error:  # noqa: BLE001 whoever asks for the result gets it
                future.set_exception(error)

    for number in range(min(workers, len(futures))):
        threading.Thread(target=run, name=f"worker-{number}", daemon=True).start()
    return futures
