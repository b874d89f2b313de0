import json
import shutil
from dataclasses import replace
from itertools import count

import pytest

from unirain_core.tracking.events import Event, Finish, Start, line_of
from unirain_core.tracking.journal import EARLIER, LINES, PICTURES, Journal, folders, read

START = Start(key="k1", variant="v", params={"tau": "5.0"}, tags={}, datasets=[])


def ticking():
    ticks = count(1000)
    return lambda: next(ticks)


def test_every_event_is_a_line_in_its_order(tmp_path):
    journal = Journal.begin(tmp_path, START, ticking())
    journal.metrics(5, {"loss/drs": 0.5})
    journal.picture(5, "drs", b"png")
    journal.finish(Finish(metrics={}, checkpoint="c", sha256="s", psnr=1.0))
    events = read(tmp_path)

    assert [e.kind for e in events] == ["start", "metrics", "picture", "finish"]
    assert [e.time for e in events] == [1000, 1001, 1002, 1003]
    assert events[1].metrics == {"loss/drs": 0.5}
    assert (tmp_path / events[2].file).read_bytes() == b"png"


def test_what_is_told_twice_stands_once_as_first_told(tmp_path):
    for value in (0.5, 0.6):
        Journal.begin(tmp_path, START).metrics(5, {"loss": value})
    events = read(tmp_path)

    assert [(e.kind, e.step) for e in events] == [("start", 0), ("metrics", 5)]
    assert events[1].metrics == {"loss": 0.5}


def test_a_line_torn_by_a_kill_is_dropped_and_written_again(tmp_path):
    Journal.begin(tmp_path, START).metrics(5, {"loss": 0.5})
    lines = tmp_path / LINES
    lines.write_bytes(lines.read_bytes()[:-4])

    assert [e.kind for e in read(tmp_path)] == ["start"]
    Journal.begin(tmp_path, START).metrics(5, {"loss": 0.7})
    assert [e.metrics for e in read(tmp_path)] == [None, {"loss": 0.7}]
    assert all(json.loads(line) for line in lines.read_text().splitlines())


def test_another_training_of_the_variant_puts_the_journal_aside_and_may_take_it_back(tmp_path):
    Journal.begin(tmp_path, START).metrics(5, {"loss": 0.5})
    Journal.begin(tmp_path, replace(START, key="k2")).metrics(6, {"loss": 0.6})

    assert [e.step for e in read(tmp_path)] == [0, 6]
    assert [e.step for e in read(tmp_path / EARLIER / "k1")] == [0, 5]
    assert [tmp_path, tmp_path / EARLIER / "k1"] == folders(tmp_path)

    Journal.begin(tmp_path, START)

    assert [e.step for e in read(tmp_path)] == [0, 5]
    assert [e.step for e in read(tmp_path / EARLIER / "k2")] == [0, 6]


def test_the_listener_hears_of_new_lines_alone(tmp_path):
    heard = []
    journal = Journal.begin(tmp_path, START)
    journal.listen(lambda: heard.append(len(read(tmp_path))))
    journal.metrics(1, {"loss": 1.0})
    journal.metrics(1, {"loss": 1.0})

    assert heard == [2]


def whole(folder):
    Journal.begin(folder, START).metrics(5, {"loss": 0.5})
    Journal.begin(folder, START).metrics(6, {"loss": 0.6})
    return folder / LINES


def test_a_damaged_line_in_the_middle_is_left_out_and_the_others_stay(tmp_path, caplog):
    lines = whole(tmp_path)
    first, second, third = lines.read_bytes().splitlines(keepends=True)
    lines.write_bytes(first + second.replace(b"0.5", b"0.7") + third)
    journal = Journal.begin(tmp_path, START)
    journal.metrics(5, {"loss": 0.5})

    assert [(e.step, e.metrics) for e in read(tmp_path)[1:]] == [(6, {"loss": 0.6}), (5, {"loss": 0.5})]
    assert "1 damaged lines are left out" in caplog.text


def test_a_journal_that_no_longer_says_whose_it_is_is_put_aside(tmp_path):
    lines = whole(tmp_path)
    for _ in range(2):
        lines.write_bytes(lines.read_bytes().split(b"\n", 1)[1] or line_of(read_metrics()).encode())
        Journal.begin(tmp_path, START)

    assert [e.kind for e in read(tmp_path)] == ["start"]
    assert len(folders(tmp_path)) == 3


def read_metrics():
    return Event(kind="metrics", step=1, time=1, metrics={"loss": 1.0})


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 100, b"\xff\xfe garbage\n" * 3, b"{}\n", b"[]\nnull\n", b"\n\n"]
)
def test_garbage_is_an_empty_journal(tmp_path, content):
    (tmp_path / LINES).write_bytes(content)
    Journal.begin(tmp_path, START).metrics(5, {"loss": 0.5})

    assert [e.kind for e in read(tmp_path)] == ["start", "metrics"]


@pytest.mark.parametrize("place", ["", LINES, PICTURES])
def test_what_stands_in_the_journals_place_is_moved_out_of_the_way(tmp_path, place):
    folder = tmp_path / "runs"
    if place == LINES:
        (folder / place).mkdir(parents=True)
    else:
        folder.mkdir() if place else None
        (folder / place).write_text("something")
    journal = Journal.begin(folder, START)
    journal.picture(5, "drs", b"png")

    assert [e.kind for e in read(folder)] == ["start", "picture"]


def test_a_journal_that_cannot_be_written_is_mute_and_says_so(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    journal = Journal.begin(tmp_path / "file/runs", START)
    journal.metrics(5, {"loss": 0.5})
    journal.picture(5, "drs", b"png")
    journal.failed("why")

    assert "the training goes on" in caplog.text


def test_a_journal_that_disappears_while_a_training_runs_does_not_stop_it(tmp_path, caplog):
    journal = Journal.begin(tmp_path / "runs", START)
    shutil.rmtree(tmp_path / "runs")
    journal.metrics(5, {"loss": 0.5})
    journal.picture(5, "drs", b"png")

    assert read(tmp_path / "runs") == []
    assert caplog.text.count("the training goes on") == 1


def test_figures_that_are_not_finite_are_left_out(tmp_path):
    Journal.begin(tmp_path, START).metrics(5, {"loss": float("nan"), "af": 0.5})

    assert read(tmp_path)[1].metrics == {"af": 0.5}


def test_a_finished_training_that_is_asked_for_again_is_the_current_one(tmp_path):
    finish = Finish(metrics={}, checkpoint="c", sha256="s", psnr=1.0)
    for _ in range(3):
        Journal.begin(tmp_path, START).finish(finish)

    assert [e.kind for e in read(tmp_path)] == ["start", "finish", "current", "current"]


def test_where_another_training_s_journal_cannot_be_put_aside_this_one_is_mute(tmp_path, monkeypatch, caplog):
    other = Journal.begin(tmp_path, replace(START, key="other"))
    other.metrics(1, {"loss": 1.0})
    other.picture(1, "drs", b"of the other training")
    before = (tmp_path / LINES).read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("unirain_core.tracking.journal._move", full)
    journal = Journal.begin(tmp_path, START)
    journal.metrics(2, {"loss": 0.5})
    journal.picture(1, "drs", b"of this training")
    picture = tmp_path / read(tmp_path)[-1].file

    assert picture.read_bytes() == b"of the other training"
    assert before == (tmp_path / LINES).read_bytes()
    assert "is another training's and stays so" in caplog.text
