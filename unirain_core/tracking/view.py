"""The page of MLflow that answers "which, and why": one flat table, the best variant first, and its charts."""

import json
import urllib.parse
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException

from unirain_core.tracking import charts

EXPERIMENT = "unirain"
NAME = "variants"
"""By which the page's address names the view."""
TAG = f"mlflow.sharedViewState.{NAME}"
"""Of the experiment: what MLflow keeps of a view that its user shares."""

_BEST, _TABLE = "best/val/psnr", ("test/psnr/average", "test/ssim/average")
_PARAMS = (
    "split",
    "network",
    "strategy",
    "training.steps",
    "seed",
    "network.parameters",
    "network.multiply_adds",
)
_TAGS = ("unirain.dirty",)


def tags(params: Mapping[str, str]) -> dict[str, str]:
    """Tags of the experiment: its columns, order and charts, and that it is about a network, not a language model.

    Ordered by a metric, MLflow lists the children of a parent run without a click on the parent.

    Args:
        params: of a training: its rain types and steps.
    """
    rain_types = params.get("rain_types", "").split(", ")
    steps = params.get("training.steps", "")
    mean = f"metrics.`{_BEST}/mean`"
    of_table = [f"metrics.`{name}`" for name in _TABLE]
    metrics = [mean, *of_table, *(f"metrics.`{_BEST}/{rain_type}`" for rain_type in rain_types)]
    facts = [
        *(f"attributes.`{name}`" for name in ("Created", "Duration", "Source", "Version")),
        *(f"params.`{name}`" for name in _PARAMS),
        *(f"tags.`{name}`" for name in _TAGS),
    ]
    shown = {
        "orderByKey": mean,
        "orderByAsc": False,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "selectedColumns": [*metrics, *facts],
        "columnOrder": metrics,
        "columnWidths": dict.fromkeys(metrics, 160),  # their names fit in
        **charts.configuration(rain_types, int(steps) if steps.isdigit() else 0),
    }
    return {TAG: json.dumps(shown), "mlflow.experimentKind": "custom_model_development"}


def page(server: str, timeout: float = 5.0) -> str:
    """Address of the view on a server; the server's own while it has no variants.

    Args:
        server: its address.
        timeout: seconds to wait for its answer.
    """
    query = urllib.parse.urlencode({"experiment_name": EXPERIMENT})
    address = f"{server}/api/2.0/mlflow/experiments/get-by-name?{query}"
    try:
        with urllib.request.urlopen(address, timeout=timeout) as answer:
            experiment = json.load(answer)["experiment"]
        number, keys = experiment["experiment_id"], [tag["key"] for tag in experiment.get("tags", ())]
    except (OSError, HTTPException, ValueError, LookupError, TypeError, AttributeError):
        return server  # it is down, knows no such experiment, or answers something else
    if TAG not in keys:
        return server
    asked = urllib.parse.urlencode({"workflowType": "machine_learning", "viewStateShareKey": NAME})
    return f"{server}/#/experiments/{number}/runs?{asked}"


def chart_page(page_of_table: str) -> str:
    """Address of the charts of the same view."""
    return f"{page_of_table}&compareRunsMode=CHART"
