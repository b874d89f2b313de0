"""What `unirain summary` prints is what the pipeline wrote."""

import pytest

from tests.cli.test_verify import dvc, flip, project  # noqa: F401 (the fixture)
from unirain_core.cli.summary import summary
from unirain_core.errors import ArtefactError

PIPELINE = """
stages:
  benchmark_tables:
    cmd: mkdir -p data/tables && echo '| method |' > data/tables/table1.md
    params: [parts]
    outs: [data/tables]
"""


def test_a_damaged_table_is_not_printed(project, capsys):  # noqa: F811
    (project / "dvc.yaml").write_text(PIPELINE)
    dvc(project, "repro", "-q")
    flip(project / "data/tables/table1.md")

    with pytest.raises(ArtefactError, match="run `dvc repro --force --single-item benchmark_tables`"):
        summary()
    assert "" == capsys.readouterr().out
