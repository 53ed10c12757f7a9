"""``reconciler export``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.options import gateway_options, output_options
from reconciler.core.model import LiveProject, UnusableList
from reconciler.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from reconciler.cli.cancel import CancelToken
    from reconciler.cli.console import Console
    from reconciler.cli.options import ConnectionOptions
    from reconciler.core.model import LiveList
    from reconciler.gateway.client import GatewayReader
    from reconciler.manifests.export import Exported


@click.command(
    epilog="""\b
Examples:
  reconciler export MyProject > myproject.yaml
  reconciler export --out jwks/           every project the token may see
"""
)
@click.argument("projects", metavar="[PROJECT]...", nargs=-1)
@gateway_options
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Write one file per project into this folder; without it, or with -, everything goes to "
    "stdout.",
)
@output_options
def export(
    projects: tuple[str, ...], target: ConnectionOptions, out: Path | None, console: Console
) -> int:
    """Write the live state as manifests, which then plan to nothing.

    Without PROJECT, all projects the token may see. A `kid` is pinned where it is unique in its
    project, so that editing a name in the manifest is a rename. With `--format json`, stdout is one
    document that holds the manifests' texts by project.
    """
    from reconciler.cli.named_files import STDOUT, NamedFile, check_link
    from reconciler.cli.parallel import in_parallel
    from reconciler.cli.planning import owner_ids
    from reconciler.cli.session import open_session
    from reconciler.manifests.export import manifest_of

    out = None if out == STDOUT else out
    if out is not None:
        check_link(NamedFile("--out", out))
    with open_session(target, console) as session:
        reader = session.gateway.reader
        ids = _projects_to_export(projects, reader, session.cancel, console)
        lists = in_parallel(reader.list_jwks, sorted(ids), session.parallelism, session.cancel)
        if projects:
            ids |= owner_ids(
                (one for one in lists.values() if isinstance(one, LiveProject)), session
            )
    for name, live in lists.items():
        for jwk in live.jwks if isinstance(live, LiveProject) else ():
            console.require_no_token(
                name, jwk.name, (jwk.name, jwk.description or "", jwk.kid or "")
            )
    exported = {name: manifest_of(_checked(name, live, ids[name])) for name, live in lists.items()}
    files = _write_files(exported, out) if out is not None else {}
    _report(exported, files, out, console)
    return ExitCode.DONE


def _projects_to_export(
    names: tuple[str, ...], reader: GatewayReader, cancel: CancelToken, console: Console
) -> dict[str, str | None]:
    """The projects to export, each with its id where the gateway listed it.

    Raises:
        RefusedError: no manifest can name one that was asked for.
    """
    from reconciler.cli.parallel import in_parallel
    from reconciler.core.names import name_fault
    from reconciler.reports import escape

    for name in names:
        if fault := name_fault(name):
            what = f"The project {escape.name(name)} can't be declared: its name {fault}"
            raise RefusedError(what)
    if names:
        return dict.fromkeys(names)
    (rows,) = in_parallel(lambda _all: reader.list_projects(), [""], 1, cancel).values()
    ids = {row.name: row.id for row in rows}
    for name in list(ids):
        if fault := name_fault(name):
            del ids[name]
            console.note(f"warning: left out: the project {escape.name(name)}: its name {fault}")
    return ids


def _checked(name: str, live: LiveList, identifier: str | None) -> LiveProject:
    """A project's list, if it can be declared: no name twice, nothing of other projects."""
    from reconciler.core.list_checks import check_list
    from reconciler.core.list_refusals import several_owners

    if isinstance(live, UnusableList):
        raise RefusedError(live.message, why="It can't be exported", fix=live.hint)
    checked = check_list(live, identifier)
    refused = checked.refusals or ((several_owners(name),) if checked.doubtful else ())
    if not refused:
        return LiveProject(name, checked.own)
    raise RefusedError(
        f"Project {name}: {refused[0].message}",
        why="A manifest of it could not be applied",
        fix=refused[0].hint,
    )


def _write_files(exported: dict[str, Exported], folder: Path) -> dict[str, Path]:
    """Write one file per project; returns their paths, by project."""
    from reconciler.cli.files import replace_file

    paths = {name: folder / f"{_file_name(name)}.yaml" for name in exported}
    if len({str(path).casefold() for path in paths.values()}) < len(paths):
        raise UsageError(
            "Two projects' names come to the same file name",
            fix="Export them one at a time, with stdout sent to a file",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"The folder {folder} can't be made: {error.strerror}",
            fix="Name a folder this user may write to",
        ) from error
    for name, path in paths.items():
        replace_file(path, exported[name].text)
    return paths


def _file_name(project: str) -> str:
    """A project's name with all but harmless characters replaced; never empty or hidden."""
    return re.sub(r"[^\w.-]", "_", project).lstrip(".") or "_"


def _report(
    exported: dict[str, Exported], files: dict[str, Path], out: Path | None, console: Console
) -> None:
    from reconciler.reports import escape

    for manifest in exported.values():
        for message in manifest.left_out:
            console.note(f"warning: left out: {escape.terminal(message)}")
    if console.json:
        console.data(_as_json(exported, files))
    elif out is None:
        console.document("---\n".join(manifest.text for manifest in exported.values()))
    if out is not None:
        keys = sum(manifest.jwks for manifest in exported.values())
        console.note(f"Wrote {keys} JWKs of {len(exported)} projects to {out}.")


def _as_json(exported: dict[str, Exported], files: dict[str, Path]) -> str:
    from reconciler.reports import plan_json

    projects = [
        {
            "name": name,
            "jwks": manifest.jwks,
            "leftOut": list(manifest.left_out),
            "file": str(files[name]) if name in files else None,
            "manifest": manifest.text,
        }
        for name, manifest in exported.items()
    ]
    return plan_json.encode({"projects": projects})
