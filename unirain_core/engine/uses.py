"""What the runs of an owner refer to: the lists by which `unirain gc` knows finished work that nothing needs any more."""

import hashlib
import json
import os
import socket
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from unirain_core.artefacts.remote import Remote
from unirain_core.artefacts.whole import write_text


@dataclass(frozen=True, slots=True)
class Use:
    """Finished work that an owner's runs refer to."""

    stage: str
    names: frozenset[str]
    is_whole: bool
    """Whether the owner's last run came to its end, so that `names` is all that it needs."""
    is_recorded: bool = False
    """Whether `names` are of a run that goes on; otherwise they are of the one before."""

    @classmethod
    def of(cls, file: Path) -> "Use":
        """Read a used list of a home."""
        try:
            content = file.read_bytes()
        except OSError:
            content = b""
        return cls.parse(file.stem, content)

    @classmethod
    def parse(cls, owner: str, content: bytes) -> "Use":
        """Read a used list; a damaged one says nothing, so that nothing may be removed on its word."""
        stage = owner.partition("@")[0]
        nothing = cls(stage, frozenset(), is_whole=False)
        try:
            fields = json.loads(content)
            names, is_whole = fields["names"], fields["is_whole"]
        except (ValueError, KeyError, TypeError):
            return nothing
        if not isinstance(names, list):
            return nothing
        is_recorded = fields.get("is_recorded") is True
        return cls(stage, frozenset(map(str, names)), is_whole=is_whole is True, is_recorded=is_recorded)

    def text(self) -> str:
        """The list as it is stored."""
        fields = {
            "stage": self.stage,
            "names": sorted(self.names),
            "is_recorded": self.is_recorded,
            "is_whole": self.is_whole,
        }
        return json.dumps(fields)


def of_home(home: Path) -> dict[str, Use]:
    """Owner to its list."""
    return {file.stem: Use.of(file) for file in sorted((home / "used").glob("*.json"))}


def of_shared(place: Remote) -> dict[tuple[str, str], Use]:
    """Machine and owner to their list, of all machines that share a store."""
    folder = place / "used"
    uses = {}
    for name in sorted(folder.files()):
        machine, _, file = name.partition("/")
        owner = file.removesuffix(".json")
        if owner != file:  # what a killed process left half written ends in another way
            uses[machine, owner] = Use.parse(owner, (folder / name).read_bytes())
    return uses


def machine(home: Path) -> str:
    """A name for a home of the work store that no other home has, of this machine or of another one.

    A copy of a home has another name, as its folder or its machine is another one.
    """
    file = home / "machine"
    if not file.exists():
        fresh = home / f".machine.{os.getpid()}"
        write_text(fresh, uuid.uuid4().hex)
        with suppress(FileExistsError):  # another stage was faster
            os.link(fresh, file)
        fresh.unlink()
    host = socket.gethostname()
    identity = f"{host}\x1f{home}\x1f{file.read_text(encoding='utf-8')}"
    return f"{host}-{hashlib.sha256(identity.encode()).hexdigest()[:8]}"
