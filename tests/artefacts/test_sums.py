"""The list of a folder's hashes names every file, whatever the file is called."""

from unirain_core.artefacts.sums import damage, write_sums


def test_a_name_may_hold_signs_that_elsewhere_end_a_line(tmp_path):
    for number, sign in enumerate("\x0b\x1c\x85\u2028"):
        (tmp_path / f"a{sign}b").write_text(str(number))
    write_sums(tmp_path)

    assert damage(tmp_path) is None
    (tmp_path / "a\u2028b").write_text("other")
    assert "a\u2028b differs from its hash" == damage(tmp_path)


def test_a_list_that_was_cut_is_damage(tmp_path):
    (tmp_path / "a").touch()
    write_sums(tmp_path)
    content = (tmp_path / "SHA256SUMS").read_text()
    for length in range(len(content)):
        (tmp_path / "SHA256SUMS").write_text(content[:length])

        assert damage(tmp_path) is not None


def test_a_folder_without_files_is_whole(tmp_path):
    write_sums(tmp_path)

    assert damage(tmp_path) is None
