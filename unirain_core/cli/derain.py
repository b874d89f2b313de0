"""`unirain derain`: photos through a trained network."""

import errno
import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer
from tqdm import tqdm

from unirain_core.artefacts.paths import CHECKPOINT
from unirain_core.artefacts.whole import whole_file
from unirain_core.cli.apart import Decoder
from unirain_core.cli.outs import demand_outside_of_outs
from unirain_core.cli.project import current_root, project_root
from unirain_core.engine.store import WorkStore
from unirain_core.errors import ConfigError, ItemError, MissingArtefactError, MissingInputError, UniRainError
from unirain_core.imaging.codec import SUFFIXES, write_own_channels
from unirain_core.imaging.unkept import unkept
from unirain_core.tracking.checkpoints import checkpoint_of, is_version

if TYPE_CHECKING:  # torch takes seconds to load, which `unirain --help` should not
    from unirain_core.model.restorer import Restorer

_DISK_IS_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})

DEFAULT_CHECKPOINT = CHECKPOINT.format(partition="reweighted")


@dataclass(frozen=True, slots=True)
class Job:
    """One picture to read and where its restored one goes."""

    source: Path
    target: Path


def derain(
    input: Annotated[Path, typer.Argument(help="A picture, or a folder of pictures with its sub-folders.")],
    output: Annotated[
        Path, typer.Argument(help="A .png file for one picture, or a folder; never the input.")
    ],
    checkpoint: Annotated[
        Optional[str],  # noqa: UP045 (typer reads it)
        typer.Option(
            help=f"Folder of a trained network, or a registered version such as models:/UniRain@champion; "
            f"default: {DEFAULT_CHECKPOINT} of the project."
        ),
    ] = None,
) -> None:
    """Remove rain from photos of any size; names and sub-folders stay, pictures are written as PNG.

    A picture that cannot be derained is named and skipped; the exit code is then 1. A last line names what the PNG files do not keep,
    such as EXIF.
    """
    demand_outside_of_outs(project_root(Path.cwd()), output)
    jobs = plan(input, output)
    net = _load(_folder(str(checkpoint)) if checkpoint else current_root() / DEFAULT_CHECKPOINT)
    with Decoder() as decoder:
        bar = tqdm(jobs, desc="derain", unit="picture", disable=None)
        written = sum(_run(net, decoder, job) for job in bar)
    if not written:
        raise MissingInputError(
            f"{input}: not one picture could be derained, the lines above say why; name readable ones"
        )
    print(f"{written} of {len(jobs)} pictures derained into {output}")
    if lost := Counter(name for job in jobs for name in unkept(job.source)):
        print("not kept: " + ", ".join(f"{name} of {n}" for name, n in lost.items()))
    if (skipped := len(jobs) - written) > 0:
        raise UniRainError(
            f"{skipped} of {len(jobs)} pictures were skipped, the lines above say why; the others are derained"
        )


def plan(input: Path, output: Path) -> list[Job]:
    """Pair every picture with its target; other files are named in a warning.

    Raises:
        ConfigError: the input does not exist or is no picture, or a target is an input or is not unique.
        MissingInputError: a folder holds no picture.
    """
    if input.is_dir():
        jobs = _folder_jobs(input, output)
    elif input.exists():
        jobs = [_single_job(input, output)]
    else:
        raise ConfigError(f"{input} does not exist; name a picture or a folder of pictures")
    sources = {_real(job.source) for job in jobs}
    targets = Counter(job.target for job in jobs)
    for job in jobs:
        if _real(job.target) in sources:
            raise ConfigError(f"{job.target} would overwrite an input; name another output folder")
        if targets[job.target] > 1:
            raise ConfigError(f"{job.target} would hold more than one picture; rename {job.source}")
    return jobs


def _single_job(source: Path, output: Path) -> Job:
    if not _is_picture(source):
        raise ConfigError(f"{source} is no picture; known are {_known()}")
    if output.is_dir() or not _is_picture(output):
        return Job(source, output / f"{source.stem}.png")
    if output.suffix.lower() != ".png":
        raise ConfigError(f"{output}: pictures are written as PNG; name it {output.with_suffix('.png').name}")
    return Job(source, output)


def _folder_jobs(folder: Path, output: Path) -> list[Job]:
    if _real(output) == _real(folder):
        raise ConfigError(f"{output} is the input folder; name another output folder")
    if output.is_file():
        raise ConfigError(f"{output} is a file, but {folder} is a folder; name a folder")
    sources = list(_pictures(folder, output))
    if not sources:
        raise MissingInputError(f"{folder} holds no picture; known are {_known()}")
    twins = Counter(source.with_suffix("") for source in sources)
    return [
        Job(source, output / source.relative_to(folder).with_name(f"{_name(source, twins)}.png"))
        for source in sources
    ]


def _pictures(folder: Path, output: Path) -> Iterator[Path]:
    """Picture files in the order of their names. Where the output lies below the folder, its files are no inputs."""
    results = _real(output)
    is_below = results.is_relative_to(_real(folder))
    for path in sorted(folder.rglob("*")):
        if is_below and _real(path).is_relative_to(results):
            continue
        if path.is_dir():
            if path.is_symlink():
                _warn(path, "a link to a folder, and links are not followed into folders")
        elif not path.is_file():
            _warn(path, "a link that leads nowhere, or no regular file")
        elif _is_picture(path):
            yield path
        else:
            _warn(path, "no picture by its suffix")


def _real(path: Path) -> Path:
    """Where a path leads through all links; `Path.resolve` would stop at a link that leads to itself."""
    return Path(os.path.realpath(path))


def _name(source: Path, twins: Counter[Path]) -> str:
    """The name without suffix, and with it where two pictures differ only in it."""
    return source.name if twins[source.with_suffix("")] > 1 else source.stem


def _run(net: "Restorer", decoder: Decoder, job: Job) -> bool:
    """Derain one picture; False where it cannot be read, restored or written: the others go on."""
    from unirain_core.inference.photo import derain as derain_photo

    try:
        restored = derain_photo(net, decoder.read(job.source))
        with whole_file(job.target) as file:
            write_own_channels(file, restored)
    except ItemError as error:
        _warn(job.source, f"{error.reason} ({error.detail})")
    except (MemoryError, RuntimeError) as error:
        # on a CPU torch has no class for it
        if not isinstance(error, MemoryError) and "memory" not in str(error):
            raise
        _warn(job.source, "out_of_memory (it does not fit into the memory of this machine)")
    except FileNotFoundError:
        _warn(job.source, "it is gone since the folder was listed")
    except OSError as error:
        if error.errno in _DISK_IS_FULL:  # the next picture would end the same way
            raise
        _warn(job.source, f"{error.strerror or error}: {error.filename or job.target}")
    else:
        return True
    return False


def _folder(checkpoint: str) -> Path:
    """The folder of a checkpoint. A registered version's folder is found by its bytes.

    Raises:
        MissingInputError: no bytes of the version are on this machine, or MLflow does not answer.
    """
    if not is_version(checkpoint):
        return Path(checkpoint)
    root = current_root()
    return checkpoint_of(checkpoint, root, WorkStore.at(root, "derain").home)


def _load(folder: Path) -> "Restorer":
    """The network of a checkpoint, on the GPU where there is one."""
    import torch

    from unirain_core.model.checkpoint import load

    try:
        net = load(folder)
    except (MissingArtefactError, NotADirectoryError):  # none, or a file in the place of the folder
        raise MissingInputError(
            f"{folder} holds no checkpoint; train one with `make demo`, or name another with --checkpoint"
        ) from None
    return net.to("cuda" if torch.cuda.is_available() else "cpu")


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES


def _known() -> str:
    return ", ".join(sorted(SUFFIXES))


def _warn(path: Path, why: str) -> None:
    tqdm.write(f"skipped {path}: {why}", file=sys.stderr)
