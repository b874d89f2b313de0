"""params.yaml is read strictly: a typo is an error, never a default."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from dvc.utils.hydra import apply_overrides

from unirain_core.config.load import load_params, params_of, read_yaml
from unirain_core.errors import ConfigError

ROOT = Path(__file__).parents[2]
PROFILES = sorted(ROOT.glob("params*.yaml"))


@pytest.mark.parametrize("path", PROFILES, ids=lambda p: p.name)
def test_every_profile_in_the_repository_is_valid(path):
    assert load_params(path).rain_types


def written(tmp_path, old, new):
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "params.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("keep_semantic:", "keep_semantics:", r"keep_semantics: unexpected .* nearest known: keep_semantic"),
        ("  steps: 600", "  steps: -3", r"training\.steps: .*greater than or equal to 1"),
        ("  steps: 600", '  steps: "300"', r"training\.steps: .*integer"),
        ("  steps: 600\n", "", r"training\.steps: missing"),
        ("learning_rate: 3e-3", "learning_rate: .inf", r"cannot hold: .*not JSON compliant"),
        ("learning_rate: 3e-3", "learning_rate: 3e3", r"training\.learning_rate: .*or equal to 0\.1 .*3000"),
        ("weight_decay: 1e-4", "weight_decay: 400", r"training: learning_rate .* times weight_decay 400"),
        ("warmup_steps: 20", "warmup_steps: 600", r"training: warmup_steps 600 must be less than steps 600"),
        ("patch: 64", "patch: 7", r"training\.patch: 7 is too small for network 'small' .*at least 8 works"),
        ("patch: 64", "patch: 100000", r"training\.patch: .*less than or equal to 4096"),
        ("batch_per_type: 2", "batch_per_type: 1000000000", r"training\.batch_per_type: .*equal to 4096"),
        ("min_side: 64", "min_side: 10", r"verified_pairs\.min_side: 10 .*'unirain' .*at least 11 works"),
        ("min_side: 64", "min_side: 20000", r"verified_pairs: min_side 20000 squared exceeds max_pixels"),
        ("min_side: 64", "min_side: 300", r"sample_corpora\.demo: .*side of 256 .*at least 300 pixels"),
        ("near_duplicate_bits: 30", "near_duplicate_bits: 256", r"near_duplicate_bits: .*equal to 100"),
        (
            "per_dataset: {}",
            "per_dataset: {rain200: {max_offset: 2}}",
            r"per_dataset\.rain200: is not one of",
        ),
        (
            "per_dataset: {}",
            "per_dataset: {rain200l: {aligned_peak: 2}}",
            r"rain200l\.aligned_peak: .*equal to 1",
        ),
        ("structure_side: 128", "structure_side: 1000000", r"structure_side: .*equal to 1024"),
        ("height: 256", "height: 1", r"sample_corpora\.demo\.height: .*equal to 64"),
        ("seed: 7", "seed: -7", r"sample_corpora\.demo\.seed: .*equal to 0"),
        ("seed: 0}", "seed: 99999999999999999999}", r"variants\.reweighted\.seed: .*found 9999"),
        ("per_scene: 4, max_share: 1.0", "per_scene: 4, max_share: 0", r"max_share: .*greater than 0"),
        ("test: {per_type: 8", "test: {per_type: 0", r"rainrag_split\.test\.per_type: .*equal to 1"),
        ("dim: 16", "dim: 1000000000", r"networks\.small\.dim: .*equal to 512"),
        ("blocks: [1, 1, 2]", "blocks: [100000, 1, 1]", r"networks\.small\.blocks\.0: .*equal to 64"),
        ("shuffle: 2", "shuffle: 1000", r"networks\.small\.shuffle: .*equal to 8"),
        ("update_every: 5", "update_every: 601", r"update_every: 601 exceeds .*600, so that .* at most 600"),
        (
            "min_weight: 0.0}",
            "min_weight: 0.3}",
            r"strategies\.reweighted\.min_weight: .* at most 0\.25 works",
        ),
        ("splits: [test, unfiltered]", "splits: []", r"benchmark_scores: splits must name"),
        ("splits: [test, unfiltered]", "splits: [test, test]", r"each once; found \['test', 'test'\]"),
        ("pictures: {per_type: 1}", "pictures: {per_type: 5000}", r"pictures\.per_type: .*equal to 100"),
        ("\n  input: {kind: input}", " {}", r"methods: empty"),
        ("accept_share: 0.9", "accept_share: 1.9", r"vlm_votes\.accept_share: .*less than or equal to 1"),
        ("loss: rmse ", "loss: l3 ", r"training\.loss: .*'l1' or 'rmse'"),
        (
            "split: rainrag, network",
            "split: rainrga, network",
            r"variants\.reweighted\.split: 'rainrga' is not one of",
        ),
        (
            "training_splits: {}",
            "training_splits: {rainrag: {kind: mixed_full, sources: []}}",
            r"rainrag: .*choose",
        ),
        (
            "training_splits: {}",
            "training_splits: {val: {kind: mixed_full, sources: []}}",
            r"val: .*choose",
        ),
        (
            "training_splits: {}",
            "training_splits: {pyramid: {kind: mixed_full, sources: []}}",
            r"pyramid: .*choose",
        ),
        (
            "training_splits: {}",
            "training_splits: {a: {kind: rainrag_official, sources: [rainrag, rain200l]}}",
            r"a\.sources: rain200l is not of the layout rainrag, .*correct the sources",
        ),
        (
            "training_splits: {}",
            "training_splits: {a: {kind: mixd}}",
            r"training_splits\.a: kind must be one of dist",
        ),
        (
            "training_splits: {}",
            "training_splits: {a: {kind: mixed_full, sources: [x]}}",
            r"a\.sources: x is not",
        ),
        (
            "benchmarks: {}",
            "benchmarks: {test: {sources: [rainrag], paths: ''}}",
            r"benchmarks\.test: .*choose",
        ),
        (
            "benchmarks: {}",
            "benchmarks: {a: {sources: [], paths: ''}}",
            r"benchmarks\.a\.sources: .*at least 1",
        ),
        ("benchmarks: {}", "benchmarks: {a: {sources: [x], paths: ''}}", r"a\.sources: x is not one of"),
        (
            "network: small, strategy: reweighted",
            "network: tiny, strategy: reweighted",
            r"variants\.reweighted\.network",
        ),
        ("keep_visual: 6", "keep_visual: 60", r"keep_semantic >= keep_visual"),
        ("rain_types: [drs, drd, nrs, nrd]", "rain_types: [drs, drs]", r"distinct plain names"),
        ("profile: sample", "profile: [", r"not readable as YAML"),
        ("  input: {kind: input}", "  reweighted: {kind: input}", r"share the names"),
        ("    real: {layout", "    real/sub: {layout", r"raw_datasets: 'real/sub' cannot name a dataset"),
        ("  input: {kind: input}", "  été: {kind: input}", r"methods\.été: a name of the letters a to z"),
        ("  input: {kind: input}", "  -x: {kind: input}", r"methods\.-x: .*begins with a letter or _"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(tmp_path, old, new, message):
    with pytest.raises(ConfigError, match=message):
        load_params(written(tmp_path, old, new))


@pytest.mark.parametrize("n_types", [1, 4, 6, 7, 30])
def test_the_largest_floor_that_a_message_names_is_accepted(tmp_path, n_types):
    types = ", ".join(f"t{number}" for number in range(n_types))
    path = written(tmp_path, "rain_types: [drs, drd, nrs, nrd]", f"rain_types: [{types}]")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("min_weight: 0.0", "min_weight: 1.1"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"at most .* works") as raised:
        load_params(path)
    largest = re.findall(r"at most (\S+) works", str(raised.value))[0]
    path.write_text(text.replace("min_weight: 0.0", f"min_weight: {largest}"), encoding="utf-8")

    assert n_types == len(load_params(path).rain_types)


def test_an_unknown_key_is_refused_at_every_depth(tmp_path):
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if "#" not in line]
    for line in [n for n in lines if n.startswith("  ") and n.rstrip().endswith("}")]:
        path = tmp_path / "params.yaml"
        path.write_text(text.replace(line, line.rstrip()[:-1] + ", odd_key: 1}", 1), encoding="utf-8")
        with pytest.raises(ConfigError, match="odd_key"):
            load_params(path)


def test_numbers_are_read_as_dvc_reads_them(tmp_path):
    path = tmp_path / "n.yaml"
    path.write_text("a: 2e-4\nb: on\n", encoding="utf-8")

    assert {"a": 0.0002, "b": "on"} == read_yaml(path)


def test_a_missing_file_says_where_to_run():
    with pytest.raises(ConfigError, match="run from the root of the project"):
        load_params(Path("nowhere/params.yaml"))


@pytest.mark.parametrize(("protocol", "side"), [("unirain", 11), ("unirain_test", 16), ("skimage_rgb", 11)])
def test_the_smallest_side_that_a_protocol_scores_is_accepted_and_one_less_is_not(tmp_path, protocol, side):
    path = written(tmp_path, "protocol: unirain", f"protocol: {protocol}")
    text = path.read_text()
    path.write_text(text.replace("min_side: 64", f"min_side: {side}"))

    assert side == load_params(path).verified_pairs.min_side
    path.write_text(text.replace("min_side: 64", f"min_side: {side - 1}"))
    with pytest.raises(ConfigError, match=f"at least {side} works"):
        load_params(path)


def leaves(content, place=()):
    """Every scalar and list of a params file, by its dotted key."""
    for key, value in content.items():
        if isinstance(value, dict):
            yield from leaves(value, (*place, key))
        else:
            yield ".".join((*place, key)), value


@pytest.mark.parametrize("path", PROFILES, ids=lambda p: p.name)
def test_every_line_of_a_profile_is_needed(path):
    """Take away one key after the other: only a dataset's own optional keys may be left out."""
    for key, _ in leaves(read_yaml(path)):
        if key.startswith("raw_datasets.datasets."):
            continue
        content = read_yaml(path)
        *sections, last = key.split(".")
        section: Any = content
        for name in sections:
            section = section[name]
        del section[last]
        with pytest.raises(ConfigError, match=rf"(?s)params\.yaml.*({last}|missing)"):
            params_of(content, "params.yaml")


@pytest.mark.parametrize("path", PROFILES, ids=lambda p: p.name)
def test_every_key_of_a_profile_can_be_set_as_dvc_exp_run_sets_it(path, tmp_path):
    """`dvc exp run -S KEY=VALUE` hands exactly such texts to `apply_overrides`."""
    changed = tmp_path / "params.yaml"
    changed.write_bytes(path.read_bytes())
    keys = [key for key, _ in leaves(read_yaml(path)) if not key.startswith("raw_datasets.datasets.")]
    apply_overrides(changed, [f"{key}=1234" for key in keys])

    assert dict.fromkeys(keys, 1234) == {
        key: value for key, value in leaves(read_yaml(changed)) if key in set(keys)
    }


@pytest.mark.parametrize(
    ("override", "value"),
    [
        ("variants.reweighted.seed=1", lambda p: p.variants["reweighted"].seed == 1),
        (
            "+verified_pairs.per_dataset.gt-rain.max_offset=2",
            lambda p: p.verified_pairs.alignment("gt-rain") == (0.1, 2),
        ),
        ("vlm_votes.accept_share=null", lambda p: p.vlm_votes.accept_share is None),
        ("training.mixed_precision=bf16", lambda p: p.training.mixed_precision == "bf16"),
        ("rain_types=[drs,drd]", lambda p: p.rain_types == ("drs", "drd")),
        (
            "+raw_datasets.datasets.gt-rain.role=train",
            lambda p: p.raw_datasets.datasets["gt-rain"].role == "train",
        ),
    ],
)
def test_an_override_reaches_the_section_that_it_names(tmp_path, override, value):
    path = tmp_path / "params.yaml"
    path.write_bytes((ROOT / "params.yaml").read_bytes())
    apply_overrides(path, [override])

    assert value(load_params(path))


@pytest.mark.parametrize(
    "cut",
    [
        ("\n  weight_decay: 1e-4", "\n  gradient_clip: 1.0"),
        ("\n    encoder_widths: [0.125, 0.25, 0.5]", "\n  train_per_type: 0"),
        (
            "max_pixels: 100_000_000, ",
            ", seed: 0",
            "\n  mixture_policy: drop        # paper gap: where pictures with drops",
        ),
    ],
)
def test_the_lines_that_the_error_gives_mend_a_file_that_omits_keys(tmp_path, cut):
    path = tmp_path / "params.yaml"
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    for part in cut:
        assert part in text
        text = text.replace(part, "\n  # paper gap" if "#" in part else "")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="omits keys") as error:
        load_params(path)
    path.write_text(mended(text, str(error.value)), encoding="utf-8")

    assert load_params(ROOT / "params.yaml") == load_params(path)


def mended(text, message):
    """Do what the message asks: put its lines under the sections that it names."""
    for place, added in re.findall(r"^Add under ([\w.-]+):\n((?: +.*\n)+)", message, flags=re.MULTILINE):
        at = 0
        for name in place.split("."):
            at += len(re.split(rf"(?m)^ *{re.escape(name)}:", text[at:])[0])
            at = text.index(":", at) + 1
        if text[at:].startswith(" {"):
            pairs = ", ".join(line.strip() for line in added.splitlines())
            text = f"{text[: at + 2]}{pairs}, {text[at + 2 :]}"
        else:
            end = text.index("\n", at) + 1
            text = text[:end] + added + text[end:]
    return text


BOMB = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
MEMORY = """
import resource, sys
from pathlib import Path
from unirain_core.config.load import read_yaml
from unirain_core.errors import ConfigError
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    read_yaml(Path(sys.argv[1]))
except ConfigError as error:
    print(error, file=sys.stderr)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB, "more than 200,000 values"),
        (
            BOMB.replace("[", "{<<: [")
            .replace("]", "]}")
            .replace("{<<: [1, 1, 1, 1, 1, 1, 1, 1, 1]}", "{x: 1}"),
            "200,000",
        ),
        ("a: &a [*a]", "*a stands inside &a"),
        ("[" * 100_000 + "]" * 100_000, "deeper than 100 levels"),
        ("x: [" + "1," * 300_000 + "]", "more than 200,000 values"),
        ("x: " + "y" * 5_000_000, "more than 4 MiB"),
    ],
)
def test_a_file_that_would_explode_is_refused_in_little_memory_and_does_not_hang(tmp_path, text, message):
    file = tmp_path / "params.yaml"
    file.write_text(text, encoding="utf-8")
    answer = subprocess.run(
        [sys.executable, "-c", MEMORY, str(file)], capture_output=True, text=True, check=True, timeout=120
    )

    assert message in answer.stderr
    assert int(answer.stdout) < 200 * 1024, "kibibytes"


def test_aliases_that_stand_for_few_values_are_read(tmp_path):
    file = tmp_path / "p.yaml"
    file.write_text("a: &a {x: 1}\nb: {<<: *a, y: 2}\nc: [*a, *a]\n")

    assert {"a": {"x": 1}, "b": {"x": 1, "y": 2}, "c": [{"x": 1}, {"x": 1}]} == read_yaml(file)


def test_official_sources_of_another_layout_are_corrected_or_get_another_kind(tmp_path):
    file, sample = tmp_path / "params.yaml", (ROOT / "params.yaml").read_text(encoding="utf-8")

    def load(section):
        file.write_text(
            sample.replace("training_splits: {}", f"training_splits: {{a: {section}}}"), encoding="utf-8"
        )
        return load_params(file).training_splits["a"].sources

    with pytest.raises(ConfigError, match="correct the sources, or choose another kind"):
        load("{kind: rainrag_official, sources: [rain200l]}")
    assert ("rainrag",) == load("{kind: rainrag_official, sources: [rainrag]}")
    assert ("rain200l",) == load("{kind: mixed_full, sources: [rain200l]}")
