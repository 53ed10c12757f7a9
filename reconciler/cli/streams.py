"""The standard streams, where the caller closed one or its reader has gone."""

from __future__ import annotations

import os
import sys


def reopen_closed_streams() -> None:
    """Put the null device where the caller closed a stream, as with ``<&-``; Python has None."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 stays open


def was_closed(stream: object) -> bool:
    """Whether the null device stands where the caller closed a stream."""
    return getattr(stream, "name", "") == os.devnull  # one that was given is named `<stdout>`


def redirect_to_null(descriptor: int) -> None:
    """Let nothing more fail: neither later texts, nor what is still in the stream's buffer."""
    with open(os.devnull, "w", encoding="utf-8") as null:  # noqa: PTH123 a descriptor is needed
        os.dup2(null.fileno(), descriptor)
