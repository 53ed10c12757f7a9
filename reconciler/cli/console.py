"""Where text goes: stdout is the result, stderr everything else."""

from __future__ import annotations

import io
import os
import select
import shutil
import stat
import sys
import time
from typing import TYPE_CHECKING, TextIO

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.cli.streams import redirect_to_null, was_closed
from reconciler.errors import ManifestError, RefusedError, UsageError
from reconciler.http.redaction import SHORTEST_SECRET, Secrets
from reconciler.reports.annotations.ci_system import GITLAB

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.core.outcome import RunResult
    from reconciler.errors import ReconcilerError
    from reconciler.reports.annotations.ci_system import CISystem
    from reconciler.reports.terminal import Terminal


class Console(Struct, frozen=True):
    """How and where this run prints.

    Attributes:
        json: whether stdout is exactly one JSON document.
        colour: whether stdout takes colours.
        verbosity: -1 for quiet, 0, 1 or more for verbose.
        secrets: what is masked wherever it would appear.
        unwritten: what could not be written although somebody waits for it.
        ci_system: the one this run takes place in, where that takes commands from a log.
        printed: the results and failures that were printed, in their order.
        tokens: those of the secrets that no data may hold.
    """

    json: bool = False
    colour: bool = False
    verbosity: int = 0
    stdout: TextIO = field(default_factory=lambda: sys.stdout)
    stderr: TextIO = field(default_factory=lambda: sys.stderr)
    secrets: Secrets = field(default_factory=Secrets)
    unwritten: list[ReconcilerError] = field(default_factory=list)
    ci_system: CISystem | None = None
    printed: list[RunResult | ReconcilerError] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)

    def result(self, text: str) -> None:
        """Print what the command was called for."""
        self._print(self.masked(text), awaited=self.json)

    def data(self, text: str) -> None:
        """Print a result that programs read: masking would change it."""
        self._print(text, awaited=True)

    def _print(self, text: str, *, awaited: bool) -> None:
        closed = awaited and was_closed(self.stdout)
        fault = "it is closed" if closed else _write(self.stdout, text)
        if fault:
            self.unwritten.append(output_lost(fault))

    def document(self, text: str) -> None:
        """Print a result that is a file's content: in UTF-8, whatever people's language is."""
        if isinstance(self.stdout, io.TextIOWrapper):
            self.stdout.reconfigure(encoding="utf-8")
        self.data(text)

    def note(self, text: str) -> None:
        """Print a remark; one line, already safe for a terminal."""
        if self.verbosity >= 0:
            _write(self.stderr, self.masked(text) + "\n")

    def command(self, line: str) -> None:
        """Print a command for the CI system; on stderr, as stdout is the result."""
        _write(self.stderr, self.masked(line) + "\n")

    def trace(self, line: str) -> None:
        """Print one line per request; only with ``-v``."""
        from reconciler.reports import escape

        if self.verbosity > 0:
            _write(self.stderr, self.masked(escape.terminal(line)) + "\n")

    def plan(self, result: RunResult) -> None:
        """Print a plan, with its outcomes where it was applied."""
        self.printed.append(result)
        if self.json:
            self.data(self.rendered_json(result))
            return
        text = self.rendered(result)
        if self.ci_system is not None and not _is_file(self.stdout):
            text = _folded(text, result, self.ci_system)
        self.result(text)

    def saved_plan(self, result: RunResult) -> None:
        """Print a plan as it is saved; people read it on stderr, unless JSON is what they want."""
        self.printed.append(result)
        self.data(self.rendered_json(result))
        if not self.json:
            _write(self.stderr, self.masked(self.rendered(result)))

    def preview(self, result: RunResult) -> None:
        """Show a plan, whole, to whoever is asked about it, where stdout does not do so."""
        if self.json or self.verbosity < 0 or not self.stdout.isatty():
            _write(self.stderr, self.masked(self.rendered(result, max(self.verbosity, 0))))

    def rendered_json(self, result: RunResult) -> str:
        """The one JSON document."""
        from reconciler.reports import plan_json

        return plan_json.dumps(result)

    def rendered(self, result: RunResult, verbosity: int | None = None) -> str:
        """The text for people; as detailed as this run's, unless something else is given."""
        from reconciler.reports import text

        return text.render(
            result,
            colour=self.colour,
            width=_width(self.stdout),
            verbosity=self.verbosity if verbosity is None else verbosity,
            unicode=_encodes_unicode(self.stdout),
        )

    def error(self, error: ReconcilerError) -> None:
        """Print a foreseen failure: on stderr as text, on stdout as JSON."""
        from reconciler.reports import plan_json, problems

        self.printed.append(error)
        self.mask_error(error)
        if self.json:
            self.data(plan_json.encode(problems.error_members(error)))
        self.print_error(error)

    def print_error(self, error: ReconcilerError) -> None:
        """Print a foreseen failure on stderr only, whatever stdout is."""
        from reconciler.reports import problems

        text = problems.render_error(
            error,
            colour=self.colour and wants_colour(self.stderr, os.environ),
            width=_width(self.stderr),
            unicode=_encodes_unicode(self.stderr),
        )
        _write(self.stderr, self.masked(text))

    @property
    def terminal(self) -> Terminal:
        """What stdout can show."""
        from reconciler.reports.terminal import Terminal

        return Terminal(
            colour=self.colour,
            width=_width(self.stdout),
            unicode=_encodes_unicode(self.stdout),
        )

    def masked(self, text: str) -> str:
        """The text without any secret this run knows."""
        return self.secrets.mask(text)

    def mask_error(self, error: ReconcilerError) -> None:
        """Mask the secrets in the texts of an error."""
        error.what, error.why, error.fix = map(self.masked, (error.what, error.why, error.fix))
        if isinstance(error, ManifestError):
            error.problems = tuple(
                replace(one, file=self.masked(one.file), message=self.masked(one.message))
                for one in error.problems
            )

    def require_no_token(self, project: str, name: str, texts: Iterable[str]) -> None:
        """Return only if none of the texts of a key holds a token of this run.

        Raises:
            RefusedError: one does; masking it would change what is read back and applied.
        """
        if any(token in text for text in texts for token in self.tokens):
            raise RefusedError(
                f"The run's own token stands in the key `{name}` of project `{project}`",
                why="It must not be saved, and masking it would change what is applied later",
                fix="Take it out of the key's name or description, and revoke the token",
            )

    def mask_token(self, token: str) -> None:
        """Mask a token, and keep it out of data."""
        self.mask(token)
        if len(token) >= SHORTEST_SECRET:
            self.tokens.append(token)

    def mask(self, secret: str) -> None:
        """Mask a text from now on, unless it is too short to be printed from ordinary words."""
        if len(secret) >= SHORTEST_SECRET:
            self.secrets.add(secret)


def output_lost(reason: str) -> UsageError:
    """Stdout, which somebody waits for, does not take what is written."""
    return UsageError(
        f"The output can't be written: {reason}",
        why="What this run found would be lost",
        fix="Make room, or send stdout elsewhere, and run again",
    )


def wants_colour(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether a stream takes colours, by the usual conventions (no-color.org, force-color.org)."""
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return True
    return environment.get("TERM") != "dumb" and stream.isatty()


def _write(stream: TextIO, text: str) -> str:
    """Write all of a text; returns what kept it from arriving, if somebody still waits for it."""
    try:
        _put(stream, text)
    except BrokenPipeError:
        # The reader has gone, as with `| head`. The run goes on, and its exit code says the rest.
        redirect_to_null(stream.fileno())
    except OSError as error:
        redirect_to_null(stream.fileno())
        return error.strerror or type(error).__name__
    return ""


def _put(stream: TextIO, text: str) -> None:
    encoding = stream.encoding or "utf-8"
    data = text.encode(encoding, "backslashreplace")
    try:
        descriptor = stream.fileno()
    except OSError:  # no descriptor: a stream in memory
        stream.write(data.decode(encoding))
        stream.flush()
        return
    # Not through the stream: it loses what a full non-blocking pipe, or a write that a signal cut
    # short, did not take.
    stream.flush()
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:
            select.select([], [descriptor], [])


def _is_file(stream: TextIO) -> bool:
    try:
        return stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    except OSError:  # no descriptor
        return False


def _width(stream: TextIO) -> int:
    return shutil.get_terminal_size().columns if stream.isatty() else 0


def _encodes_unicode(stream: TextIO) -> bool:
    return (stream.encoding or "").lower().replace("-", "") in {"utf8", "utf16", "utf32"}


def _folded(text: str, result: RunResult, system: CISystem) -> str:
    """A result's text, its long part folded where the log can do so; a bad one stays open."""
    if system is not GITLAB:
        return text
    import secrets

    from reconciler.reports.annotations import gitlab
    from reconciler.reports.verdict import Status, verdict

    return gitlab.folded(
        text,
        title="Details",
        name=f"reconciler_{secrets.token_hex(4)}",
        moment=int(time.time()),
        collapsed=verdict(result).status is not Status.BAD,
    )
