"""Where a browser shows a run of MLflow."""

import os

from unirain_core.errors import without_password

VARIABLE = "UNIRAIN_MLFLOW_URL"
"""Address of MLflow's server for a browser; `unirain ui` sets it."""


def run_page(experiment_id: str, run_id: str) -> str:
    """The address of a run's page, without a password that the server's may hold.

    >>> run_page("1", "5619").partition("/#/")[2]
    'experiments/1/runs/5619?workflowType=machine_learning'
    """
    server = without_password(os.environ.get(VARIABLE, "http://127.0.0.1:5000"))
    return f"{server}/#/experiments/{experiment_id}/runs/{run_id}?workflowType=machine_learning"
