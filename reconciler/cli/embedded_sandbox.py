"""The embedded sandbox: on loopback, for as long as one command runs."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from reconciler.errors import UsageError
from reconciler.sandbox.decoding import SeedError
from reconciler.sandbox.seed import load_seed
from reconciler.sandbox.server import Options, running
from reconciler.sandbox.store import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.cli.console import Console
    from reconciler.sandbox.seed import Seed


@contextmanager
def embedded(seed_path: Path, state: Path, console: Console) -> Iterator[tuple[str, str]]:
    """Run a sandbox; gives its URL and a token for it.

    Args:
        seed_path: what a new state is filled with.
        state: the database file; made, with its folder, where it does not exist.
        console: where to say that an older seed is in force.

    Raises:
        UsageError: the seed or the state can't be used.
    """
    with ExitStack() as stack:
        seed = _usable_seed(seed_path)
        with _usage_errors(state):
            state.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            sandbox = stack.enter_context(running(Options(seed, db=state)))
        if sandbox.admin.store.seed_changed:
            console.note(
                f"warning: {state} was seeded from something else than {seed_path} is now; "
                f"remove {state} to start afresh"
            )
        yield sandbox.url, sandbox.tokens[0]


def _usable_seed(path: Path) -> Seed:
    try:
        seed = load_seed(path)
    except SeedError as error:
        raise UsageError(
            f"The sandbox can't start from {path}: {error}", fix="Mend it, or name another seed"
        ) from error
    if not seed.tokens:
        raise UsageError(
            f"The sandbox can't be used: {path} lists no token",
            why="It would answer nobody",
            fix="Leave its member `tokens` out, or list one",
        )
    return seed


@contextmanager
def _usage_errors(state: Path) -> Iterator[None]:
    """Say what keeps the sandbox from starting; what fails later is reported elsewhere."""
    try:
        yield
    except StoreError as error:
        raise UsageError(
            f"The sandbox can't start: {error}", fix=f"Remove {state} to start afresh"
        ) from error
    except OSError as error:
        raise UsageError(
            f"The sandbox can't keep its state in {state}: {error.strerror}",
            fix="Run where this user may write",
        ) from error
