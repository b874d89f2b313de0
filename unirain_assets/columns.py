"""The tables of a step: how many rows each has, and the columns of the one of which a person thinks first."""

from pathlib import Path

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq

from unirain_assets.figures import Values, markdown_table
from unirain_assets.meanings import meanings
from unirain_core.config.pipeline import Step

_SCHEMA, _ROW_COUNT = (
    "dagster/column_schema",
    "dagster/row_count",
)  # Dagster's names: the asset's page knows them


def of_tables(root: Path, step: Step) -> Values:
    """Rows and columns, as Dagster shows them; nothing of a table that is absent or cannot be read."""
    metadata = {file: found for file in _files(root, step) if (found := _metadata(file)) is not None}
    values: Values = {}
    main = next((file for file in metadata if file.name == step.table or len(metadata) == 1), None)
    if main is not None:
        values[_ROW_COUNT] = dg.MetadataValue.int(metadata[main].num_rows)
        values[_SCHEMA] = dg.MetadataValue.table_schema(_schema(metadata[main].schema.to_arrow_schema()))
    if len(metadata) > 1:
        rows = [{"table": file.name, "rows": found.num_rows} for file, found in metadata.items()]
        values["tables"] = dg.MetadataValue.md(markdown_table(rows))
    return values


def _files(root: Path, step: Step) -> list[Path]:
    files: list[Path] = []
    for out in step.outs:
        place = root / out
        files += sorted(place.glob("*.parquet")) if place.is_dir() else [place] * (place.suffix == ".parquet")
    return files


def _metadata(file: Path) -> pq.FileMetaData | None:
    try:
        return pq.read_metadata(file)
    except (OSError, pa.ArrowInvalid):  # the step's checks say so
        return None


def _schema(schema: pa.Schema) -> dg.TableSchema:
    texts = meanings(schema.names)
    columns = []
    for field in schema:
        nullable = dg.TableColumnConstraints(nullable=field.nullable)
        columns.append(
            dg.TableColumn(
                field.name, str(field.type), description=texts.get(field.name), constraints=nullable
            )
        )
    return dg.TableSchema(columns=columns)
