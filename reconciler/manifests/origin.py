"""Whose a document is, by ``apiVersion`` and ``kind``: known before anything of it is quoted."""

from __future__ import annotations

from enum import Enum

import yaml

from reconciler.manifests.model import API_VERSION, KIND

_GROUP = API_VERSION.partition("/")[0].casefold()


class Origin(Enum):
    """Whose a document is."""

    OURS = "a manifest, or meant to be one"
    OTHER_TOOL = "an object of another tool: of another API group and of another kind"
    UNKNOWN = "neither; it may be anything, a secret too"


def origin_of(root: yaml.Node) -> Origin:
    """Whose a document is; ours in whatever case the two members are written."""
    if not isinstance(root, yaml.MappingNode):
        return Origin.UNKNOWN
    members = {
        key.value.casefold(): value.value
        for key, value in reversed(root.value)  # of a key given twice the first
        if isinstance(key, yaml.ScalarNode) and isinstance(value, yaml.ScalarNode)
    }
    group = members.get("apiversion", "").partition("/")[0]
    kind = members.get("kind", "")
    if group.casefold() == _GROUP or kind.casefold() == KIND.casefold():
        return Origin.OURS
    return Origin.OTHER_TOOL if group and kind else Origin.UNKNOWN
