import subprocess

from unirain_core.tracking.provenance import provenance


def test_a_commit_and_an_experiment_are_tags(tmp_path, monkeypatch):
    monkeypatch.setenv("DVC_EXP_NAME", "puffy-daks")
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout

    assert {"mlflow.source.git.commit": head.strip(), "dvc.exp.name": "puffy-daks"} == provenance(tmp_path)


def test_without_a_repository_nothing_is_claimed(tmp_path, monkeypatch):
    monkeypatch.delenv("DVC_EXP_NAME", raising=False)

    assert provenance(tmp_path) == {}
