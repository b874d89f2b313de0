import json
from dataclasses import replace
from itertools import count

from unirain_core.tracking.events import Finish, Start
from unirain_core.tracking.journal import EARLIER, LINES, Journal, folders, read

START = Start(key="k1", variant="v", params={"tau": "5.0"}, tags={}, datasets=[])


def ticking():
    ticks = count(1000)
    return lambda: next(ticks)


def test_every_event_is_a_line_in_its_order(tmp_path):
    journal = Journal.begin(tmp_path, START, ticking())
    journal.metrics(5, {"loss/drs": 0.5})
    with journal.picture(5, "drs") as file:
        file.write_bytes(b"png")
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
