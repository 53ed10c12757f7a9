"""What is installed here, as wheels: pip installs the program from them without an index."""

from __future__ import annotations

import atexit
import re
import shutil
import tempfile
import zipfile
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path


@cache
def wheels() -> Path:
    """The folder with the wheels of this package and all it needs; it is gone in the end."""
    folder = Path(tempfile.mkdtemp(prefix="wheels-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    needed = ["apinizer-jwk-reconciler", "socksio"]  # what httpx[socks] adds
    packed: set[str] = set()
    while needed:
        name = needed.pop()
        try:
            one = distribution(name)
        except PackageNotFoundError:  # for other systems or Pythons
            continue
        if name not in packed:
            packed.add(name)
            _pack(one, folder)
            required = [text for text in one.requires or () if "extra ==" not in text]
            needed += [re.split(r"[^\w.-]", text)[0] for text in required]
    return folder


def _pack(installed: Distribution, folder: Path) -> None:
    tags = re.findall(r"^Tag: (.+)$", installed.read_text("WHEEL") or "", re.MULTILINE)
    name = installed.metadata["Name"].replace("-", "_")
    with zipfile.ZipFile(folder / f"{name}-{installed.version}-{tags[-1]}.whl", "w") as wheel:
        for file in installed.files or ():
            # Scripts are outside; pip makes them anew.
            if not str(file).startswith("..") and file.suffix != ".pyc":
                wheel.write(file.locate(), str(file))
