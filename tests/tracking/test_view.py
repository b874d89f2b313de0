import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import pytest

from unirain_core.tracking import view


@pytest.fixture
def given():
    """What a server at `given.address` answers every question with."""
    answer = SimpleNamespace(status=200, content={})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(answer.status)
            self.end_headers()
            self.wfile.write(json.dumps(answer.content).encode())

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        answer.address = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever).start()
        yield answer
        server.shutdown()


PARAMS = {"rain_types": "drs, fog", "training.steps": "600"}


def shown():
    return json.loads(view.tags(PARAMS)[view.TAG])


def chart_with(key):
    """The only visible chart with a metric."""
    charts = [chart for chart in shown()["compareRunCharts"] if not chart["deleted"]]
    (one,) = [c for c in charts if key in c.get("selectedMetricKeys", c.get("imageKeys", ()))]
    return one


def test_every_rain_type_has_a_column_and_the_mean_orders_the_table():
    assert "metrics.`best/val/psnr/fog`" in shown()["selectedColumns"]
    assert "metrics.`test/psnr/average`" in shown()["selectedColumns"]
    assert (shown()["orderByKey"], shown()["orderByAsc"]) == ("metrics.`best/val/psnr/mean`", False)


@pytest.mark.parametrize("quantity", ["weight", "tbs", "tss", "slope", "val/psnr", "val/loss", "train/loss"])
def test_all_rain_types_of_a_quantity_stand_in_one_chart(quantity):
    assert chart_with(f"{quantity}/drs")["selectedMetricKeys"] == [f"{quantity}/drs", f"{quantity}/fog"]


def test_noisy_curves_are_smoothed_and_those_of_a_few_points_are_not():
    assert shown()["globalLineChartConfig"]["lineSmoothness"] == 60
    assert chart_with("weight/drs")["useGlobalLineSmoothing"]
    assert not chart_with("val/psnr/drs")["useGlobalLineSmoothing"]
    assert chart_with("af")["type"] == "LINE"


def test_figures_of_the_table_are_bars_and_pictures_show_the_last_step_first():
    assert chart_with("test/psnr/drs")["type"] == "BAR"
    assert (chart_with("fog")["type"], chart_with("fog")["step"]) == ("IMAGE", 600)


def test_no_metric_of_a_chart_gets_another_chart_from_mlflow():
    """MLflow adds one for every metric that is the `metricKey` of none."""
    charts = shown()["compareRunCharts"]
    drawn = {key for chart in charts for key in chart.get("selectedMetricKeys", ())}

    assert drawn <= {chart.get("metricKey") for chart in charts}
    assert len({chart["uuid"] for chart in charts}) == len(charts)
    assert {chart["metricSectionId"] for chart in charts if not chart["deleted"]} == {
        section["uuid"] for section in shown()["compareRunSections"]
    }


def test_the_charts_have_an_address():
    assert view.chart_page("http://x/#/y?z") == "http://x/#/y?z&compareRunsMode=CHART"


def test_the_page_of_an_experiment_with_variants_is_their_table(given):
    given.content = {"experiment": {"experiment_id": "7", "tags": [{"key": view.TAG, "value": "{}"}]}}

    assert view.page(given.address) == (
        f"{given.address}/#/experiments/7/runs?workflowType=machine_learning&viewStateShareKey=variants"
    )


@pytest.mark.parametrize(("status", "content"), [(404, {}), (200, {"experiment": {"experiment_id": "7"}})])
def test_the_page_of_a_server_without_variants_is_the_server(given, status, content):
    given.status, given.content = status, content

    assert view.page(given.address) == given.address


def test_the_page_of_a_server_that_is_down_is_the_server():
    assert view.page("http://127.0.0.1:9") == "http://127.0.0.1:9"


@pytest.mark.parametrize("content", [[1], None, "x", {"experiment": 3}, {"experiment": {"tags": [{}]}}])
def test_the_page_of_a_server_that_answers_something_else_is_the_server(given, content):
    given.content = content

    assert view.page(given.address) == given.address
