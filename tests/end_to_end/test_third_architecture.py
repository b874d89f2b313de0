"""A further architecture goes into a copy of the program: one file, its section, a word in the union and one case."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULE = '''
"""One convolution."""

from torch import Tensor, nn

from unirain_core.config.architectures import OneLayer
from unirain_core.model.restorer import Restorer


class OneLayerNet(Restorer):
    """A picture less what one convolution finds in it."""

    def __init__(self, config: OneLayer) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 3, config.side, padding=config.side // 2)

    @property
    def multiple(self) -> int:
        """Any size will do."""
        return 1

    def forward(self, image: Tensor) -> Tensor:
        """(B, 3, H, W) to (B, 3, H, W)."""
        rain: Tensor = self.layer(image)
        return image - rain
'''
SECTION = '''
@dataclass(frozen=True, slots=True, kw_only=True)
class OneLayer:
    """One convolution."""

    architecture: Literal["one-layer"] = "one-layer"
    side: Annotated[int, Ge(1), Le(31)]
    """Of the convolution; odd."""

    @property
    def multiple(self) -> int:
        """Any size will do."""
        return 1


Architecture = Network | Restormer'''
CASE = """        case OneLayer():
            return OneLayerNet(config)
        case _:"""
PROGRAM = """
import sys
from pathlib import Path

import numpy as np

from tests.training.test_session import STRATEGY, TRAINING, TYPES, rows_of
from unirain_core.artefacts.roots import Roots
from unirain_core.config.load import parse_network
from unirain_core.evaluation.methods import Checkpoint
from unirain_core.model import architecture, checkpoint
from unirain_core.model.complexity import complexity
from unirain_core.tracking import mirror
from unirain_core.tracking.events import Start
from unirain_core.training.session import Session, train
from unirain_core.training.task import Task

mirror.ATTEMPTS = 0
home = Path(sys.argv[1])
assert Path(architecture.__file__).is_relative_to(home)
config = parse_network({"architecture": "one-layer", "side": 5})
pictures = home / "toy"
task = Task(
    network=config,
    rain_types=TYPES,
    train=tuple(rows_of(pictures, t, 3, 1) for t in TYPES),
    val=tuple(rows_of(pictures, t, 2, 2) for t in TYPES),
    roots=Roots(project=home, local={"toy": str(pictures)}),
    training=TRAINING,
    strategy=STRATEGY,
    seed=0,
)
start = Start(key="k", variant="toy", params={}, tags={}, datasets=[])
train(Session(task=task, snapshots=home / "resume", journal=home / "runs", start=start, root=home), home / "out", 1)
assert checkpoint.describe(home / "out").config == config
rainy = np.full((9, 7, 3), 80, dtype=np.uint8)
assert Checkpoint.of(home / "out").restore(rainy).shape == (9, 7, 3)
counted = complexity(config, 10, 20)
print(type(checkpoint.load(home / "out")).__name__, counted.parameters, counted.dense_macs)
"""


def insert(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def program(tmp_path):
    """A copy of the program with the new file and the new section, not yet with the case."""
    copy = tmp_path / "unirain_core"
    shutil.copytree(ROOT / "unirain_core", copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "model/baselines/one_layer.py").write_text(MODULE.lstrip(), encoding="utf-8")
    sections = copy / "config/architectures.py"
    insert(sections, "\nArchitecture = Network | Restormer", f"{SECTION} | OneLayer")
    choice = copy / "model/architecture.py"
    insert(choice, "Architecture, Restormer\n", "Architecture, OneLayer, Restormer\n")
    importing = "from unirain_core.model.baselines.one_layer import OneLayerNet\n"
    insert(choice, "from unirain_core.model.baselines", f"{importing}from unirain_core.model.baselines")
    return tmp_path


def run(program, *command):
    environment = os.environ | {
        "PYTHONPATH": f"{program}{os.pathsep}{ROOT}",
        "MLFLOW_TRACKING_URI": "http://127.0.0.1:9",
    }
    return subprocess.run(
        [sys.executable, *command], cwd=program, env=environment, capture_output=True, text=True, timeout=300
    )


@pytest.mark.slow
def test_a_third_architecture_trains_is_stored_restores_and_is_counted(program):
    insert(program / "unirain_core/model/architecture.py", "        case _:", CASE)
    (program / "program.py").write_text(PROGRAM)
    answer = run(program, "program.py", program)

    # 5 x 5 x 3 x 3 weights and 3 biases; 200 positions
    assert answer.stdout.split() == ["OneLayerNet", "228", "45000"], answer.stderr


@pytest.mark.slow
def test_a_case_that_is_forgotten_is_an_error_of_the_type_checker(program):
    answer = run(
        program, "-m", "mypy", "--config-file", ROOT / "pyproject.toml", "unirain_core/model/architecture.py"
    )

    assert 'Argument 1 to "assert_never" has incompatible type "OneLayer"' in answer.stdout
    assert "Found 1 error" in answer.stdout
