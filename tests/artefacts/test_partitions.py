"""Partitions that params no longer names."""

from unirain_core.artefacts.partitions import remove_unnamed


def test_the_folder_of_a_key_that_params_does_not_name_is_removed_and_the_rest_stays(tmp_path, caplog):
    caplog.set_level("INFO")
    for name in ("old/x/input", "demo"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / ".gitignore").write_text("*")
    remove_unnamed(tmp_path, {"demo": 1}, "sample_corpora")

    assert [".gitignore", "demo"] == sorted(p.name for p in tmp_path.iterdir())
    assert "sample_corpora of params.yaml does not name it" in caplog.text


def test_a_folder_that_is_absent_has_nothing_to_remove(tmp_path):
    remove_unnamed(tmp_path / "absent", (), "methods")

    assert [] == list(tmp_path.iterdir())
