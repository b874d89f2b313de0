import math
from dataclasses import replace

import pytest
import torch

from unirain_core.artefacts.schemas import HistoryRow
from unirain_core.training import resume
from unirain_core.training.task import Best

ROW = HistoryRow(
    step=3, rain_type="drs", train_loss=0.1, val_loss=0.2, slope=None, tbs=0.3, tss=0.7, af=1.0,
    weight=0.1 + 0.2, lr=1e-3, psnr=None, ssim=None,
)  # fmt: skip


@pytest.fixture
def snapshot():
    net = torch.nn.Linear(2, 1)
    optimizer = torch.optim.AdamW(net.parameters())
    net(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    return resume.Snapshot(
        step=3,
        model=net.state_dict(),
        optimizer=optimizer.state_dict(),
        best=Best(weights={}, step=0, psnr=-math.inf),
        meter=torch.tensor([[0.1, 0.2], [1.0, 2.0]], dtype=torch.float64),
        reweighter={"history": {"losses": [[None, 0.1]]}},
        history=[ROW],
    )


def test_a_snapshot_comes_back_as_it_was(tmp_path, snapshot):
    resume.save(tmp_path / "new", snapshot)
    loaded = resume.load(tmp_path / "new")

    assert loaded is not None
    assert (3, [ROW], snapshot.reweighter) == (loaded.step, loaded.history, loaded.reweighter)
    assert (-math.inf, 0, {}) == (loaded.best.psnr, loaded.best.step, loaded.best.weights)
    assert torch.equal(snapshot.meter, loaded.meter)
    assert all(torch.equal(weight, loaded.model[name]) for name, weight in snapshot.model.items())
    assert torch.equal(snapshot.optimizer["state"][0]["exp_avg"], loaded.optimizer["state"][0]["exp_avg"])
    assert snapshot.optimizer["param_groups"] == loaded.optimizer["param_groups"]


def test_before_the_first_snapshot_there_is_none(tmp_path):
    assert resume.load(tmp_path) is None


def test_a_kill_while_saving_leaves_the_snapshot_of_before(tmp_path, snapshot, monkeypatch):
    resume.save(tmp_path, snapshot)

    def torn(content, file):
        file.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(torch, "save", torn)
    with pytest.raises(KeyboardInterrupt):
        resume.save(tmp_path, replace(snapshot, step=4))

    loaded = resume.load(tmp_path)
    assert loaded is not None
    assert loaded.step == 3


@pytest.mark.parametrize("harm", ["flip", "cut", "empty", "text"])
def test_a_damaged_snapshot_counts_as_absent(tmp_path, snapshot, harm, caplog):
    resume.save(tmp_path, snapshot)
    (file,) = tmp_path.glob("*.pt")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes({"flip": bytes(content), "cut": content[:99], "empty": b"", "text": b"no state"}[harm])

    assert resume.load(tmp_path) is None
    assert "is damaged and is left out" in caplog.text


def test_where_the_newest_snapshot_is_damaged_the_one_before_it_counts(tmp_path, snapshot):
    resume.save(tmp_path / "a", snapshot)
    resume.save(tmp_path / "b", replace(snapshot, step=9))
    (newest,) = (tmp_path / "b").glob("*.pt")
    (tmp_path / "a" / newest.name).write_bytes(newest.read_bytes()[:-5])
    loaded = resume.load(tmp_path / "a")

    assert loaded is not None
    assert 3 == loaded.step


def test_only_the_newest_snapshot_is_kept(tmp_path, snapshot):
    for step in (3, 6, 9):
        resume.save(tmp_path, replace(snapshot, step=step))

    assert 1 == len(list(tmp_path.iterdir()))
