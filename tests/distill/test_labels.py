"""The seam between `unirain review` and whatever compares votes with people."""

import logging
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirain_core.distill import labels
from unirain_core.distill.labels import Label
from unirain_core.errors import ConfigError, MissingInputError

HEADER = "pair_id,person,reliable,fault\n"
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), min_size=1)
WORD = TEXT.map(str.strip).filter(bool)


def test_labels_are_read_as_they_stand(tmp_path):
    file = tmp_path / "labels.csv"
    file.write_text(HEADER + 'a/1,ann,yes,\n"a/2,b",ann,no,snow\na/1,bob,unsure,\n')

    assert [
        Label("a/1", "ann", True, ""),
        Label("a/2,b", "ann", False, "snow"),
        Label("a/1", "bob", None, ""),
    ] == labels.read(file)


def test_a_later_line_replaces_an_earlier_one_at_its_place(tmp_path):
    file = tmp_path / "labels.csv"
    file.write_text(HEADER + "a,ann,yes,\nb,ann,yes,\na,bob,yes,\na,ann,no,blur\n")

    assert [
        Label("a", "ann", False, "blur"),
        Label("b", "ann", True, ""),
        Label("a", "bob", True, ""),
    ] == labels.read(file)


def test_a_new_file_gets_its_header_once(tmp_path):
    file = tmp_path / "people" / "labels.csv"
    labels.append(file, Label("a", "ann", True, ""))
    labels.append(file, Label("b", "ann", False, "wrong scale"))

    assert HEADER + "a,ann,yes,\nb,ann,no,wrong scale\n" == file.read_text()


@pytest.mark.parametrize("end", [HEADER[:9], HEADER, HEADER + "a,ann,y", HEADER + "a,ann,no,sn"])
def test_what_a_kill_leaves_of_a_line_is_said_and_repaired(tmp_path, caplog, end):
    file = tmp_path / "labels.csv"
    for cut in range(len(end.splitlines()[-1])):
        file.write_text(end[: len(end) - cut])
        if end[: len(end) - cut].endswith("\n"):
            continue
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            assert labels.read(file) == []
        assert "labels.csv: the last line" in caplog.text
        labels.append(file, Label("b", "bob", True, ""))
        assert [Label("b", "bob", True, "")] == labels.read(file)
        assert file.read_text() == HEADER + "b,bob,yes,\n"


def test_a_line_break_after_a_whole_last_line_makes_it_count(tmp_path, caplog):
    file = tmp_path / "labels.csv"
    file.write_text(HEADER + "a,ann,yes,")
    labels.read(file)
    assert "put a line break after it if it is whole" in caplog.text
    file.write_text(file.read_text() + "\n")

    assert [Label("a", "ann", True, "")] == labels.read(file)


def test_what_a_spreadsheet_saves_is_read(tmp_path):
    file = tmp_path / "labels.csv"
    file.write_bytes(
        b"\xef\xbb\xbf" + HEADER.replace("\n", "\r\n").encode() + "d/é,ann,yes,\r\n\r\n".encode()
    )

    assert [Label("d/é", "ann", True, "")] == labels.read(file)


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("pair,person\n", 1, "the header `pair_id,person,reliable,fault` is expected"),
        (HEADER + "a,ann,yes\n", 2, "4 fields are expected"),
        (HEADER + "a,ann,yes,\na,ann,maybe,\n", 3, "reliable is yes, no or unsure, found 'maybe'"),
        (HEADER + "a,ann,yes,snow\n", 2, "a reliable pair has no fault"),
        (HEADER + ",ann,yes,\n", 2, "pair_id is empty"),
        (HEADER + "a,,yes,\n", 2, "person is empty"),
        (HEADER + "a, ann,yes,\n", 2, "spaces around"),
        (HEADER + "\na,ann,yes,\n", 2, "it is empty"),
        (HEADER + 'a,"ann,yes,\n', 2, "unexpected end of data"),
    ],
)
def test_a_malformed_line_is_an_error_with_file_and_line(tmp_path, text, line, what):
    file = tmp_path / "labels.csv"
    file.write_text(text)

    with pytest.raises(ConfigError, match=rf"labels\.csv: line {line}: .*{what}"):
        labels.read(file)


def test_bytes_that_are_no_text_are_an_error_with_file_and_line(tmp_path):
    file = tmp_path / "labels.csv"
    file.write_bytes(HEADER.encode() + b"a,ann,yes,\n\xff,ann,yes,\n")

    with pytest.raises(ConfigError, match=r"labels\.csv: line 3: it is no UTF-8"):
        labels.read(file)


def test_the_corrected_line_of_the_message_is_read_with_the_others(tmp_path):
    file = tmp_path / "labels.csv"
    file.write_text(HEADER + "a,ann,yes,\nnonsense\nb,ann,no,\n")
    with pytest.raises(ConfigError, match=r"line 3: .*correct the line"):
        labels.read(file)
    file.write_text(file.read_text().replace("nonsense", "c,ann,unsure,"))

    assert ["a", "c", "b"] == [label.pair_id for label in labels.read(file)]


def test_no_file_is_a_missing_input(tmp_path):
    with pytest.raises(MissingInputError, match="make it with `unirain review`"):
        labels.read(tmp_path / "labels.csv")


@given(st.lists(st.builds(Label, TEXT, WORD, st.sampled_from([False, None]), WORD | st.just(""))))
def test_whatever_is_appended_is_read_back(written):
    with TemporaryDirectory() as folder:
        file = Path(folder) / "labels.csv"
        file.write_text(HEADER)
        for label in written:
            labels.append(file, label)
        latest = {(label.person, label.pair_id): label for label in written}

        assert list(latest.values()) == labels.read(file)


def test_a_label_that_no_line_can_hold_is_refused():
    with pytest.raises(ValueError, match="line break"):
        Label("a\nb", "ann", True, "")
