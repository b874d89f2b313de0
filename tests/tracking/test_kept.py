import json

from unirain_core.cli.gc import gc
from unirain_core.tracking.kept import keep, keep_only, kept_keys


def test_gc_keeps_the_bytes_that_versions_name_and_lets_go_of_deleted_versions(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dvc.yaml").write_text("stages: {}\n")
    (tmp_path / "params.yaml").write_text("{}\n")
    home = tmp_path / ".unirain"
    for key in ("current", "named", "deleted", "never-named"):
        (home / "shards/trained_checkpoint" / key).mkdir(parents=True)
    (home / "used").mkdir()
    used = {"stage": "trained_checkpoint", "names": ["current"], "is_whole": True}
    (home / "used/trained_checkpoint@a.json").write_text(json.dumps(used))
    for key in ("named", "deleted"):
        keep(home, key)
    keep_only(home, {"named"})
    gc()

    assert kept_keys(home) == {"named"}
    assert sorted(f.name for f in (home / "shards/trained_checkpoint").iterdir()) == ["current", "named"]


def test_a_damaged_list_of_registered_trainings_stops_nothing(tmp_path):
    (tmp_path / "registered").write_text("garbage")

    assert kept_keys(tmp_path) == set()
    keep(tmp_path, "k")
    assert kept_keys(tmp_path) == {"k"}
    (tmp_path / "registered/k").unlink()
    (tmp_path / "registered/k").mkdir()
    keep_only(tmp_path, set())
    assert kept_keys(tmp_path) == set()
