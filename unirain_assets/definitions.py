"""`defs`: what Dagster loads, from the project in the current folder."""

from pathlib import Path

import dagster as dg

from unirain_assets import assets, automation
from unirain_assets.executor import Dvc
from unirain_assets.versions import Project

_PROJECT = Project.load(Path.cwd())

defs = dg.Definitions(
    assets=assets.build(_PROJECT),
    jobs=automation.jobs(_PROJECT),
    sensors=[automation.shell_runs(_PROJECT)],
    resources={"dvc": Dvc(root=str(_PROJECT.root))},
    executor=dg.in_process_executor,  # each step is a process of DVC's anyway
)
