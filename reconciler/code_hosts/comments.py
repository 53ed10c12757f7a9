"""One comment per pull request and key, found again by its marker and its author.

The oldest of ours is the one that is kept up to date. Later ones are there where two runs met, each
of them seeing none; their text becomes a reference to the kept one, so that no outdated verdict
stays, nothing is deleted, and the next run finds one comment only. Two runs that meet come to the
same end, whichever is slower: after creating a comment, each lists again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from reconciler.code_hosts.model import (
    Action,
    Comment,
    CommentsApi,
    DeniedError,
    LostError,
    OutdatedError,
    Posted,
)
from reconciler.errors import GatewayError

_CREATIONS = 3
"""How often a comment is posted at most, each time after a list that did not show it."""


def _never(_text: str) -> bool:
    return False


def post_or_update(
    api: CommentsApi,
    marker: str,
    text: str,
    *,
    first: bool = True,
    is_newer: Callable[[str], bool] = _never,
) -> Posted:
    """Have exactly one comment with this marker say this.

    Args:
        api: the pull request's comments.
        marker: a line that stands in ``text`` and in no comment about anything else.
        text: Markdown.
        first: whether to create it where there is none; if not, only an older one is updated.
        is_newer: whether a comment's text is of a newer run than ``text``; then it stays.

    Raises:
        OutdatedError: there is an older comment of ours that may not be updated.
        AuthError: the token is rejected, or the pull request can't be read with it.
        GatewayError: the host is of no use.
    """
    try:
        return _post(api, marker, text, is_newer, first=first)
    except DeniedError as denied:
        return Posted(Action.FORBIDDEN, message=denied.message)


def _post(
    api: CommentsApi, marker: str, text: str, is_newer: Callable[[str], bool], *, first: bool
) -> Posted:
    ours = _ours(api, marker)
    newer = next((comment for comment in ours if is_newer(comment.text)), None)
    if newer is not None:
        return Posted(Action.NEWER, newer.url, id=newer.id)
    found = _settle(api, ours, text)
    if found is not None:
        return found
    if not first:
        return Posted(Action.NOTHING)
    created = _create(api, marker, text)
    ours = _ours(api, marker)
    if created is not None and all(comment.id != created.id for comment in ours):
        ours.append(created)  # a list may lag behind
    settled = _settle(api, ours, text)
    if settled is None:
        raise GatewayError(
            "The comment was gone right after it was created",
            why="Somebody or something removes comments there",
            fix="Look for a rule or a bot that does",
        )
    new = created is None or settled.id == created.id
    if settled.action is Action.UNCHANGED and new:
        return replace(settled, action=Action.CREATED)
    return settled


def _create(api: CommentsApi, marker: str, text: str, left: int = _CREATIONS) -> Comment | None:
    """Create the comment; None where its answer was lost, but the list shows it."""
    try:
        return api.create(text)
    except LostError:
        if _ours(api, marker):
            return None
        if left == 1:
            raise
    return _create(api, marker, text, left - 1)


def _ours(api: CommentsApi, marker: str) -> list[Comment]:
    """The comments with our marker as a line of its own, so that quoting one is no claim to it."""
    author = api.author()
    return [
        comment
        for comment in api.comments()
        if author in {None, comment.author} and marker in map(str.strip, comment.text.splitlines())
    ]


def _settle(api: CommentsApi, ours: Sequence[Comment], text: str) -> Posted | None:
    """Bring the oldest up to date, and have the later ones refer to it; None where there is none.

    Raises:
        OutdatedError: there is one of ours, and it may not be written.
    """
    for place, comment in enumerate(ours):
        kept = comment if _says(comment, text) else _updated(api, comment, text)
        if kept is None:
            continue
        action = Action.UNCHANGED if kept is comment else Action.UPDATED
        superseded = sum(_supersede(api, later, kept) for later in ours[place + 1 :])
        return Posted(action, kept.url, superseded=superseded, id=kept.id)
    return None


def _updated(api: CommentsApi, comment: Comment, text: str) -> Comment | None:
    """The comment with another text; None where it is gone, or was not ours after all."""
    try:
        return api.update(comment, text)
    except DeniedError as denied:
        if denied.gone or api.author() is None:
            return None
        where = f" at {comment.url}" if comment.url else ""
        raise OutdatedError(
            f"Our comment{where} may not be updated: {denied.message}",
            why="It still shows what an earlier run found, which may not be so any more",
            fix="Give the token the permission to edit its comments, or delete that one, and run "
            "again",
        ) from denied


def _supersede(api: CommentsApi, later: Comment, kept: Comment) -> bool:
    where = f"[an earlier comment]({kept.url})" if kept.url else "an earlier comment"
    try:
        api.update(later, f"This report is kept up to date in {where} on this page.")
    except DeniedError:
        return False
    return True


def _says(comment: Comment, text: str) -> bool:
    return comment.text.strip().splitlines() == text.strip().splitlines()
