"""`unirain sample-corpus`: render a sample corpus outside the pipeline, or a sheet of small pictures to look at."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer
from tqdm import tqdm

from unirain_core.artefacts.folders import making
from unirain_core.artefacts.whole import naming
from unirain_core.cli.extras import need
from unirain_core.cli.outs import demand_outside_of_outs
from unirain_core.cli.project import project_root
from unirain_core.config.sections import SampleCorpus
from unirain_core.engine.local import LocalEngine
from unirain_core.engine.pools import run
from unirain_core.errors import ConfigError
from unirain_core.imaging.codec import write_png

if TYPE_CHECKING:  # SciPy is loaded when pictures are rendered, which `unirain --help` does not do
    from unirain_core.standins.rain.items import Item
    from unirain_core.standins.rain.photos import Photo

DEFAULT = SampleCorpus(seed=0)
LARGEST_SIDE, LARGEST_SEED = 4096, 2**63 - 1
"""As `config.sections.SampleCorpus` bounds them, so that each corpus of this command can be named in params."""
Folder = Optional[Path]  # noqa: UP045 (typer reads it)


def sample_corpus(
    output: Annotated[Folder, typer.Argument(help="Folder to render into; new or empty.")] = None,
    seed: Annotated[
        int, typer.Option(min=0, max=LARGEST_SEED, help="Every picture is a function of it.")
    ] = DEFAULT.seed,
    photos: Annotated[
        Folder,
        typer.Option(help="Folder of photographs without rain; default: those of scikit-image and -learn."),
    ] = None,
    pairs_per_type: Annotated[
        int, typer.Option(min=2, help="Labelled pairs of each rain type.")
    ] = DEFAULT.pairs_per_type,
    planted_share: Annotated[
        float, typer.Option(min=0, max=1, help="Share of them whose rain is bad on purpose.")
    ] = DEFAULT.planted_share,
    real_per_type: Annotated[
        int, typer.Option(min=1, help="Unlabelled photos of each rain type.")
    ] = DEFAULT.real_per_type,
    height: Annotated[int, typer.Option(min=64, max=LARGEST_SIDE, help="Pixels.")] = DEFAULT.height,
    width: Annotated[int, typer.Option(min=64, max=LARGEST_SIDE, help="Pixels.")] = DEFAULT.width,
    contact_sheet: Annotated[
        Folder, typer.Option(help="Write a .png sheet of every rain type, path and planted kind.")
    ] = None,
) -> None:
    """Render rain over photographs: labelled pairs in six datasets' layouts, and unlabelled photos."""
    need("skimage", "sklearn")
    from unirain_core.standins.rain.photos import SHIPPED, photos_of

    if output is None and contact_sheet is None:
        raise ConfigError("nothing to render: name a folder, or --contact-sheet FILE.png")
    for place in (output, contact_sheet):
        if place is not None:
            demand_outside_of_outs(project_root(Path.cwd()), place)
    if contact_sheet is not None:
        _demand_picture(contact_sheet)  # before a corpus is rendered
    config = SampleCorpus(
        seed=seed,
        height=height,
        width=width,
        pairs_per_type=pairs_per_type,
        planted_share=planted_share,
        real_per_type=real_per_type,
    )
    chosen = SHIPPED if photos is None else photos_of(photos)
    if output is not None:
        print(f"{_render(config, chosen, output)} pictures rendered into {output}")
    if contact_sheet is not None:
        _write_sheet(config, chosen, contact_sheet)
        print(f"{contact_sheet} written")


def _render(config: SampleCorpus, photos: "tuple[Photo, ...]", output: Path) -> int:
    from unirain_core.standins.rain import corpus
    from unirain_core.standins.rain.plan import plan

    if output.is_file() or (output.is_dir() and any(output.iterdir())):
        raise ConfigError(f"{output} is not empty; name a new folder to render into")
    items = plan(config, photos)
    with making(output):
        output.mkdir(parents=True, exist_ok=True)
    with tqdm(total=len(items), desc="sample-corpus", unit="picture", disable=None) as bar:
        work = partial(_write_part, config=config, photos=photos, output=output)
        for written in run(LocalEngine(), work, corpus.parts(items)):
            bar.update(written)
    corpus.write_ledger(output, items)
    return len(items)


def _write_part(
    part: "tuple[Item, ...]", *, config: SampleCorpus, photos: "tuple[Photo, ...]", output: Path
) -> int:
    from unirain_core.standins.rain.render import write

    for item in part:
        write(item, config, output, photos)
    return len(part)


def _write_sheet(config: SampleCorpus, photos: "tuple[Photo, ...]", file: Path) -> None:
    from unirain_core.standins.rain.contact import contact_sheet

    sheet = contact_sheet(config, photos)
    with naming(file):
        write_png(file, sheet)


def _demand_picture(file: Path) -> None:
    """Refuse a name under which the sheet cannot be written; its folder is made."""
    if file.suffix.lower() != ".png":
        raise ConfigError(f"{file}: the sheet is a PNG file; give a name that ends in .png")
    if file.is_dir():
        raise ConfigError(f"{file} is a folder, and the sheet is a file; give another name")
    with making(file.parent):
        file.parent.mkdir(parents=True, exist_ok=True)
