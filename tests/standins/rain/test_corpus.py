"""Parts for workers, the ledger, the photographs, the contact sheet."""

import json

import numpy as np
import pytest
from PIL import Image

from unirain_core.config.sections import SampleCorpus
from unirain_core.errors import MissingInputError
from unirain_core.standins.rain import corpus
from unirain_core.standins.rain.contact import contact_sheet
from unirain_core.standins.rain.items import FAULTS
from unirain_core.standins.rain.paths import place
from unirain_core.standins.rain.photos import SHIPPED, crop, photos_of
from unirain_core.standins.rain.plan import plan


def test_parts_share_out_all_items_and_never_mix_datasets():
    items = plan(SampleCorpus(seed=7))
    parts = corpus.parts(items)

    assert sorted(place(i).input for i in items) == sorted(place(i).input for part in parts for i in part)
    assert all(1 == len({item.dataset for item in part}) for part in parts)
    assert max(map(len, parts)) <= 2.5 * corpus.PART


def test_the_ledger_names_every_picture_once_and_in_order(tmp_path):
    items = plan(SampleCorpus(seed=7, pairs_per_type=6, real_per_type=3))
    corpus.write_ledger(tmp_path, items[::-1])
    ledger = json.loads((tmp_path / corpus.LEDGER).read_text())

    assert sorted(place(item).input for item in items) == [entry["input"] for entry in ledger]
    assert {*FAULTS, "good", "real"} < {entry["what"] for entry in ledger}
    copies = {entry["what"]: entry["other"] for entry in ledger if entry["other"]}
    assert {"duplicate", "leaks_into_benchmark"} == set(copies)
    assert set(copies.values()) <= {entry["input"] for entry in ledger if entry["what"] == "good"}


@pytest.mark.parametrize("photo", SHIPPED, ids=lambda photo: photo.path.stem)
def test_every_shipped_photograph_can_be_cropped(photo):
    window = crop(photo, height=64, width=96, rng=np.random.default_rng(0))

    assert (64, 96, 3) == window.shape
    assert np.float32 == window.dtype
    assert 0.05 < window.mean() < 0.95


def test_a_folders_pictures_are_its_photos_by_name(tmp_path):
    for name in ("b.jpg", "a.png"):
        Image.new("RGB", (80, 60), "white").save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no picture")

    assert ["a.png", "b.jpg"] == [photo.path.name for photo in photos_of(tmp_path)]


def test_a_folder_with_one_picture_is_refused(tmp_path):
    Image.new("RGB", (80, 60)).save(tmp_path / "a.png")

    with pytest.raises(MissingInputError, match="1 photographs; at least 2"):
        photos_of(tmp_path)


def test_the_contact_sheet_has_two_rows_for_each_type():
    sheet = contact_sheet(SampleCorpus(seed=0, height=64, width=96))

    assert (8 * (round(256 * 64 / 96) + 16), 6 * 256, 3) == sheet.shape
    assert np.uint8 == sheet.dtype
