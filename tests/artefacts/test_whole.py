"""Files appear whole or not at all, whatever they are called."""

import pytest

from unirain_core.artefacts.whole import naming, whole_file, write_text


def test_a_name_may_be_as_long_as_the_file_system_allows(tmp_path):
    name = "x" * 251 + ".png"
    write_text(tmp_path / name, "content")

    assert "content" == (tmp_path / name).read_text()


def test_what_stood_under_the_name_stays_where_the_writing_fails(tmp_path):
    write_text(tmp_path / "a", "before")
    with pytest.raises(TypeError), whole_file(tmp_path / "a") as file:
        file.writelines([b"half", 3])  # type: ignore[list-item]

    assert ["a"] == [path.name for path in tmp_path.iterdir()]
    assert "before" == (tmp_path / "a").read_text()


def test_what_a_kill_leaves_is_overwritten_by_the_next_run(tmp_path):
    with whole_file(tmp_path / "a"):
        (partial,) = tmp_path.iterdir()
    partial.write_bytes(b"left by a kill")
    write_text(tmp_path / "a", "whole")

    assert ["a"] == [path.name for path in tmp_path.iterdir()]


def test_an_error_of_the_system_names_the_file_that_was_written_unless_it_names_one_itself(tmp_path):
    for error, name in (
        (OSError(28, "No space left on device"), str(tmp_path / "a")),
        (OSError(5, "Input/output error", "/another"), "/another"),
    ):
        with pytest.raises(OSError, match=error.strerror) as told, naming(tmp_path / "a"):
            raise error

        assert name == told.value.filename
