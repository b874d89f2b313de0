"""Where the datasets lie on this machine: sample corpora inside the project, the rest in roots.local.yaml."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from unirain_core.artefacts import paths
from unirain_core.config.load import read_yaml
from unirain_core.errors import ConfigError, MissingInputError

LOCAL = "roots.local.yaml"
_FORM = "lines of the form `name: /folder/of/the/dataset` are expected"


@dataclass(frozen=True, slots=True)
class Roots:
    """Names of roots to folders; a value, so that workers can be handed it."""

    project: Path
    local: dict[str, str] = field(default_factory=dict)
    """Content of roots.local.yaml: name to folder, absolute or relative to the project."""

    @classmethod
    def load(cls, project: Path) -> "Roots":
        """Read roots.local.yaml of the project, if there is one.

        Raises:
            ConfigError: the file is no mapping of names to folders.
        """
        file = project / LOCAL
        content = read_yaml(file) if file.exists() else {}
        if content is None:
            content = {}
        if not isinstance(content, dict):
            raise ConfigError(f"{LOCAL}: {_FORM}, found {str(content)[:80]!r}")
        wrong = [f"{k}: {v!r}" for k, v in content.items() if not isinstance(v, str) or not v.strip()]
        if wrong:
            raise ConfigError(f"{LOCAL}: {_FORM}, found `{wrong[0]}`")
        return cls(project=project, local={str(k): v for k, v in content.items()})

    def folder(self, name: str) -> Path:
        """The folder of a root: a line of roots.local.yaml, else the sample corpus of that name.

        Raises:
            MissingInputError: neither exists, or the folder is gone.
        """
        if name in self.local:
            folder = (self.project / os.path.expanduser(self.local[name])).resolve()  # noqa: PTH111 (never raises)
            if not folder.is_dir():
                problem = "is no folder" if folder.exists() else "does not exist"
                raise MissingInputError(f"{LOCAL}: {name}: {folder} {problem}; correct the line")
            return folder
        sample = self.project / paths.SAMPLE_CORPUS.format(partition=name)
        if sample.is_dir():
            return sample
        known = sorted([*self.local, *self._samples()])
        raise MissingInputError(
            f"root '{name}' is neither a sample corpus nor named in {LOCAL} (known: {', '.join(known) or 'none'}); "
            f"add the line `{name}: /folder/of/the/dataset` to {LOCAL} in the project's root"
        )

    def path(self, name: str, relative: str) -> Path:
        """A file of a root."""
        return self.folder(name) / relative

    def _samples(self) -> Iterable[str]:
        common = self.project / paths.common(paths.SAMPLE_CORPUS)
        return (f.name for f in common.iterdir() if f.is_dir()) if common.is_dir() else ()
