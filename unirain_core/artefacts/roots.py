"""Where the datasets lie on this machine: sample corpora inside the project, the rest in roots.local.yaml."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from unirain_core.artefacts import paths
from unirain_core.artefacts.remote import Option, Place, Remote, is_url
from unirain_core.config.load import read_yaml
from unirain_core.errors import ConfigError, MissingInputError, without_password

LOCAL = "roots.local.yaml"
_FORM = "lines of the form `name: /folder/of/the/dataset` are expected"
_FORM_WITH_LINKS = "`{folder: /folder/of/the/dataset, allow: [/folder/to/which/links/may/lead]}`"
_FORM_OF_URLS = "`{folder: 's3://bucket/folder', options: {endpoint_url: 'http://host:9000'}}`"


@dataclass(frozen=True, slots=True)
class Roots:
    """Names of roots to folders; a value, so that workers can be handed it."""

    project: Path
    local: dict[str, str] = field(default_factory=dict)
    """Content of roots.local.yaml: name to folder, absolute or relative to the project, or to an fsspec URL."""
    allowed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Name to the further folders to which its links may lead."""
    options: dict[str, tuple[tuple[str, Option], ...]] = field(default_factory=dict, repr=False)
    """Name of a root at a URL to what fsspec is told besides."""

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
        lines = {str(name): _line(str(name), value) for name, value in content.items()}
        return cls(
            project=project,
            local={name: line.folder for name, line in lines.items()},
            allowed={name: line.allow for name, line in lines.items() if line.allow},
            options={name: line.options for name, line in lines.items() if line.options},
        )

    def fences(self, name: str) -> tuple[Path, ...]:
        """The folders that links below a root may lead to; a store has no links.

        Raises:
            MissingInputError: one of them does not exist.
        """
        if name not in self.local:
            return (self.project,)  # DVC may link a sample corpus to its cache
        folder = self.folder(name)
        if isinstance(folder, Remote):
            return ()
        return (folder, *(self._folder(name, text) for text in self.allowed.get(name, ())))

    def line(self, name: str, allow: Iterable[str]) -> str:
        """The line of roots.local.yaml that allows a root's links to lead to some more folders."""
        folder = self.local.get(name, paths.SAMPLE_CORPUS.format(partition=name))
        folders = dict.fromkeys([*self.allowed.get(name, ()), *allow])
        shown = ", ".join(json.dumps(text, ensure_ascii=False) for text in folders)
        return f"{name}: {{folder: {json.dumps(folder, ensure_ascii=False)}, allow: [{shown}]}}"

    def folder(self, name: str) -> Place:
        """The folder of a root: a line of roots.local.yaml, else the sample corpus of that name.

        Raises:
            MissingInputError: neither exists, or the folder is gone; nobody asks a store here.
        """
        if is_url(self.local.get(name, "")):
            return Remote(self.local[name], self.options.get(name, ()))
        if name in self.local:
            return self._folder(name, self.local[name])
        sample = self.project / paths.SAMPLE_CORPUS.format(partition=name)
        if "/" not in name and name not in ("", ".", "..") and sample.is_dir():
            return sample
        names = sorted([*self.local, *self._samples()])
        raise MissingInputError(
            f"root '{name}' is neither a sample corpus nor named in {LOCAL} (known: {', '.join(names) or 'none'}); "
            f"add the line `{name}: /folder/of/the/dataset` to {LOCAL} in the project's root"
        )

    def has(self, name: str) -> bool:
        """Whether a root has a line in roots.local.yaml, or is a sample corpus; its folder may be gone all the same."""
        return name in self.local or name in self._samples()

    def path(self, name: str, relative: str) -> Place:
        """A file of a root."""
        return self.folder(name) / relative

    def _folder(self, name: str, text: str) -> Path:
        folder = (self.project / os.path.expanduser(text)).resolve()  # noqa: PTH111 (never raises)
        if not folder.is_dir():
            problem = "is no folder" if folder.exists() else "does not exist"
            raise MissingInputError(f"{LOCAL}: {name}: {folder} {problem}; correct the line")
        return folder

    def _samples(self) -> Iterable[str]:
        common = self.project / paths.common(paths.SAMPLE_CORPUS)
        return (f.name for f in common.iterdir() if f.is_dir()) if common.is_dir() else ()


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of roots.local.yaml, given in either of its forms."""

    folder: str
    allow: tuple[str, ...] = ()
    options: tuple[tuple[str, Option], ...] = ()


def _line(name: str, value: object) -> _Line:
    shown = f"a mapping of {', '.join(map(str, value))}" if isinstance(value, dict) else repr(value)
    wrong = ConfigError(
        f"{LOCAL}: {_FORM}, found `{name}: {without_password(shown)}`; where links lead outside: {_FORM_WITH_LINKS}; "
        f"at a URL: {_FORM_OF_URLS}"
    )
    match value:
        case str() if value.strip():
            return _Line(value)
        case {"folder": str() as folder, **rest} if is_url(folder):
            options = rest.get("options", {})
            if set(rest) - {"options"} or not isinstance(options, dict):
                raise wrong
            if not all(_is_option(*item) for item in options.items()):
                raise wrong
            return _Line(folder, options=tuple(sorted(options.items())))
        case {"folder": str() as folder, **rest} if folder.strip() and set(rest) <= {"allow"}:
            allow = rest.get("allow", [])
            if not isinstance(allow, list) or not all(isinstance(a, str) and a.strip() for a in allow):
                raise wrong
            return _Line(folder, allow=tuple(allow))
        case _:
            raise wrong


def _is_option(name: object, value: object) -> bool:
    return isinstance(name, str) and isinstance(value, str | bool | int | float)
