"""Each kind of training split holds the pairs that its name says, and none of a held-out scene."""

import json
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest

from tests.engine.in_process import InProcess
from tests.stages.judged_pool import FACTS, PARAMS, REJECTED, TYPES, manifest_row, verified, write_upstream
from unirain_core.artefacts import tables
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import Dropped, ManifestRow, Pair, RealPhoto, Reference, SplitRow
from unirain_core.config.sections import JudgeName, VlmVotes
from unirain_core.config.splits import (
    Benchmark,
    Distilled,
    Mixed,
    MixedFull,
    NoGeneration,
    NoRetrieval,
    OnlyVlm,
    RainragOfficial,
)
from unirain_core.distill.ballots import vote_job
from unirain_core.distill.judges.judge import Response, Unanswered
from unirain_core.errors import EmptyTypeError, MissingInputError
from unirain_core.imaging.codec import file_hash, write_png
from unirain_core.stages import named_benchmarks, rainrag_split, training_split, vote_questions

MORE = [
    *FACTS,
    *((f"set/{t}/m{n}", t, f"more{n}") for t in TYPES for n in range(6)),
]


@pytest.fixture
def project(tmp_path):
    write_upstream(tmp_path, sorted(MORE))
    rainrag_split.run(tmp_path, rainrag_split=replace(PARAMS, train_per_type=3), rain_types=TYPES)
    return tmp_path


def made(root, section, rain_types=TYPES):
    training_split.run(
        root,
        training_splits={"ours": section},
        rain_types=rain_types,
        judge_models={},
        vlm_votes=VlmVotes(judges=(JudgeName("odd"),)),
        partition="ours",
    )
    return rows_of(root, "train/ours")


def rows_of(root, name):
    return tables.read(root / f"data/split/{name}.parquet", SplitRow)


def reported(root):
    return json.loads((root / "reports/training_split/ours.json").read_text())


def held_out_scenes(root):
    return {row.scene_id for name in ("val", "test", "unfiltered") for row in rows_of(root, name)}


def counted(rows):
    return {t: sum(row.rain_type == t for row in rows) for t in TYPES}


def test_the_full_mix_is_every_pair_of_an_open_scene_rejected_ones_too(project):
    closed = held_out_scenes(project)
    expected = sorted(name for name, _, scene in MORE if scene not in closed)

    assert expected == [row.pair_id for row in made(project, MixedFull(sources=()))]


@pytest.mark.parametrize(
    "section",
    [
        Mixed(sources=(), seed=4),
        Distilled(sources=(), seed=4),
        NoGeneration(sources=(), seed=4),
        NoGeneration(sources=(), seed=4, score="s_vis"),
    ],
    ids=lambda section: section.kind,
)
def test_a_split_has_the_distilled_size_of_each_type_and_no_held_out_scene(project, section):
    rows = made(project, section)

    assert counted(rows_of(project, "train/rainrag")) == counted(rows) == dict.fromkeys(TYPES, 3)
    assert not {row.scene_id for row in rows} & held_out_scenes(project)


def test_the_mix_depends_on_its_seed_alone(project):
    one, again, other = (made(project, Mixed(sources=(), seed=seed)) for seed in (1, 1, 2))

    assert one == again != other


def test_the_distilled_split_of_some_sources_holds_accepted_pairs_alone(project):
    for seed in range(20):
        rows = made(project, Distilled(sources=("set",), seed=seed))
        assert REJECTED not in {row.pair_id for row in rows}


def reference(name, rank, score):
    return Reference(pair_id=name, rank=rank, reference_id="real/1", s_txt=0.5, s_vis=0.5, s_perc=score)


def test_without_generation_the_pairs_nearest_to_their_own_references_are_taken(project):
    closed = held_out_scenes(project)
    names = sorted(name for name, _, scene in MORE if scene not in closed)
    near = {name: number / 100 for number, name in enumerate(names)}
    references = []
    for name, _, _ in sorted(MORE):
        for rank, shift in enumerate((-0.5, 0.5)):  # the mean counts, neither the best nor the first
            score = near.get(name, 0.0) + shift
            references.append(reference(name, rank, score))
    tables.write(project / "data/references/references.parquet", references, Reference)
    rows = made(project, NoGeneration(sources=(), seed=0))
    expected = [name for t in TYPES for name in [n for n in names if f"/{t}/" in n][-3:]]

    assert sorted(expected) == [row.pair_id for row in rows]


@pytest.fixture
def unequal(tmp_path):
    """A pool in which a second set has a few pairs of each type, and less than the distilled set."""
    few = [("two/drs/1", "drs", "other9"), *((f"two/nrd/{n}", "nrd", f"other{n}") for n in range(3))]
    write_upstream(tmp_path, sorted([*MORE, *few]))
    path = tmp_path / "data/verified/pairs.parquet"
    tables.write(path, [replace(row, dataset=row.pair_id[:3]) for row in tables.read(path, Pair)], Pair)
    rainrag_split.run(tmp_path, rainrag_split=PARAMS, rain_types=TYPES)
    return tmp_path


def test_a_split_that_cannot_be_as_large_as_the_distilled_set_says_so(unequal):
    rows = made(unequal, Mixed(sources=("two",), seed=0), ("nrd",))
    distilled = counted(rows_of(unequal, "train/rainrag"))["nrd"]

    assert {"two"} == {row.pair_id[:3] for row in rows}
    assert [f"nrd: {len(rows)} pairs, and the distilled set has {distilled}: there are no more"] == reported(
        unequal
    )["notes"]


def test_sources_without_a_rain_type_are_named_and_both_remedies_help(unequal):
    rain_types = ("nrd", "snow")
    with pytest.raises(
        EmptyTypeError, match=r"no pair of snow .*: name more sources, or take snow out"
    ) as raised:
        made(unequal, Mixed(sources=("two",), seed=0), rain_types)
    assert ("snow",) == raised.value.rain_types
    assert {"nrd"} == {row.rain_type for row in made(unequal, Mixed(sources=("two",), seed=0), ("nrd",))}
    path = unequal / "data/verified/pairs.parquet"
    snow = [replace(verified("set/snow/1", "snow", "white"), dataset="set")]
    tables.write(path, [*tables.read(path, Pair), *snow], Pair)

    assert set(rain_types) == {
        row.rain_type for row in made(unequal, MixedFull(sources=("two", "set")), rain_types)
    }


def official(root):
    """Pairs of the authors' set: one rejected by our judges, one test pair, two copies of other pairs, one torn."""
    extra = [
        ("ours/drs/input/1", "drs", "o1"),
        ("ours/nrd/input/1", "nrd", "o2"),
        ("ours/nrd/input/9", "nrd", "o9"),
    ]
    write_upstream(root, sorted([*MORE, *extra]))
    pairs = [
        replace(
            row,
            dataset=row.pair_id.split("/")[0],
            role="test" if row.pair_id.endswith("input/9") else "train",
        )
        for row in tables.read(root / "data/verified/pairs.parquet", Pair)
    ]
    tables.write(root / "data/verified/pairs.parquet", pairs, Pair)
    rainrag_split.run(root, rainrag_split=replace(PARAMS, train_per_type=3), rain_types=TYPES)
    trained, val = rows_of(root, "train/rainrag")[0], rows_of(root, "val")[0]
    copies = {
        "ours/drs/input/2": ("duplicate", trained.pair_id),
        "ours/drs/input/3": ("duplicate", val.pair_id),
        "ours/drs/input/4": ("duplicate", "ours/drs/input/2"),
        "ours/drs/input/5": ("leaks_into_benchmark", "ours/nrd/input/9"),
        "ours/drs/input/6": ("truncated", None),
        "ours/nrd/input/8": ("duplicate", "set/nrd/0"),
    }
    dropped = [Dropped(pair_id=name, dataset="ours", reason=r, other=o) for name, (r, o) in copies.items()]
    tables.write(root / "data/verified/dropped.parquet", dropped, Dropped)
    manifest = []
    for name in sorted([*(n for n, _, _ in [*MORE, *extra]), *copies]):
        role = "test" if name in ("ours/nrd/input/9", "ours/nrd/input/8") else "train"
        manifest.append(replace(manifest_row(name, name.split("/")[1], role), dataset=name.split("/")[0]))
    tables.write(root / "data/raw/manifest.parquet", manifest, ManifestRow)
    return trained, val


def test_the_official_split_is_trained_on_past_votes_and_copies_but_not_past_held_out_scenes(tmp_path):
    trained, _ = official(tmp_path)
    closed = held_out_scenes(tmp_path)
    rows = {row.pair_id: row for row in made(tmp_path, RainragOfficial(sources=("ours",)))}
    own = [
        name
        for name, scene in (("ours/drs/input/1", "o1"), ("ours/nrd/input/1", "o2"))
        if scene not in closed
    ]

    assert {*own, "ours/drs/input/2", "ours/drs/input/4"} == set(rows)
    assert {trained.scene_id} == {rows[f"ours/drs/input/{n}"].scene_id for n in (2, 4)}
    assert 6 == reported(tmp_path)["counts"]["candidates"]


def test_a_named_benchmark_is_scored_as_published_and_two_folders_of_one_set_are_two(tmp_path):
    official(tmp_path)
    whole, one = Benchmark(sources=("ours",)), Benchmark(sources=("ours",), paths="input/9")
    named_benchmarks.run(tmp_path, benchmarks={"whole": whole, "rd": one}, rain_types=TYPES)

    def ids(name):
        return [row.pair_id for row in tables.read(tmp_path / f"data/benchmarks/{name}.parquet", SplitRow)]

    assert (["ours/nrd/input/8", "ours/nrd/input/9"], ["ours/nrd/input/9"]) == (ids("whole"), ids("rd"))
    assert (
        "benchmark,rain_type,pairs\nwhole,nrd,2\nrd,nrd,1\n"
        == (tmp_path / "data/benchmarks/contents.csv").read_text()
    )
    named_benchmarks.run(tmp_path, benchmarks={"rd": one}, rain_types=TYPES)
    assert not (tmp_path / "data/benchmarks/whole.parquet").exists()


def test_the_path_of_a_benchmark_is_not_looked_for_in_the_name_of_its_dataset(tmp_path):
    official(tmp_path)
    benchmark = Benchmark(sources=("ours",), paths="ours/")
    with pytest.raises(MissingInputError, match=r"benchmarks\.rd is empty.*`ours/` in its path"):
        named_benchmarks.run(tmp_path, benchmarks={"rd": benchmark}, rain_types=TYPES)
    named_benchmarks.run(tmp_path, benchmarks={"rd": replace(benchmark, paths="/input/")}, rain_types=TYPES)

    assert 2 == len(tables.read(tmp_path / "data/benchmarks/rd.parquet", SplitRow))


def test_an_empty_benchmark_is_named_with_what_to_change(project):
    benchmark = Benchmark(sources=("set",), paths="nowhere/")
    with pytest.raises(
        MissingInputError, match=r"benchmarks\.rd is empty.*`nowhere/`.*set `role: benchmark`"
    ):
        named_benchmarks.run(project, benchmarks={"rd": benchmark}, rain_types=TYPES)
    manifest = tables.read(project / "data/raw/manifest.parquet", ManifestRow)
    pairs = tables.read(project / "data/verified/pairs.parquet", Pair)
    tables.write(
        project / "data/raw/manifest.parquet",
        [replace(row, role="benchmark") for row in manifest],
        ManifestRow,
    )
    pairs = [replace(row, role="benchmark") for row in pairs]
    tables.write(project / "data/verified/pairs.parquet", pairs, Pair)
    named_benchmarks.run(project, benchmarks={"rd": replace(benchmark, paths="")}, rain_types=TYPES)

    assert len(MORE) == len(tables.read(project / "data/benchmarks/rd.parquet", SplitRow))


def test_verified_pairs_that_no_judge_was_asked_about_are_in_the_full_mix(project):
    rows = tables.read(project / "data/verified/pairs.parquet", Pair)
    rows.append(verified("set/nrd/x", "nrd", "unasked"))
    tables.write(project / "data/verified/pairs.parquet", rows, Pair)

    assert "set/nrd/x" in {row.pair_id for row in made(project, MixedFull(sources=()))}


class OddJudge:
    """Says yes to every second picture, and keeps what it was shown."""

    name, prompt, version, device, batch = "odd", "P", "1", "cpu", 4
    questions: ClassVar[list[tuple[int, list[int]]]] = []

    def judge(self, questions):
        OddJudge.questions += [(int(q.query.max()), [int(r.max()) for r in q.references]) for q in questions]
        return [Response(p_yes=q.query.max() % 2, mass=1.0, reply="", reason="") for q in questions]


@pytest.fixture
def judge(project, monkeypatch):
    """Pictures that can be told apart, three photos, and a judge that knows them."""
    path = project / "data/verified/pairs.parquet"
    rows = tables.read(path, Pair)
    tables.write(path, [painted(project, row, value) for value, row in enumerate(rows)], Pair)
    path = project / "data/verified/real.parquet"
    photo = tables.read(path, RealPhoto)[0]
    photos = [replace(photo, photo_id=f"real/{n}", input=f"real/{n}.png") for n in range(3)]
    tables.write(path, [painted(project, row, 200 + n) for n, row in enumerate(photos)], RealPhoto)
    monkeypatch.setattr(OddJudge, "questions", [])
    monkeypatch.setenv("UNIRAIN_HOME", str(project / "home"))
    monkeypatch.setattr("unirain_core.engine.rows.make_engine", InProcess)
    monkeypatch.setattr(vote_questions, "_job", fake_job)
    monkeypatch.setattr(vote_questions, "alone_jobs", lambda root, *_: [fake_job(root, "odd")])
    return OddJudge


def painted(root, row, value):
    write_png(root / row.input, np.full((4, 6, 3), value, dtype=np.uint8))
    return replace(row, input_hash=file_hash(root / row.input))


def fake_job(root, name, *_):
    return vote_job(name, OddJudge, Roots.load(root), "1")  # type: ignore[arg-type]  # name is no property


@pytest.mark.parametrize("section", [OnlyVlm(sources=(), seed=1), NoRetrieval(sources=(), seed=1)])
def test_the_judges_are_asked_anew_without_references_or_beside_blind_ones(project, judge, section):
    rows = made(project, section)
    value = {
        row.pair_id: n for n, row in enumerate(tables.read(project / "data/verified/pairs.parquet", Pair))
    }
    shown = [references for _, references in judge.questions]

    assert sorted(value.values()) == sorted(query for query, _ in judge.questions)
    assert all(value[row.pair_id] % 2 for row in rows)
    assert not {row.scene_id for row in rows} & held_out_scenes(project)
    if isinstance(section, OnlyVlm):
        assert [[]] * len(MORE) == shown
    else:
        assert {1} == {len(references) for references in shown}, "as many as S(q) has"
        assert {200, 201, 202} == {number for references in shown for number in references}


@pytest.mark.parametrize("section", [OnlyVlm(sources=(), seed=1), NoRetrieval(sources=(), seed=1)])
def test_judges_that_are_asked_anew_are_not_asked_about_pairs_of_benchmarks(project, judge, section):
    path = project / "data/verified/pairs.parquet"
    rows = tables.read(path, Pair)
    tables.write(
        path, [replace(row, role="benchmark" if n < 3 else row.role) for n, row in enumerate(rows)], Pair
    )
    chosen = {row.pair_id for row in made(project, section)}
    closed = {row.scene_id for row in rows[:3]}

    assert list(range(3, len(rows))) == sorted(query for query, _ in judge.questions)
    assert not chosen & {row.pair_id for row in rows if row.scene_id in closed}


class FailingJudge(OddJudge):
    """Gives no answer about one picture."""

    def judge(self, questions):
        answers = super().judge(questions)
        return [
            Unanswered("it is down") if q.query.max() == 1 else a
            for q, a in zip(questions, answers, strict=True)
        ]


def test_questions_that_could_not_be_asked_are_noted_with_the_command_that_asks_them_again(
    project, judge, monkeypatch
):
    job = vote_job("odd", FailingJudge, Roots.load(project), "1")  # type: ignore[arg-type]  # name is no property
    monkeypatch.setattr(vote_questions, "alone_jobs", lambda *_: [job])
    made(project, OnlyVlm(sources=(), seed=1))
    (note,) = [line for line in reported(project)["notes"] if "could not be asked" in line]

    assert "1 questions" in note
    assert "`dvc repro --force --single-item training_split@ours` asks them again" in note


def test_asking_again_asks_nothing_and_leaves_no_tables_behind(project, judge):
    first = made(project, OnlyVlm(sources=(), seed=1))
    n_asked = len(judge.questions)

    assert first == made(project, OnlyVlm(sources=(), seed=1))
    assert n_asked == len(judge.questions)
    assert [] == list((project / "home").rglob("hearing"))
