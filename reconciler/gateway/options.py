"""All that a way to the gateway is opened with."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct, field

from reconciler.gateway.credentials import Credentials
from reconciler.gateway.retry import Wait

MAX_BODY_BYTES = 64 * 1024 * 1024
"""The longest body that is read, decoded, unless the settings say otherwise."""


def silent(_line: str) -> None:
    """Trace nothing."""


class ClientOptions(Struct, frozen=True, kw_only=True):
    """How the gateway is reached.

    Attributes:
        base_url: in any form that ``routes.base_url`` takes.
        credentials: a token, or a user name and password.
        ca_file: the only certificates to trust, PEM; None for ``SSL_CERT_FILE``, else
            ``SSL_CERT_DIR``, else the well-known ones.
        read_timeout: seconds of silence after which a read is given up.
        write_timeout: seconds of silence after which a write is given up; a deployment is silent.
        connect_timeout: seconds for making a connection, whatever it is for.
        retry_budget: how many times the whole run may wait and try again.
        max_body: the longest body that is read, in bytes, decoded.
        parallelism: how many threads send at the same time.
        trace: takes one line per request: method, path, status, milliseconds.
        wait: waits between attempts; the ``wait`` of the event that stops the run.
        jitter: a random number from 0 up to 1.
        clock: seconds that only go forward, for durations.
        now: seconds since the epoch, for HTTP-dates.
    """

    base_url: str
    credentials: Credentials
    ca_file: Path | None = None
    read_timeout: float = 30.0
    write_timeout: float = 120.0
    connect_timeout: float = 10.0
    retry_budget: int = 60
    max_body: int = MAX_BODY_BYTES
    parallelism: int = 4
    trace: Callable[[str], None] = silent
    wait: Wait = field(default_factory=lambda: threading.Event().wait)
    jitter: Callable[[], float] = random.random
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
