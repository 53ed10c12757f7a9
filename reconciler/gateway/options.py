"""All that a client of the gateway is opened with."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct, field

from reconciler.gateway.credentials import Credentials
from reconciler.http.body import MAX_BODY_BYTES
from reconciler.http.client import REQUEST_DEADLINE, trace_nothing
from reconciler.http.retries import Wait


class ClientOptions(Struct, frozen=True, kw_only=True):
    """How the gateway is reached; see also ``TransportOptions``.

    Attributes:
        base_url: in any form that ``routes.base_url`` takes.
        credentials: a token, or a user name and password.
        read_timeout: seconds without a byte after which a read is given up.
        write_timeout: the same for an update, during which the gateway deploys.
        retry_budget: how many times the whole run may wait and try again.
        parallelism: how many threads send at the same time.
        wait: waits between attempts; the ``wait`` of the event that cancels the run.
        on_token: takes every token that a login gives, before it is used.
        jitter: a random number from 0 up to 1.
    """

    base_url: str
    credentials: Credentials
    ca_file: Path | None = None
    read_timeout: float = 30.0
    write_timeout: float = 120.0
    connect_timeout: float = 10.0
    request_deadline: float = REQUEST_DEADLINE
    retry_budget: int = 60
    max_body: int = MAX_BODY_BYTES
    parallelism: int = 4
    trace: Callable[[str], None] = trace_nothing
    warn: Callable[[str], None] = trace_nothing
    wait: Wait = field(default_factory=lambda: threading.Event().wait)
    jitter: Callable[[], float] = random.random
    on_token: Callable[[str], None] = lambda _token: None
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
