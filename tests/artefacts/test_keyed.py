"""Keyed tables are read without knowing the class of their rows."""

import pytest

from unirain_core.artefacts import keyed, tables
from unirain_core.artefacts.schemas import Verdict
from unirain_core.errors import SchemaError


def verdicts(*names):
    return [Verdict(pair_id=name, yes=1, no=2, abstained=0, verdict=False, calls=3) for name in names]


def test_keys_and_shape_are_those_that_were_written(tmp_path):
    tables.write(tmp_path / "x.parquet", verdicts("a", "b"), Verdict, keys=["0a", "0b"])

    assert ["0a", "0b"] == keyed.keys_of(tmp_path / "x.parquet")
    assert 2 == keyed.shape(tmp_path / "x.parquet")[0]


def test_joined_tables_are_one_with_all_rows_in_order(tmp_path):
    tables.write(tmp_path / "x.parquet", verdicts("a", "b"), Verdict, keys=["0a", "0b"])
    tables.write(tmp_path / "y.parquet", verdicts("c"), Verdict, keys=["0c"])
    contents = [(tmp_path / name).read_bytes() for name in ("x.parquet", "y.parquet")]
    keyed.join(tmp_path / "whole.parquet", contents)

    assert ["0a", "0b", "0c"] == keyed.keys_of(tmp_path / "whole.parquet")
    assert verdicts("a", "b", "c") == tables.read(tmp_path / "whole.parquet", Verdict)
    assert keyed.shape(tmp_path / "x.parquet")[1] == keyed.shape(tmp_path / "whole.parquet")[1]


def test_a_table_without_keys_and_a_damaged_one_are_refused(tmp_path):
    tables.write(tmp_path / "x.parquet", verdicts("a"), Verdict)
    (tmp_path / "y.parquet").write_bytes(b"no table")
    for name in ("x.parquet", "y.parquet"):
        with pytest.raises(SchemaError, match="has no keys"):
            keyed.keys_of(tmp_path / name)
        with pytest.raises(SchemaError, match="has no keys"):
            keyed.shape(tmp_path / name)
