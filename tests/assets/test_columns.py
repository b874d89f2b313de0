import dataclasses

import dagster as dg
import pytest

from unirain_assets.columns import of_tables
from unirain_assets.meanings import meanings
from unirain_core.artefacts import schemas, tables
from unirain_core.artefacts.schemas import Dropped, Verdict
from unirain_core.config.pipeline import Step

VERDICT = Verdict(pair_id="a", yes=2, no=1, abstained=0, verdict=True, calls=3)


def step(table, *outs):
    return Step(stage="votes", key=None, command="", deps=(), params={}, outs=outs, table=table)


def values(root, step):
    return {name: value.value for name, value in of_tables(root, step).items()}


@pytest.fixture
def votes(tmp_path):
    tables.write(tmp_path / "data/votes/dropped.parquet", [], Dropped)
    tables.write(tmp_path / "data/votes/verdicts.parquet", [VERDICT], Verdict)
    return tmp_path


def test_rows_and_columns_are_of_the_table_that_dvc_yaml_names(votes):
    shown = values(votes, step("verdicts.parquet", "data/votes", "reports/votes.json"))
    columns = shown["dagster/column_schema"].columns

    assert shown["dagster/row_count"] == 1
    assert [(c.name, c.type, c.constraints.nullable, c.description) for c in columns][:2] == [
        ("pair_id", "string", False, "The judged pair."),
        ("yes", "int64", False, "Judges that said yes."),
    ]
    assert shown["tables"].splitlines()[2:] == ["| dropped.parquet | 0 |", "| verdicts.parquet | 1 |"]


def test_a_table_that_stands_alone_needs_no_name(votes):
    shown = values(votes, step("", "data/votes/verdicts.parquet"))

    assert (list(shown), shown["dagster/row_count"]) == (
        ["dagster/row_count", "dagster/column_schema"],
        1,
    )


def test_of_several_tables_without_a_name_the_rows_alone_are_told(votes):
    assert list(of_tables(votes, step("", "data/votes"))) == ["tables"]


@pytest.mark.parametrize("content", [b"", b"PAR1 torn"])
def test_a_table_that_cannot_be_read_or_is_absent_is_passed_over(votes, content):
    (votes / "data/votes/verdicts.parquet").write_bytes(content)

    assert (
        of_tables(votes, step("verdicts.parquet", "data/votes/verdicts.parquet", "data/none.parquet")) == {}
    )


def test_dagster_takes_them(votes):
    dg.MaterializeResult(metadata=of_tables(votes, step("verdicts.parquet", "data/votes")))


def test_every_column_of_every_table_has_a_meaning():
    row_classes = [c for c in vars(schemas).values() if isinstance(c, type) and hasattr(c, "PRODUCER")]
    fields = {c.__name__: [f.name for f in dataclasses.fields(c)] for c in row_classes}

    assert [] == [
        f"{name}.{field}"
        for name, of_class in fields.items()
        for field in of_class
        if field not in meanings(of_class)
    ]
    assert meanings(["no", "such", "table"]) == {}
