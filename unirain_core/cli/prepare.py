"""`unirain prepare`: the set-up that an installation cannot do; quick when all is ready."""

import subprocess
import sys

from unirain_core.cli.extras import need
from unirain_core.cli.params import load_params
from unirain_core.cli.project import current_root
from unirain_core.errors import ConfigError
from unirain_core.sources.supply import demand_supply
from unirain_core.tracking.connection import open_store


def prepare() -> None:
    """Make DVC and the MLflow store ready, so that two trainings need not make the store at the same time.

    Like every command, it first puts right what a killed DVC left half written in dvc.lock or .dvc/tmp/rwlock.

    Raises:
        ConfigError: the current folder is no project or no git repository, or params cannot work.
        MissingLibraryError: DVC or MLflow is not installed.
    """
    root = current_root()
    if not (root / "dvc.yaml").exists():
        raise ConfigError(f"{root} holds no dvc.yaml; run from the root of the project")
    need("dvc", "mlflow")
    if not (root / ".dvc").is_dir():
        command = [sys.executable, "-m", "dvc", "init", "--quiet"]
        if subprocess.run(command, cwd=root, check=False).returncode:
            raise ConfigError("`dvc init` failed; DVC needs a git repository: run `git init` first")
    params = load_params(root)
    demand_supply(params.raw_datasets, params.rain_types)
    open_store(root)
