"""Every place where this program renames, truncates, writes or locks a file, by name, and whether it is killed there.

A name is `module.function:kind`. Kinds: rename, truncate, write (a file opened for writing, or a copy), lock (flock).
`benchmarks/crash.py` kills at every name of KILLED; tests/laws/test_kill_points.py holds both lists complete.
"""

from collections.abc import Mapping

WINDOWS = frozenset({"dvc.lock:write", "rwlock:write"})
"""Files that DVC empties before it writes them: a kill in between stops a bare `dvc repro`, `unirain prepare` heals."""

OF_DVC = WINDOWS | {"dvc:lock", "dvc:truncate", "dvc:write"}
"""Points of DVC's own code: its two files, and all others that it locks, truncates or writes."""

KILLED = OF_DVC | {
    "unirain_core.artefacts.dvc_files._keep:lock",
    "unirain_core.artefacts.dvc_files._keep:rename",
    "unirain_core.artefacts.dvc_files._keep:write",
    "unirain_core.artefacts.whole.whole_file:rename",
    "unirain_core.artefacts.whole.whole_file:write",
    "unirain_core.distill.stores.edge._locked:lock",
    "unirain_core.distill.stores.edge._locked:write",
    "unirain_core.distill.stores.edge.EdgeStore.fill:write",
    "unirain_core.engine.life._is_taken:lock",
    "unirain_core.engine.life.lock:truncate",
    "unirain_core.engine.life.lock:write",
    "unirain_core.engine.shelf.HomeShelf.put:write",
    "unirain_core.engine.shelf.publish:rename",
    "unirain_core.standins.rain.faults.spoil_files:write",
    "unirain_core.stages.sample_corpus._assemble:write",
    "unirain_core.stages.trained_checkpoint._hand_over:write",
    "unirain_core.tracking.journal.Journal._append:write",
    "unirain_core.tracking.own_store.mended:lock",
    "unirain_core.tracking.own_store.mended:write",
}
"""Points that a run of the whole pipeline passes."""

_AFTER_A_KILL = (
    "passed only when an earlier kill is put right; it can be done again, tests/artefacts/test_dvc_files.py"
)
_AFTER_DAMAGE = "passed only where a file was damaged, which it moves aside in one step"
_NO_ARTEFACT = "of a web interface's or a log's side file, which nothing reads back"
_OF_AN_EXPORT = "below a temporary name that no stage reads; tests/distill/export/test_export.py kills in the middle of it"
_OF_A_LABEL = (
    "no stage writes labels; tests/distill/test_labels.py cuts the file at every place of its last line"
)

EXEMPT: Mapping[str, str] = {
    "unirain_core.artefacts.dvc_files._guard:write": _AFTER_A_KILL,
    "unirain_core.artefacts.dvc_files._is_free:lock": _AFTER_A_KILL,
    "unirain_core.cli.main._log:write": _NO_ARTEFACT,
    "unirain_core.cli.ui._environment:write": _NO_ARTEFACT,
    "unirain_core.cli.ui.ui:write": "the addresses of the web interfaces, which a second command shows",
    "unirain_core.cli.servers.start:write": _NO_ARTEFACT,
    "unirain_core.distill.export.export._describe:write": _OF_AN_EXPORT,
    "unirain_core.distill.export.export.export:write": _OF_AN_EXPORT,
    "unirain_core.distill.export.forms.Folders.add:write": _OF_AN_EXPORT,
    "unirain_core.distill.export.place._locked:lock": _OF_AN_EXPORT,
    "unirain_core.distill.export.place.whole_folder:rename": _OF_AN_EXPORT,
    "unirain_core.distill.labels.append:lock": _OF_A_LABEL,
    "unirain_core.distill.labels.append:truncate": _OF_A_LABEL,
    "unirain_core.distill.labels.append:write": _OF_A_LABEL,
    "unirain_core.engine.life.is_held:lock": "a question that is asked and changes nothing",
    "unirain_core.engine.store.WorkStore._set_aside:rename": _AFTER_DAMAGE,
    "unirain_core.tracking.aside.put_aside:rename": _AFTER_DAMAGE,
    "unirain_core.tracking.journal._move:rename": "passed only where another training follows; see tests/tracking/test_journal.py",
    "unirain_core.tracking.own_store._replace:rename": _AFTER_DAMAGE,
}
"""Points that it does not pass, and why no kill is needed there."""
