"""A project whose dvc.lock is whole."""

import pytest

from tests.artefacts.lock_files import WHOLE


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.delenv("DVC_STAGE", raising=False)
    (tmp_path / ".dvc/tmp").mkdir(parents=True)
    (tmp_path / "dvc.lock").write_text(WHOLE)
    return tmp_path
