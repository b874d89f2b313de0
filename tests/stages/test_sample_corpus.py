"""The stage: the same bytes every time, and nothing rendered twice."""

import json

import pytest

from unirain_core.config.sections import SampleCorpus
from unirain_core.engine.store import WorkStore
from unirain_core.errors import ChangedInputError
from unirain_core.imaging.codec import file_hash
from unirain_core.stages import sample_corpus
from unirain_core.standins.rain.plan import plan

TINY = SampleCorpus(seed=5, height=64, width=96, pairs_per_type=3, real_per_type=1)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return tmp_path_factory.mktemp("project")


@pytest.fixture(autouse=True)
def _one_worker(monkeypatch):
    monkeypatch.setenv("UNIRAIN_WORKERS", "1")
    monkeypatch.delenv("UNIRAIN_HOME", raising=False)
    monkeypatch.delenv("DVC_ROOT", raising=False)


def run(root):
    sample_corpus.run(root, sample_corpora={"tiny": TINY}, partition="tiny")
    outs = [root / "data", root / "reports"]
    return {
        str(f.relative_to(root)): file_hash(f) for out in outs for f in sorted(out.rglob("*")) if f.is_file()
    }


def test_a_second_run_gives_the_same_bytes_out_of_the_store(project):
    first = run(project)
    shards = {f: f.stat().st_mtime_ns for f in (project / ".unirain" / "shards").rglob("*.png")}
    second = run(project)

    assert first == second
    assert shards == {f: f.stat().st_mtime_ns for f in (project / ".unirain" / "shards").rglob("*.png")}


def test_a_store_that_lost_a_part_gives_the_same_bytes(project):
    first = run(project)
    part = next((project / ".unirain" / "shards" / "sample_corpus").iterdir())
    part.rename(project / "lost")

    assert first == run(project)


def test_the_report_counts_every_picture(project):
    run(project)
    report = json.loads((project / "reports/sample_corpus/tiny.json").read_text())
    counts = report["counts"]

    assert len(plan(TINY)) == sum(row["pictures"] for row in report["composition"])
    assert counts["pairs"] == counts["good"] + counts["low_fidelity"] + counts["faulty"]
    assert 4 == counts["real"]


def test_an_older_file_in_the_out_goes_away(project):
    run(project)
    stranger = project / "data/sample_corpus/tiny/real/stranger.png"
    stranger.write_bytes(b"")
    run(project)

    assert not stranger.exists()


def test_a_flipped_bit_in_a_stored_picture_never_reaches_the_corpus(project):
    first = run(project)
    stored = sorted((project / ".unirain/shards/sample_corpus").rglob("*.png"))[3]
    content = bytearray(stored.read_bytes())
    content[len(content) // 2] ^= 1
    stored.write_bytes(content)

    assert first == run(project)


def test_a_photograph_that_changes_after_it_was_hashed_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(sample_corpus, "file_hash", lambda path: "listed before")
    shard = sample_corpus._shard(tuple(plan(TINY)[:1]), TINY)
    store = WorkStore(home=tmp_path, owner="sample_corpus@tiny")

    with pytest.raises(ChangedInputError, match="has changed since it was hashed"):
        sample_corpus._finished(shard, store=store, config=TINY)
    assert [] == list(tmp_path.glob("shards/*/*"))
