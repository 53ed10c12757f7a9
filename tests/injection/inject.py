"""Injects known secrets into every sandbox of a process, and looks at what the program writes.

Every process of the tests loads this, so that it imports next to nothing.
"""

from __future__ import annotations

import os
import sys

from planted_secrets import MARK, PLANTED_SECRET, find_secrets

TYPE_CHECKING = False  # the module typing would make every Python that the tests start slower
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextvars import ContextVar
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

FOUND_FOLDER = "FOUND_SECRETS_FOLDER"
"""The variable that names the folder where processes note the secrets they gave away."""

_SHORTEST = 8
_MESSAGES = frozenset({"message", "detail", "resultMessage", "error_description"})


class Field:
    """Where known secrets are injected, in this process.

    Attributes:
        disabled: whether sandboxes are left as they are.
        token: the one that the request came with which is answered.
        scan: told what the program writes, and where.
    """

    disabled = False
    token: ContextVar[str]
    scan: Callable[[str, str | bytes], object]


FIELD = Field()


def _report(where: str, text: str | bytes) -> None:
    """Leave a note for the tests' own process, which can't see all that others write."""
    folder = os.environ.get(FOUND_FOLDER)
    found = find_secrets(text) if folder else []
    if folder and found:
        with open(os.path.join(folder, str(os.getpid())), "a", encoding="utf-8") as note:  # noqa: PTH118, PTH123 pathlib is loaded by nobody else yet
            note.writelines(f"{where} of {sys.argv[1:2]}: {one}\n" for one in found)


FIELD.scan = _report


def _in_options(module: Any) -> None:
    """Key material in every body and in every key of a list: what the sandbox does by itself."""
    checked = module.Options.__post_init__

    def inject(options: Any) -> None:
        if options.injected_secret is None and not FIELD.disabled:
            object.__setattr__(options, "injected_secret", PLANTED_SECRET)
        checked(options)

    module.Options.__post_init__ = inject


def _in_replies(module: Any) -> None:
    """Both in every message and page, and in what no dialect words.

    Not in headers: httpcore logs them where somebody has it log everything, which nothing here
    does, and no Manager has keys there.
    """
    json_reply, page = module.json_reply, module.page

    def loud_json(status: int, value: Any, headers: dict[str, str] | None = None) -> Any:
        if isinstance(value, dict) and not FIELD.disabled:
            value = {**_with_messages(value, f" {_quoted()}"), "privateKeyPem": _quoted()}
        return json_reply(status, value, headers)

    def loud_page(status: int, title: str, text: str) -> Any:
        return page(status, title, text if FIELD.disabled else f"{text} {_quoted()}")

    module.json_reply, module.page = loud_json, loud_page


def _quoted() -> str:
    """What a message repeats: a private key, and the token that the request came with."""
    pem = f"-----BEGIN PRIVATE KEY----- {PLANTED_SECRET} -----END PRIVATE KEY-----"
    return f"{pem} {FIELD.token.get('')}".rstrip()


def _with_messages(value: Any, tail: str) -> Any:
    if isinstance(value, list):
        return [_with_messages(one, tail) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: one + tail
        if name in _MESSAGES and isinstance(one, str) and one
        # Keys have no messages, and there may be thousands of them.
        else one
        if name == "resultList"
        else _with_messages(one, tail)
        for name, one in value.items()
    }


def _in_requests(module: Any) -> None:
    """Remember the token that a request brought, as long as it is answered."""
    from contextvars import ContextVar

    label = module.TokenRegistry.label
    FIELD.token = ContextVar("token")

    def remembering(registry: Any, authorization: str | None) -> Any:
        token = (authorization or "").removeprefix("Bearer ").strip()
        # A shorter one stands in ordinary words: nobody could tell it from them.
        FIELD.token.set(token if len(token) >= _SHORTEST else "")
        return label(registry, authorization)

    module.TokenRegistry.label = remembering
    _in_issued_tokens(module)


def _in_issued_tokens(module: Any) -> None:
    """Tokens that are given for a password are planted secrets themselves."""
    drawn = module.secrets.token_hex

    class Drawing:
        @staticmethod
        def token_hex(size: int) -> str:
            return f"{MARK}{drawn(size)}"

    module.secrets = Drawing


def _at_the_console(module: Any) -> None:
    write = module._write

    def watched(stream: Any, text: str) -> Any:
        name = "stderr" if stream in {sys.stderr, sys.__stderr__} else "stdout"
        # A stand-in tells how to reach it, with its token: that is what it was called for.
        if not text.startswith("An Apinizer Manager stand-in listens on http://127.0.0.1:"):
            FIELD.scan(name, text)
        return write(stream, text)

    module._write = watched


def _at_files(module: Any) -> None:
    replace = module.replace_file

    def watched(path: Any, text: str, **options: Any) -> Any:
        FIELD.scan(str(path), text)
        return replace(path, text, **options)

    module.replace_file = watched


INJECTIONS: dict[str, Callable[[Any], None]] = {
    "reconciler.sandbox.state": _in_options,
    "reconciler.sandbox.replies": _in_replies,
    "reconciler.sandbox.auth": _in_requests,
    "reconciler.cli.console": _at_the_console,
    "reconciler.cli.files": _at_files,
}
"""What is done to which module as soon as it is loaded."""


class InjectingFinder:
    """Finds the modules above where everybody finds them, and does what is to be done to them."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """As Python's import asks for it."""
        effect = INJECTIONS.get(name)
        if effect is None:
            return None
        spec = next(filter(None, self._others(name, path, target)), None)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def load_and_inject(module: ModuleType) -> None:
                load(module)
                effect(module)

            spec.loader.exec_module = load_and_inject  # type: ignore[method-assign]
        return spec

    def _others(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> Iterator[ModuleSpec | None]:
        for finder in sys.meta_path:
            if finder is not self:
                yield finder.find_spec(name, path, target)


def begin() -> None:
    """Inject into whatever this process loads from now on."""
    if not any(isinstance(finder, InjectingFinder) for finder in sys.meta_path):
        late = INJECTIONS.keys() & sys.modules.keys()
        assert not late, f"loaded before anything could be injected: {late}"
        sys.meta_path.insert(0, InjectingFinder())
