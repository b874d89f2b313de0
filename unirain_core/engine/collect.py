"""Removal of finished work that no run refers to any more, from a home and from a store that several machines share."""

import shutil
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from unirain_core.artefacts.remote import Place, Remote
from unirain_core.engine import uses
from unirain_core.engine.shared import ARCHIVE
from unirain_core.engine.uses import Use


@dataclass(frozen=True, slots=True)
class Collected:
    """What was removed, and what was not."""

    removed: tuple[Place, ...]
    freed: int
    """Bytes."""
    kept_for: tuple[str, ...]
    """Owners whose last run did not come to its end, or of which nothing is known: their stage's work stays whole."""


def collect(home: Path, named: Iterable[Path] = (), owners: Collection[str] | None = None) -> Collected:
    """Delete finished work that no stage used in its latest run, and all partial work; no stage may be running.

    The work of a stage whose latest run was interrupted stays whole, since that run will want it. So does the work of a stage
    of which nothing is known.

    Args:
        home: of the store.
        named: finished work that something else refers to, and that stays.
        owners: all that can run; an interrupted run of another one will never come to its end. None: not known.
    """
    freed = size_of(home / "partial")
    shutil.rmtree(home / "partial", ignore_errors=True)
    stages: dict[str, list[str]] = {}
    for folder in (home / "shards").glob("*"):
        if folder.is_dir():  # a file there is none of ours, such as a file manager's
            stages[folder.name] = [path.name for path in folder.iterdir()]
    lists: dict[str, Use] = {}
    for owner, use in uses.of_home(home).items():
        will_run = owners is None or owner in owners
        lists[owner] = use if will_run else replace(use, is_whole=True)
    unwanted, kept_for = _unwanted(stages, lists, {(path.parent.name, path.name) for path in named})
    removed = [home / "shards" / stage / name for stage, name in unwanted]
    for path in removed:
        freed += size_of(path)
        remove(path)
    _remove_empty_indexes(home)
    return Collected(tuple(removed), freed, kept_for)


def collect_shared(
    place: Remote, home: Path, named: Iterable[Path] = (), owners: Collection[str] | None = None
) -> Collected:
    """Delete finished work of a shared store that no machine's latest run used; other machines may be running.

    A running stage counts as interrupted, so its work stays. A run that begins while this goes on either uses what stays, or
    has its own copy and puts it back at its end, or computes anew.

    Args:
        place: the shared store.
        home: of this machine's work store.
        named: as of `collect`.
        owners: all that can run here; of other machines nothing is known.
    """
    stages: dict[str, list[str]] = {}
    files = (place / "shards").files()
    # listed before the used lists are read: work that a run puts in between is then left alone
    for path in files:
        stage, is_below, name = path.partition("/")
        if is_below:
            stages.setdefault(stage, []).append(name)
    here = uses.machine(home)
    lists: dict[str, Use] = {}
    for (machine, owner), use in uses.of_shared(place).items():
        will_run = machine != here or owners is None or owner in owners
        lists[f"{owner} of {machine}"] = use if will_run else replace(use, is_whole=True)
    unwanted, kept_for = _unwanted(stages, lists, {(path.parent.name, path.name) for path in named})
    removed: list[Place] = []
    freed = 0
    for stage, name in unwanted:
        work = place / "shards" / stage / name
        with suppress(FileNotFoundError):  # another machine collects too
            work.remove()
            removed.append(work)
            freed += files[f"{stage}/{name}"].size
    return Collected(tuple(removed), freed, kept_for)


def _unwanted(
    stages: Mapping[str, Iterable[str]], lists: Mapping[str, Use], named: set[tuple[str, str]]
) -> tuple[list[tuple[str, str]], tuple[str, ...]]:
    """Stage and name of what may go, and the owners for whom the rest stays.

    Args:
        stages: names of all finished work, by stage.
        lists: by the owner's name for a person.
        named: stage and name of what stays in any case.
    """
    interrupted = {
        owner: use.stage for owner, use in lists.items() if not use.is_whole and use.stage in stages
    }
    recorded = {use.stage for use in lists.values()}
    wanted = {(use.stage, name) for use in lists.values() for name in use.names} | named
    unwanted: list[tuple[str, str]] = []
    kept_for = set(interrupted)
    for stage, names in sorted(stages.items()):
        if stage in interrupted.values():
            continue
        if stage not in recorded:
            kept_for.add(stage)
            continue
        unwanted += [(stage, name) for name in sorted(names) if (stage, _key(name)) not in wanted]
    return unwanted, tuple(sorted(kept_for))


def _key(name: str) -> str:
    """What a used list calls finished work: a folder by its key, wherever it stands."""
    return name.partition(".")[0] if name.endswith(ARCHIVE) else name


def _remove_empty_indexes(home: Path) -> None:
    """Remove the indexes that list no shard any more; one that lists some that are gone is put right when it is used."""
    for index in sorted((home / "index").glob("*/*.index")):
        shards = home / "shards" / index.parent.name
        if not any(shards.glob(f"{index.stem}-*")):
            remove(index)


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files below a folder; 0 where there is none."""
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def remove(path: Path) -> None:
    """Remove a file, or a folder with all that it holds."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
