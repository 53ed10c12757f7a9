"""How much is read before a manifest is refused: far above real use, far below what hurts."""

MEBIBYTE = 1024 * 1024

MAX_FILE_BYTES = 8 * MEBIBYTE
"""One file; 10,000 fully described JWKs take about 1.5 MiB."""

MAX_TOTAL_BYTES = 256 * MEBIBYTE
"""All files of a run together, so that a wrong folder ends with a message, not with the memory."""

MAX_DEPTH = 32
"""Nested collections and values; a manifest needs 7. libyaml recurses in C and would crash."""

MAX_NODES = 500_000
"""Values of one file, aliases counted as often as they are used; at about 300 bytes each."""

MAX_TEXT = 16 * MEBIBYTE
"""Characters of one file's values, aliases counted as often as they are used."""

MAX_PROBLEMS = 10_000
"""Problems listed of one file: one for each entry of the largest manifests foreseen."""
