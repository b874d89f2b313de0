"""The database and the references over a tiny project."""

import json

import numpy as np
import pytest

from unirain_core.artefacts import report, tables
from unirain_core.artefacts import triplets as triplet_files
from unirain_core.artefacts.schemas import RealPhoto, Reference, TripletRow
from unirain_core.artefacts.triplets import EncodedRow
from unirain_core.config.sections import Encoders, RetrievedReferences, VectorStore
from unirain_core.errors import MissingInputError, SchemaError
from unirain_core.imaging.codec import file_hash, write_png
from unirain_core.stages import real_rain_database, retrieved_references

SIZES = RetrievedReferences(keep_semantic=5, keep_visual=4, keep_structural=3)


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("UNIRAIN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("UNIRAIN_WORKERS", "1")
    (tmp_path / "pictures").mkdir()
    (tmp_path / "roots.local.yaml").write_text("here: pictures\n")
    return tmp_path


def triplets(prefix, count, encoder="test/1"):
    rng = np.random.default_rng(len(prefix))
    return [
        EncodedRow(
            id=f"{prefix}/{n}",
            caption="rain",
            caption_form="test",
            text_vector=rng.normal(size=4).astype(np.float32),
            image_vector=rng.normal(size=4).astype(np.float32),
            picture=rng.integers(0, 256, 256, dtype=np.uint8).tobytes(),
            encoder=encoder,
            input_hash=str(n),
        )
        for n in range(count)
    ]


def search(project, queries, photos, engine="edge"):
    triplet_files.write(project / "data/triplets", queries)
    triplet_files.write(project / "data/database", photos)
    retrieved_references.run(project, retrieved_references=SIZES, vector_store=VectorStore(engine=engine))
    return tables.read(project / "data/references/references.parquet", Reference)


def test_the_engine_does_not_change_the_references(project):
    queries, photos = triplets("q", 6), triplets("real", 12)
    by_edge = search(project, queries, photos)

    assert len(by_edge) == 6 * 3
    assert by_edge == search(project, queries, photos, engine="memory")


def test_a_database_of_fewer_photos_gives_fewer_references(project):
    assert len(search(project, triplets("q", 2), triplets("real", 2))) == 2 * 2


def test_more_queries_than_a_batch_are_written_in_their_order_and_counted(project, monkeypatch):
    monkeypatch.setattr(retrieved_references, "BATCH", 4)
    queries, photos = triplets("q", 11), triplets("real", 12)
    in_batches = search(project, queries, photos, engine="memory")
    said = report.read(project / "reports/retrieved_references.json")
    monkeypatch.setattr(retrieved_references, "BATCH", 100)
    whole = search(project, queries, photos, engine="memory")

    assert whole == in_batches
    assert said == report.read(project / "reports/retrieved_references.json")
    assert [query.id for query in queries] == [row.pair_id for row in whole[::3]]
    assert '"queries": 11,' in (project / "reports/retrieved_references.json").read_text()
    best = np.mean([row.s_perc for row in whole[::3]])
    assert said["mean_s_perc_of_the_best"] == pytest.approx(best, abs=1e-6)


def test_every_photo_is_searched_among_the_others_and_an_only_one_has_none(project):
    for count, references_of_each in ((5, 3), (2, 1), (1, 0)):
        search(project, triplets("q", 1), triplets("real", count), engine="memory")
        rows = tables.read(project / "data/references/photos.parquet", Reference)

        assert count * references_of_each == len(rows)
        assert all(row.pair_id != row.reference_id for row in rows)


@pytest.mark.parametrize(
    ("folder", "stage"), [("triplets", "query_triplets"), ("database", "real_rain_database")]
)
def test_pictures_that_are_cut_stop_the_search_before_anything_is_written(project, folder, stage):
    search(project, triplets("q", 3), triplets("real", 5), engine="memory")
    file = project / f"data/{folder}/pictures.npy"
    file.write_bytes(file.read_bytes()[:-1])
    before = (project / "data/references/references.parquet").stat().st_mtime_ns
    with pytest.raises(SchemaError, match=rf"pictures\.npy is damaged.*dvc repro --force {stage}`"):
        retrieved_references.run(
            project, retrieved_references=SIZES, vector_store=VectorStore(engine="memory")
        )

    assert before == (project / "data/references/references.parquet").stat().st_mtime_ns


def test_queries_of_another_encoder_are_refused(project):
    with pytest.raises(SchemaError, match="different encoders"):
        search(project, triplets("q", 2, encoder="test/2"), triplets("real", 3))


def test_a_lost_collection_is_filled_again_from_the_triplets(project):
    queries, photos = triplets("q", 3), triplets("real", 9)
    first = search(project, queries, photos)
    (collection,) = (f for f in (project / "home/qdrant").iterdir() if f.is_dir())
    (collection / "SHA256SUMS").unlink()

    assert first == search(project, queries, photos)


def test_the_database_is_written_and_searchable(project):
    rng = np.random.default_rng(0)
    photos = []
    for n in range(4):
        write_png(project / f"pictures/{n}.png", rng.integers(0, 256, (96, 144, 3), dtype=np.uint8))
        digest = file_hash(project / f"pictures/{n}.png")
        photos.append(
            RealPhoto(
                photo_id=f"real/{n}",
                dataset="real",
                root="here",
                input=f"{n}.png",
                width=144,
                height=96,
                mode="RGB",
                input_hash=digest,
            )
        )
    tables.write(project / "data/verified/real.parquet", photos, RealPhoto)
    real_rain_database.run(project, encoders=Encoders(), encoder_models={}, vector_store=VectorStore())
    rows = tables.read(project / "data/database/triplets.parquet", TripletRow)
    facts = json.loads((project / "data/database/collection.json").read_text())
    report = json.loads((project / "reports/real_rain_database.json").read_text())

    assert report["counts"] == {"photos": 4, "dropped": 0}
    assert {"encoders", "datasets"} <= report.keys()
    assert "captioned_as" not in report  # no word of a caption is counted
    assert [p.photo_id for p in photos] == [row.id for row in rows]
    assert (facts["count"], facts["encoder"]) == (4, rows[0].encoder)
    assert (project / "home/qdrant" / facts["collection"] / "SHA256SUMS").exists()


def test_an_empty_database_says_what_to_add(project):
    tables.write(project / "data/verified/real.parquet", [], RealPhoto)

    with pytest.raises(MissingInputError, match="unlabelled rainy photos"):
        real_rain_database.run(project, encoders=Encoders(), encoder_models={}, vector_store=VectorStore())
