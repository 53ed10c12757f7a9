"""``reconciler export``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.exit_codes import worst
from reconciler.cli.options import gateway_options, output_options
from reconciler.core.model import LiveProject, UnusableList
from reconciler.errors import AuthError, GatewayError, ReconcilerError, RefusedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from reconciler.cli.cancel import CancelToken
    from reconciler.cli.console import Console
    from reconciler.cli.options import ConnectionOptions
    from reconciler.core.model import LiveList
    from reconciler.gateway.client import GatewayReader
    from reconciler.manifests.export import Exported

_MOST_FAILURES = 5
"""After so many projects at which the gateway failed, the rest is not asked for any more."""


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
@click.option("--force", is_flag=True, help="Replace files that are there already.")
@output_options
def export(
    projects: tuple[str, ...],
    target: ConnectionOptions,
    out: Path | None,
    force: bool,
    console: Console,
) -> int:
    """Write the live state as manifests, which then plan to nothing.

    Without PROJECT, all projects the token may see; every project that can be read is written, and
    the exit code is that of those that can't. A `kid` is pinned where it is unique in its project,
    so that editing a name in the manifest is a rename. With `--format json`, stdout is one document
    that holds the manifests' texts by project.
    """
    from reconciler.cli.named_files import STDOUT, NamedFile, check_link
    from reconciler.cli.parallel import in_parallel
    from reconciler.cli.planning import owner_ids
    from reconciler.cli.session import open_session

    out = None if out == STDOUT else out
    if out is not None:
        check_link(NamedFile("--out", out))
    failed: dict[str, ReconcilerError] = {}
    with open_session(target, console) as session:
        reader = session.gateway.reader
        ids = _projects_to_export(projects, reader, session.cancel, console, failed)
        files = _free_files(ids, out, force=force) if out is not None else {}
        request = _collecting(reader.list_jwks)
        lists = in_parallel(request, sorted(ids), session.parallelism, session.cancel)
        if projects:
            ids |= owner_ids(
                (one for one in lists.values() if isinstance(one, LiveProject)), session
            )
    exported = _exported(lists, ids, failed, console)
    if out is not None and exported:
        _write_files(exported, files, out)
    _report(exported, failed, files, out, console)
    return worst(error.exit_code for error in failed.values())


def _projects_to_export(
    names: tuple[str, ...],
    reader: GatewayReader,
    cancel: CancelToken,
    console: Console,
    failed: dict[str, ReconcilerError],
) -> dict[str, str | None]:
    """The projects to export, each with its id where the gateway listed it.

    Adds to ``failed`` those that were asked for though no manifest can name them.
    """
    from reconciler.cli.parallel import in_parallel
    from reconciler.core.names import name_fault
    from reconciler.reports import escape

    for name in names:
        if fault := name_fault(name):
            what = f"The project {escape.name(name)} can't be declared: its name {fault}"
            failed[name] = RefusedError(what)
    if names:
        return {name: None for name in names if name not in failed}
    (rows,) = in_parallel(lambda _all: reader.list_projects(), [""], 1, cancel).values()
    ids = {row.name: row.id for row in rows}
    for name in list(ids):
        if fault := name_fault(name):
            del ids[name]
            console.note(f"warning: left out: the project {escape.name(name)}: its name {fault}")
    return ids


def _collecting(
    list_jwks: Callable[[str], LiveList],
) -> Callable[[str], LiveList | ReconcilerError]:
    """The same request, but an error is its result: other projects may be readable all the same."""
    failures: list[GatewayError] = []

    def request(name: str) -> LiveList | ReconcilerError:
        if len(failures) >= _MOST_FAILURES:
            what = f"Project {name} was not asked for, as the gateway failed at others before it"
            return GatewayError(what, fix="Run again once the gateway answers")
        try:
            return list_jwks(name)
        except AuthError as error:
            return error
        except GatewayError as error:
            failures.append(error)
            return error

    return request


def _exported(
    lists: Mapping[str, LiveList | ReconcilerError],
    ids: Mapping[str, str | None],
    failed: dict[str, ReconcilerError],
    console: Console,
) -> dict[str, Exported]:
    """The manifests, by project; adds to ``failed`` why there is none."""
    from reconciler.manifests.export import TOO_LARGE, is_too_large, manifest_of

    exported = {}
    for name, live in lists.items():
        if isinstance(live, ReconcilerError):
            failed[name] = live
            continue
        try:
            project = _checked(name, live, ids[name])
            for jwk in project.jwks:
                texts = (jwk.name, jwk.description or "", jwk.kid or "")
                console.require_no_token(name, jwk.name, texts)
        except ReconcilerError as error:
            failed[name] = error
            continue
        manifest = manifest_of(project)
        if is_too_large(manifest):
            failed[name] = RefusedError(f"Project {name} {TOO_LARGE}")
        else:
            exported[name] = manifest
    return exported


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


def _free_files(projects: Collection[str], folder: Path, *, force: bool) -> dict[str, Path]:
    """The file of each project.

    Raises:
        UsageError: some are there already, and may not be replaced.
    """
    from reconciler.manifests.export import file_names
    from reconciler.reports import escape

    names = file_names(projects, sys.getfilesystemencoding())
    files = {project: folder / name for project, name in names.items()}
    there = [path for path in files.values() if path.exists() or path.is_symlink()]
    if there and not force:
        raise UsageError(
            f"Already there: {', '.join(escape.terminal(str(path)) for path in there)}",
            why="What they declare would be lost, and nothing is written",
            fix="Name another folder, or add --force to replace them",
        )
    return files


def _write_files(exported: dict[str, Exported], files: Mapping[str, Path], folder: Path) -> None:
    """Write one file per project."""
    from reconciler.cli.files import replace_file
    from reconciler.cli.named_files import NamedFile, check_link

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"The folder {folder} can't be made: {error.strerror}",
            fix="Name a folder this user may write to",
        ) from error
    for name, manifest in exported.items():
        check_link(NamedFile("--out", files[name]))
        replace_file(files[name], manifest.text)


def _report(
    exported: dict[str, Exported],
    failed: dict[str, ReconcilerError],
    files: Mapping[str, Path],
    out: Path | None,
    console: Console,
) -> None:
    """Print what was exported, and why the rest could not be.

    Raises:
        ReconcilerError: nothing could be; the worst of the reasons.
    """
    from reconciler.reports import escape
    from reconciler.reports.formatting import counted

    for manifest in exported.values():
        for message in manifest.left_out:
            console.note(f"warning: left out: {escape.terminal(message)}")
    code = worst(error.exit_code for error in failed.values())
    last = next((error for error in failed.values() if error.exit_code == code), None)
    for error in failed.values():
        if exported or error is not last:
            console.printed.append(error)
            console.print_error(error)
    if last is not None and not exported:
        raise last
    if console.json:
        console.data(_as_json(exported, failed, files, console))
    elif out is None:
        console.document("---\n".join(manifest.text for manifest in exported.values()))
    keys = counted(sum(manifest.jwks for manifest in exported.values()), "JWK")
    done = f"{keys} of {counted(len(exported), 'project')}"
    rest = f"; {len(failed)} of {counted(len(exported) + len(failed), 'project')} could not be"
    if out is not None:
        console.note(f"Wrote {done} to {escape.terminal(str(out))}{rest if failed else ''}.")
    elif failed:
        console.note(f"Exported {done}{rest}.")


def _as_json(
    exported: dict[str, Exported],
    failed: dict[str, ReconcilerError],
    files: Mapping[str, Path],
    console: Console,
) -> str:
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
    # Of an error, nothing is read back: it may be masked, unlike the manifests.
    errors = [
        {
            "name": name,
            "exitCode": error.exit_code,
            "what": console.masked(error.what),
            "why": console.masked(error.why),
            "fix": console.masked(error.fix),
        }
        for name, error in failed.items()
    ]
    return plan_json.encode({"projects": projects, "failed": errors})
