"""Figures of journals as MLflow's points, and whether a run shows them; loads mlflow."""

from collections.abc import Mapping, Sequence

from mlflow import MlflowClient
from mlflow.entities import Metric, Run

from unirain_core.tracking.events import Event, Finish
from unirain_core.tracking.outage import OutageError

_BATCH = 1000
"""Points that MLflow takes at once."""
ENDS = {"finish": "FINISHED", "failed": "FAILED"}
"""The last event of a journal to the state of its run."""


def points_of(events: Sequence[Event]) -> list[Metric]:
    """All figures of the events, a finish's included.

    A finish's stand at step 0: MLflow draws a figure of a later step as a curve, and one of step 0 as a bar.
    """
    points: list[Metric] = []
    for event in events:
        figures = event.metrics or {}
        if event.kind == "finish":
            figures = Finish.of(event.content or {}).metrics
        points += [Metric(name, value, event.time, event.step) for name, value in figures.items()]
    return points


def send_points(client: MlflowClient, run_id: str, points: Sequence[Metric]) -> None:
    """Send points in as few calls as possible."""
    for first in range(0, len(points), _BATCH):
        client.log_batch(run_id, metrics=points[first : first + _BATCH])


def not_shown(client: MlflowClient, run_id: str, points: Sequence[Metric]) -> list[Metric]:
    """Those that the run lacks; a journal that was written anew tells the same steps at other times."""
    shown: set[tuple[str, int]] = set()
    for name in client.get_run(run_id).data.metrics:
        shown |= {(name, point.step) for point in client.get_metric_history(run_id, name)}
    return [point for point in points if (point.key, point.step) not in shown]


def confirm(run: Run, events: Sequence[Event], sent: Sequence[Metric]) -> None:
    """See the newest values that were sent, and how the run ended: a wrong answer must not count as sent.

    Raises:
        OutageError: the run does not show them.
    """
    in_order = sorted(points_of(events), key=lambda point: (point.step, point.timestamp))
    newest = {point.key: point for point in in_order}
    missing: list[str] = []
    for point in sent:
        shown, last = run.data.metrics.get(point.key), newest[point.key]
        is_newest = (point.step, point.timestamp) == (last.step, last.timestamp)
        if shown is None or (is_newest and shown != point.value):
            missing.append(point.key)
    if missing:
        raise OutageError(f"it does not show {len(missing)} figures that it took, the first is {missing[0]}")
    status = ENDS.get(events[-1].kind)
    if status not in (None, run.info.status):
        raise OutageError(f"it shows the run as {run.info.status} instead of {status}")


def confirm_values(run: Run, values: Mapping[str, float]) -> None:
    """See figures as they were sent.

    Raises:
        OutageError: the run does not show them.
    """
    missing = [name for name, value in values.items() if run.data.metrics.get(name) != value]
    if missing:
        raise OutageError(f"it does not show {len(missing)} figures that it took, the first is {missing[0]}")
