"""Keys of a foreach stage as Dagster's partitions, and how the keys of two stages belong together."""

import dagster as dg

from unirain_assets.graph import Graph, Stage


def definition(stage: Stage) -> dg.StaticPartitionsDefinition | None:
    """The keys of a stage; None where it has none."""
    return dg.StaticPartitionsDefinition(list(stage.keys)) if stage.keys else None


def dependencies(graph: Graph, stage: Stage) -> list[dg.AssetDep]:
    """The upstream assets: of the same key where each step reads its namesake alone, else of all keys."""
    return [dg.AssetDep(name, partition_mapping=_mapping(graph, stage, name)) for name in stage.upstream]


def _mapping(graph: Graph, stage: Stage, upstream: str) -> dg.PartitionMapping | None:
    keys = {step.key: {p.key for p in graph.producers(step) if p.stage == upstream} for step in stage.steps}
    if all(read == {None} for read in keys.values()):
        return None
    if all(read == {key} for key, read in keys.items()):
        return dg.IdentityPartitionMapping()
    return dg.AllPartitionMapping()
