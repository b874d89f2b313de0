"""A half file of DVC is told from a whole one."""

import json

import pytest

from tests.artefacts.lock_files import ENTRY, WHOLE
from unirain_core.artefacts.dvc_files import is_whole_lock
from unirain_core.artefacts.torn import RWLOCK, is_whole_rwlock
from unirain_core.config.load import read_yaml


def steps(root):
    content = read_yaml(root / "dvc.lock")
    assert isinstance(content, dict)
    return content["stages"]


def test_no_prefix_of_a_lock_passes_with_half_an_item(root):
    """What passes holds whole items alone: an entry or an out that is absent is made again by DVC."""
    entries = steps(root)
    passed = []
    for length in range(len(WHOLE)):
        (root / "dvc.lock").write_text(WHOLE[:length])
        if is_whole_lock(root):
            passed.append(length)
            for name, entry in steps(root).items():
                outs = entry["outs"]
                assert entry | {"outs": entries[name]["outs"]} == entries[name]
                assert outs == entries[name]["outs"][: len(outs)]

    assert len(passed) == 3, "after the first out, after the first entry, after the third out"


def test_every_prefix_of_an_rwlock_is_torn(root):
    content = json.dumps(
        {"write": {"data": {"pid": 7, "cmd": "dvc repro"}}, "read": {"a": [{"pid": 7, "cmd": "x"}]}}
    )
    for length in range(len(content)):
        (root / RWLOCK).write_text(content[:length])
        assert not is_whole_rwlock(root), content[:length]

    (root / RWLOCK).write_text(content)
    assert is_whole_rwlock(root)


NOTIFY = "  notify:\n    cmd: echo done\n    deps:\n    - path: data/x\n      hash: md5\n      md5: 00112233445566778899aabbccddeeff\n      size: 1\n"


@pytest.mark.parametrize(("declared", "is_whole"), [("", True), (", outs: [data/y]", False)])
def test_a_last_entry_without_outs_is_whole_where_its_stage_has_none(root, declared, is_whole):
    (root / "dvc.yaml").write_text(f"stages: {{notify: {{cmd: echo done, deps: [data/x]{declared}}}}}\n")
    (root / "dvc.lock").write_text(WHOLE + NOTIFY)

    assert is_whole == is_whole_lock(root)


def test_an_entry_without_outs_before_the_last_one_is_whole(root):
    (root / "dvc.lock").write_text("schema: '2.0'\nstages:\n" + NOTIFY + ENTRY.format(name="votes"))

    assert is_whole_lock(root)
