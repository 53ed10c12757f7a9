"""What a host is shown as proof of who asks; only ever taken from the environment."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping

from msgspec import Struct

from reconciler.code_hosts.model import DeniedError, Host
from reconciler.errors import AccessError, UsageError

_VARIABLES = {
    Host.GITHUB: ("GITHUB_TOKEN", "GH_TOKEN"),
    Host.GITLAB: ("GITLAB_TOKEN",),
    Host.BITBUCKET: ("BITBUCKET_TOKEN",),
}
"""Where the token is looked for; the first that is set is taken."""

_HEADER_SAFE = re.compile(r"[!-~]+")


class Proof(Struct, frozen=True):
    """Headers that prove who asks.

    Attributes:
        headers: sent with every request.
        secrets: all forms of the secrets in them, to be masked in whatever is repeated.
        username: whose token it is, where that was said.
    """

    headers: Mapping[str, str]
    secrets: tuple[str, ...]
    username: str = ""

    def __repr__(self) -> str:
        """Without what proves it."""
        return f"Proof(username={self.username!r})"


def find_proof(host: Host, environment: Mapping[str, str]) -> Proof:
    """The token for a host.

    Raises:
        AccessError: there is none.
        DeniedError: the only one is a token of a GitLab job, which may not write comments.
        UsageError: it can't be sent; it is not repeated.
    """
    names = _VARIABLES[host]
    token = next((text for name in names if (text := environment.get(name, "").strip())), "")
    if not token:
        raise _missing(host, environment)
    username = environment.get("BITBUCKET_USERNAME", "") if host is Host.BITBUCKET else ""
    if not _HEADER_SAFE.fullmatch(token) or ":" in username:
        raise UsageError(
            f"{names[0]} holds a space, a line break or a character outside ASCII, or the user "
            "name next to it a colon",
            why="It can't be sent in a header",
            fix="Set it to the token alone",
        )
    if host is Host.GITLAB:
        return Proof({"PRIVATE-TOKEN": token}, (token,))
    if not username:
        return Proof({"Authorization": f"Bearer {token}"}, (token,))
    basic = base64.b64encode(f"{username}:{token}".encode()).decode("ascii")
    return Proof({"Authorization": f"Basic {basic}"}, (basic, token), username)


def _missing(host: Host, environment: Mapping[str, str]) -> AccessError:
    name = _VARIABLES[host][0]
    if host is Host.GITLAB and environment.get("CI_JOB_TOKEN"):
        return DeniedError(
            "The only token here is CI_JOB_TOKEN",
            message="CI_JOB_TOKEN may not write comments",
            fix="Set GITLAB_TOKEN to a project access token with the scope api",
        )
    return AccessError(
        f"There is no token for {host}",
        why="It lets nobody comment without one",
        fix=f"Set {name} in the pipeline's environment, from its secrets",
    )
