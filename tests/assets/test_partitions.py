import dagster as dg

from unirain_assets import graph, partitions


def stage(project, name):
    pipeline = graph.read(project)
    return pipeline, next(s for s in pipeline.stages if s.name == name)


def mappings(project, name):
    return {
        d.asset_key.to_user_string(): d.partition_mapping
        for d in partitions.dependencies(*stage(project, name))
    }


def test_keys_of_a_foreach_are_the_partitions(toy):
    keys = partitions.definition(stage(toy, "train")[1])

    assert keys == dg.StaticPartitionsDefinition(["ours", "uniform"])


def test_a_stage_without_keys_has_no_partitions(toy):
    assert partitions.definition(stage(toy, "votes")[1]) is None


def test_a_step_that_reads_its_namesake_is_mapped_to_it(toy):
    assert mappings(toy, "scores") == {"train": dg.IdentityPartitionMapping()}


def test_a_stage_that_reads_all_keys_is_mapped_to_all(toy):
    assert mappings(toy, "table") == {"scores": dg.AllPartitionMapping()}


def test_what_reads_no_keys_needs_no_mapping(toy):
    assert mappings(toy, "train") == {"votes": None}
