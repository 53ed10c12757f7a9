"""``reconciler comment``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.options import output_options

if TYPE_CHECKING:
    from reconciler.cli.console import Console


@click.command(
    epilog="""\b
Examples:
  reconciler comment plan.json                 in a pipeline of a pull request
  reconciler comment plan.json --key staging   one comment per stage
  reconciler comment plan.json --host bitbucket --host-url https://git.example.com
                               --repository KEYS/jwks --pull-request 7

\b
Token, from the environment only, with the permission to write comments:
  GitHub     GITHUB_TOKEN or GH_TOKEN
  GitLab     GITLAB_TOKEN (a job's own CI_JOB_TOKEN may not write them)
  Bitbucket  BITBUCKET_TOKEN, and BITBUCKET_USERNAME where it is no access token
"""
)
@click.argument("planfile", metavar="PLANFILE")
@click.option(
    "--host",
    type=click.Choice(["github", "gitlab", "bitbucket"]),
    help="Where the pull request is; else what the pipeline's environment says.",
)
@click.option("--repository", metavar="R", help="OWNER/NAME; for GitLab a path or an id.")
@click.option("--pull-request", metavar="N", type=click.IntRange(min=1), help="Its number.")
@click.option("--host-url", metavar="URL", help="Of a self-hosted one, or of its API.")
@click.option(
    "--key",
    metavar="KEY",
    help="Tells comments about several plans apart.  [default: the gateway's URL]",
)
@click.option(
    "--always", is_flag=True, help="Also create the comment where there is nothing to tell."
)
@click.option(
    "--ca-file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="PEM file of the authorities to trust; else SSL_CERT_FILE.",
)
@output_options
def comment(
    planfile: str,
    host: str | None,
    repository: str | None,
    pull_request: int | None,
    host_url: str | None,
    key: str | None,
    always: bool,
    ca_file: Path | None,
    console: Console,
) -> int:
    """Post a plan's report to a pull or merge request, and keep that one comment up to date.

    PLANFILE is what `plan --out` or `--report json=FILE` wrote, or - for standard input. A comment
    of an earlier run is updated, also when nothing is to change any more; where there is none, one
    is created only if there is something to tell. A token that may not write comments, as in a
    pipeline of a fork, is a warning and no failure.
    """
    from reconciler.cli.commenting import Comment, post
    from reconciler.cli.planfile import EDITED, read_plan_file
    from reconciler.code_hosts.environment import Wanted
    from reconciler.code_hosts.model import Host
    from reconciler.reports import plan_json

    text = read_plan_file(planfile)
    result = plan_json.loads(text)
    if not plan_json.is_as_written(text):
        console.note(EDITED)
    wanted = Wanted(Host(host) if host else None, host_url, repository, pull_request)
    post(Comment(result, wanted, key, always, ca_file), console)
    return ExitCode.DONE
