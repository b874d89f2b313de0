"""What params can name is what the listed files hold; to know the names costs little."""

import subprocess
import sys
from types import ModuleType

import pytest

from unirain_core.errors import ConfigError
from unirain_core.stages import encoder_files, judge_files
from unirain_core.stages.choices import choices, demand_choice


def module(**members):
    made = ModuleType("made")
    vars(made).update(members)
    return made


def test_the_tables_of_all_files_are_joined_and_a_file_may_lack_one():
    files = module(a=module(JUDGES={"x": list}), b=module(JUDGES={"y": dict}), c=module(), other={"z": set})

    assert {"x": list, "y": dict} == choices(files, "JUDGES")


@pytest.mark.parametrize(
    ("files", "table"),
    [
        (judge_files, "JUDGES"),
        (encoder_files, "CAPTIONERS"),
        (encoder_files, "TEXT_ENCODERS"),
        (encoder_files, "IMAGE_ENCODERS"),
    ],
)
def test_no_two_files_give_the_same_name(files, table):
    held = [file for file in vars(files).values() if isinstance(file, ModuleType)]

    assert len(choices(files, table)) == sum(len(getattr(file, table, {})) for file in held)


def test_a_name_that_is_like_none_is_answered_with_what_there_is():
    with pytest.raises(ConfigError, match="key: 'zzz' is not one of a, b; correct the name"):
        demand_choice("zzz", {"b": 1, "a": 2}, "key")


def test_to_know_the_names_loads_no_model_library_and_no_statistics():
    program = "import sys, unirain_core.stages.names; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())

    assert not loaded & {
        "torch",
        "transformers",
        "scipy",
        "pyarrow",
        "polars",
        "unirain_core.standins.statistics.judges",
    }
