"""The charts of MLflow's view of variants, as MLflow keeps those that a user arranges by hand.

MLflow adds a chart of its own for every metric that is no chart's `metricKey`. A metric that stands in a chart with others
therefore has one more, which is marked as deleted.
"""

from collections.abc import Mapping, Sequence

Json = Mapping[str, object]

_SMOOTH = 60
"""Percent: slopes, scores and weights follow noisy losses."""
_PLAIN = 0
"""Measured a few times only, a curve shows its points."""


def configuration(rain_types: Sequence[str], steps: int) -> dict[str, object]:
    """Sections and charts for the state of a view.

    Args:
        rain_types: each has a curve in every chart, and a picture.
        steps: of the training: the pictures of its last one are shown first.
    """
    sections: list[Json] = []
    charts: list[Json] = []
    hidden: set[str] = set()
    for title, of_section in _sections(rain_types, steps).items():
        uuid = f"unirain-{len(sections)}"
        sections.append({"uuid": uuid, "name": title, "display": True, "isReordered": True})
        for number, chart in enumerate(of_section):
            charts.append({"uuid": f"{uuid}-{number}", "metricSectionId": uuid, **_COMMON, **chart})
            keys = chart.get("selectedMetricKeys", ())
            hidden |= set(keys) if isinstance(keys, Sequence) else set()
    hidden |= {"best/step", *(f"best/val/psnr/{name}" for name in ("mean", *rain_types))}
    shown = {chart["metricKey"] for chart in charts if "metricKey" in chart}
    for name in sorted(hidden - shown):
        charts.append(_deleted(name))
    return {
        "compareRunSections": sections,
        "compareRunCharts": charts,
        "isAccordionReordered": True,  # else MLflow sorts the sections by name
        "hideEmptyCharts": True,
        "globalLineChartConfig": {
            "xAxisKey": "step",
            "lineSmoothness": _SMOOTH,
            "selectedXAxisMetricKey": "",
        },
    }


_COMMON: Json = {"deleted": False, "isGenerated": False, "runsCountToCompare": 10}


def _sections(rain_types: Sequence[str], steps: int) -> dict[str, list[Json]]:
    """Title to charts: first which variant is the best, then why."""
    columns = ("average", *rain_types)
    return {
        "Table 1": [_bars(f"{metric} of test", f"test/{metric}", columns) for metric in ("psnr", "ssim")],
        "Quality on val": [
            _lines("PSNR of each rain type", "val/psnr", rain_types, _PLAIN),
            _lines("SSIM of each rain type", "val/ssim", rain_types, _PLAIN),
            _line("mean PSNR", "val/psnr/mean", _PLAIN),
        ],
        "Objective, Eqs. 6 to 10": [
            _lines("weights (Eq. 10)", "weight", rain_types),
            _lines("TBS (Eq. 7)", "tbs", rain_types),
            _lines("TSS (Eq. 8)", "tss", rain_types),
            _line("AF (Eq. 9)", "af"),
            _lines("slopes (Eq. 6)", "slope", rain_types),
        ],
        "Losses": [
            _lines("loss of the crops trained on", "train/loss", rain_types),
            _lines("loss of the fixed crops of val", "val/loss", rain_types),
            _line("learning rate", "lr", _PLAIN),
        ],
        "Pictures by step: rainy, restored, clean": [_pictures(rain_type, steps) for rain_type in rain_types],
    }


def _lines(title: str, name: str, rain_types: Sequence[str], smoothness: int = _SMOOTH) -> Json:
    """One chart with a curve of each rain type."""
    keys = [f"{name}/{rain_type}" for rain_type in rain_types]
    return {**_line(title, keys[0], smoothness), "selectedMetricKeys": keys}


def _line(title: str, key: str, smoothness: int = _SMOOTH) -> Json:
    return {
        "type": "LINE",
        "displayName": title,
        "metricKey": key,
        "selectedMetricKeys": [key],
        "lineSmoothness": smoothness,
        "useGlobalLineSmoothing": smoothness == _SMOOTH,
        "xAxisKey": "step",
        "useGlobalXaxisKey": True,
        "xAxisScaleType": "linear",
        "scaleType": "linear",
        "range": {},
        "selectedXAxisMetricKey": "",
        "yAxisKey": "metric",
        "yAxisExpressions": [],
        "ignoreOutliers": False,
    }


def _bars(title: str, name: str, columns: Sequence[str]) -> Json:
    keys = [f"{name}/{column}" for column in columns]
    return {"type": "BAR", "displayName": title, "metricKey": keys[0], "selectedMetricKeys": keys}


def _pictures(rain_type: str, step: int) -> Json:
    return {
        "type": "IMAGE",
        "displayName": rain_type,
        "imageKeys": [rain_type],
        "step": step,
        "showRunParams": False,
    }


def _deleted(name: str) -> Json:
    return {
        "type": "LINE",
        "uuid": f"unirain-hidden-{name}",
        "metricKey": name,
        **_COMMON,
        "deleted": True,
        "isGenerated": True,
    }
