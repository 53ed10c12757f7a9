"""A project's API proxies: which answers are of use, and the names in their list.

What can't be read is a gap with a reason in this program's own words, and no end of the run.
"""

from __future__ import annotations

from collections import Counter

from msgspec import UNSET, Struct, UnsetType

from reconciler.gateway.envelope import Envelope, Unintelligible, Verdict, open_envelope
from reconciler.gateway.permissions import Lacking, lacking, raise_where_lacking
from reconciler.http.client import Response, Result
from reconciler.http.failures import Cause
from reconciler.http.redaction import Redact


class ProxyList(Struct, frozen=True):
    """A project's API proxies.

    Attributes:
        names: each once, sorted.
        gaps: what can't be asked for: an API proxy's name, or None for all, and why.
    """

    names: tuple[str, ...] = ()
    gaps: tuple[tuple[str | None, str], ...] = ()


class _Proxy(Struct):
    name: object = None


class _ProxyList(Struct, rename="camel"):
    result_list: list[_Proxy] | UnsetType | None = UNSET
    result_count: object = None


_REASONS = {
    Cause.UNSENT: "no connection could be made",
    Cause.LOST: "no whole answer came",
    Cause.UNUSABLE: "the answer is of no use",
    Cause.UNTRUSTED: "the server's certificate is not trusted",
}


def useful_answer(result: Result, subject: str, redact: Redact) -> tuple[Response, Envelope] | str:
    """A successful answer to a read of API proxies, or the reason why there is none.

    Raises:
        AuthError: the token is missing, rejected or expired.
    """
    if not isinstance(result, Response):
        return _REASONS[result.cause]
    envelope = open_envelope(result)
    what = lacking(result, envelope)
    if what is Lacking.TOKEN:
        raise_where_lacking(result, envelope, subject, redact)
    if what is Lacking.PERMISSION:
        return "the token's owner lacks a permission"
    if isinstance(envelope, Unintelligible):
        return f"the gateway answered with {envelope.body} (HTTP {result.status})"
    if envelope.failed(result) or not 200 <= result.status < 300:
        return f"the gateway does not give it (HTTP {result.status})"
    return result, envelope


_NOT_AS_DOCUMENTED = "the list of its API proxies is not as documented"


def read_proxies(response: Response, envelope: Envelope) -> ProxyList:
    """The names in a successful answer to the list of API proxies."""
    try:
        reply = response.decode(_ProxyList)
    except (ValueError, RecursionError):
        return ProxyList(gaps=((None, _NOT_AS_DOCUMENTED),))
    if reply.result_list is UNSET and envelope.verdict is not Verdict.SUCCESS:
        return ProxyList(gaps=((None, _NOT_AS_DOCUMENTED),))
    items = reply.result_list or []
    names = Counter(item.name for item in items if isinstance(item.name, str) and item.name)
    gaps: list[tuple[str | None, str]] = []
    if names.total() < len(items):
        gaps.append((None, f"{len(items) - names.total()} of its API proxies have no name"))
    if reply.result_count is not None and reply.result_count != len(items):
        gaps.append((None, "the list of its API proxies is not whole"))
    for name, count in names.items():
        if count > 1:
            gaps.append((name, f"{count} API proxies have this name, and only one can be read"))
    return ProxyList(tuple(sorted(names)), tuple(gaps))
