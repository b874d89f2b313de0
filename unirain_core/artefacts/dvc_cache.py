"""DVC's cache of MD5 objects: where DVC's own configuration puts it, and the files that it lists of a folder."""

import json
from pathlib import Path

from unirain_core.errors import ConfigError


def objects_folder(root: Path) -> Path:
    """The folder of the objects. `dvc config cache.dir` may put it outside of the project, where a team shares it.

    DVC reads its configuration in 0.09 s the first time and takes no lock for it; a stage asks only to explain damage.

    Raises:
        ConfigError: the configuration cannot be read.
    """
    from dvc.config import Config
    from dvc.config import ConfigError as UnreadableError

    try:
        folder = Config(str(root / ".dvc"))["cache"].get("dir")
    except UnreadableError as error:
        raise ConfigError(
            f"DVC cannot read its configuration ({error}); mend .dvc/config or .dvc/config.local"
        ) from None
    return Path(folder or root / ".dvc" / "cache") / "files" / "md5"


def listing(objects: Path, md5: str) -> dict[str, str] | None:
    """DVC's hash of every file of an out, by its path relative to the out; an out that is a file has the path ''.

    Args:
        objects: folder of the objects.
        md5: DVC's hash of the out.

    Returns:
        None where the cache does not hold the list, or holds a damaged one.
    """
    if not md5.endswith(".dir"):
        return {"": md5}
    try:
        entries = json.loads((objects / md5[:2] / md5[2:]).read_bytes())
        return {str(entry["relpath"]): str(entry["md5"]) for entry in entries}
    except (OSError, ValueError, KeyError, TypeError):
        return None
