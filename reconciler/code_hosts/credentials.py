"""What a host is asked with; only ever taken from the environment."""

from __future__ import annotations

import base64
from collections.abc import Mapping

import httpx
from msgspec import Struct

from reconciler.code_hosts.model import DeniedError, Host
from reconciler.errors import AuthError
from reconciler.http.auth import HeaderAuth, bearer, is_header_safe
from reconciler.http.client import Auth

_VARIABLES = {
    Host.GITHUB: ("GITHUB_TOKEN", "GH_TOKEN"),
    Host.GITLAB: ("GITLAB_TOKEN",),
    Host.BITBUCKET: ("BITBUCKET_TOKEN",),
    Host.AZURE: ("SYSTEM_ACCESSTOKEN", "AZURE_DEVOPS_EXT_PAT"),
}
"""Where the token is looked for; the first that is set is taken."""


class HostCredentials(Struct, frozen=True):
    """What proves who asks.

    Attributes:
        auth: as httpx takes it.
        secrets: all forms of the secrets in it, to be masked in whatever is printed.
        username: whose token it is, where that was given.
    """

    auth: Auth
    secrets: tuple[str, ...]
    username: str = ""

    def __repr__(self) -> str:
        """Without the secrets."""
        return f"HostCredentials(username={self.username!r})"


def find_credentials(host: Host, environment: Mapping[str, str]) -> HostCredentials:
    """The token for a host.

    Raises:
        AuthError: there is none, or it can't be sent; it is not repeated.
        DeniedError: the only one is a token of a GitLab job, which may not write comments.
    """
    names = _VARIABLES[host]
    token = next((text for name in names if (text := environment.get(name, "").strip())), "")
    if not token:
        raise _missing(host, environment)
    username = environment.get("BITBUCKET_USERNAME", "") if host is Host.BITBUCKET else ""
    if not is_header_safe(token) or ":" in username:
        raise AuthError(
            f"{names[0]} holds a space, a line break or a character outside ASCII, or the user "
            "name next to it a colon",
            why="It can't be sent in a header",
            fix="Set it to the token alone",
        )
    if host is Host.GITLAB:
        return HostCredentials(HeaderAuth("PRIVATE-TOKEN", token), (token,))
    personal = host is Host.AZURE and not environment.get(names[0], "").strip()
    if not username and not personal:
        return HostCredentials(bearer(token), (token,))
    basic = base64.b64encode(f"{username}:{token}".encode()).decode("ascii")
    return HostCredentials(httpx.BasicAuth(username, token), (basic, token), username)


def _missing(host: Host, environment: Mapping[str, str]) -> AuthError:
    name = _VARIABLES[host][0]
    if host is Host.GITLAB and environment.get("CI_JOB_TOKEN"):
        return DeniedError(
            "The only token here is CI_JOB_TOKEN",
            message="CI_JOB_TOKEN may not write comments",
            fix="Set GITLAB_TOKEN to a project access token with the scope api",
        )
    where = "in the pipeline's environment, from its secrets"
    if host is Host.AZURE:
        where = "to $(System.AccessToken) in the step's env"
    return AuthError(
        f"There is no token for {host}",
        why="It lets nobody comment without one",
        fix=f"Set {name} {where}",
    )
