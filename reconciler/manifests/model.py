r"""The manifest as types: what decodes it, and what its published JSON Schema is made from.

A pattern means the same to Python's ``re`` and to ECMAScript, as JSON Schema asks for. The end of
the text is ``(?![\s\S])``: Python's ``$`` would let a line feed follow.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from reconciler.core.names import MAX_LENGTH

API_VERSION: Final = "reconciler/v1"
KIND: Final = "Project"
MAX_DESCRIPTION = 10_000

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NAME = (
    r"^(?!\.{1,2}$)(?! )(?![^\n]* $)"
    r"[^/\\;%?#\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    r"\ufff9-\ufffb]+(?![\s\S])"
)
_ADDRESSABLE = r"^(?!\.{1,2}(?![\s\S]))[^/\\;%?#\x00-\x1f\x7f-\x9f]+(?![\s\S])"
_NAME_RULE = (
    f"1 to {MAX_LENGTH} characters; no leading or trailing space, none of / \\ ; % ? #, no "
    "control, invisible or direction-changing character."
)

Name = Annotated[str, Meta(min_length=1, max_length=MAX_LENGTH, pattern=_NAME)]

JwkName = Annotated[
    Name,
    Meta(
        title="Name",
        description="The name the key shall have. Scripts that fetch a key by name must follow a "
        f"rename. {_NAME_RULE}",
        examples=["partner-signing"],
    ),
]
Description = Annotated[
    str,
    Meta(
        title="Description",
        description="The description the key shall have. Leave the member out to keep the live "
        'description; write "" for none. One trailing newline of a block scalar is dropped.',
        max_length=MAX_DESCRIPTION,
        examples=["Signs the tokens we issue to partners."],
    ),
]
PreviousName = Annotated[
    str,
    Meta(
        title="A name a live key may carry",
        description="Not empty; none of / \\ ; % ? #, no control character, as such a name can't "
        "be addressed in an update.",
        min_length=1,
        pattern=_ADDRESSABLE,
        examples=["my-jwk"],
    ),
]
PreviousNames = Annotated[
    tuple[PreviousName, ...],
    Meta(
        title="Previous names",
        description="Names the key may still carry; this is how a rename is asked for. They may "
        "stay here for ever.",
        examples=[["my-jwk"]],
    ),
]
Kid = Annotated[
    str,
    Meta(
        title="Key id",
        description="Pins which key is meant by its RFC 7517 key id, whatever its name is now.",
        min_length=1,
        examples=["key-id-1"],
    ),
]
AllowSourceDetach = Annotated[
    bool,
    Meta(
        title="Allow the source to be detached",
        description="Any update cuts a key that was made from a URL, certificate, public or "
        "private key or keystore off from that source. True consents to that.",
        examples=[True],
    ),
]

AllowDanglingReferences = Annotated[
    bool,
    Meta(
        title="Allow references to dangle",
        description="Scripts and policies that find a key by its old name no longer find it after "
        "a rename. True consents to that.",
        examples=[True],
    ),
]


class Jwk(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """One existing key: the name it shall have, its description, and how to recognise it."""

    name: JwkName
    description: Description | UnsetType = UNSET
    previous_names: PreviousNames = ()
    kid: Kid | UnsetType = UNSET
    allow_source_detach: AllowSourceDetach = False
    allow_dangling_references: AllowDanglingReferences = False


ProjectName = Annotated[
    Name,
    Meta(
        title="The Apinizer project",
        description="The project's name on the gateway; upper and lower case matter. Documents "
        f"that name the same project are merged. {_NAME_RULE}",
        examples=["MyProject"],
    ),
]
_IGNORED = Meta(
    title="Ignored",
    description="Accepted because deployment tools add it; it has no effect.",
)
Namespace = Annotated[str, _IGNORED, Meta(examples=["default"])]
Tags = Annotated[dict[str, str], _IGNORED, Meta(examples=[{"team": "payments"}])]


class Metadata(Struct, frozen=True, forbid_unknown_fields=True):
    """Which project the manifest is about."""

    name: ProjectName
    namespace: Namespace | UnsetType = UNSET
    labels: Tags | UnsetType = UNSET
    annotations: Tags | UnsetType = UNSET


Jwks = Annotated[
    tuple[Annotated[Jwk, Meta(title="A JWK")], ...],
    Meta(title="The project's JWKs", description="Keys that are not listed are left alone."),
]


class Spec(Struct, frozen=True, forbid_unknown_fields=True):
    """The names and descriptions that the project's keys shall have."""

    jwks: Jwks


ApiVersion = Annotated[
    Literal["reconciler/v1"],
    Meta(title="Version of this format", description=f"Always {API_VERSION}."),
]
Kind = Annotated[Literal["Project"], Meta(title="Kind of document", description=f"Always {KIND}.")]


class Manifest(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """The names and descriptions a project's keys shall have; never creates or deletes a key."""

    api_version: ApiVersion
    kind: Kind
    metadata: Annotated[Metadata, Meta(title="The project")]
    spec: Annotated[Spec, Meta(title="What is declared")]


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of one manifest document; not to be changed."""
    root = msgspec.json.schema(Annotated[Manifest, Meta(title="JWKs of an Apinizer project")])
    parts = root.pop("$defs")
    manifest = parts.pop(root.pop("$ref").rpartition("/")[2])
    return {"$schema": _DIALECT, **manifest, **root, "$defs": parts}
