"""What the tests of shared work have in common: rows, folders, and looks into the store."""

from tests.engine.in_process import InProcess
from tests.engine.toys import Counted, Item, verdict
from unirain_core.engine.rows import finished_rows
from unirain_core.engine.shared import place

ITEMS = [Item("set", f"item-{number}", number) for number in range(40)]
RESULTS = [verdict(item) for item in ITEMS]


def objects(url):
    """Content of everything in a store, by its path there."""
    folder = place(url)
    return {name: (folder / name).read_bytes() for name in folder.files()}


def of_shards(url):
    return {name: content for name, content in objects(url).items() if name.startswith("shards/")}


def rows(log, store):
    return finished_rows(Counted(log=log), ITEMS, store, InProcess())


def fill(folder):
    (folder / "sub").mkdir()
    (folder / "sub/picture.png").write_bytes(b"pixels")
    (folder / "x").write_text("content")


def forbid(folder):
    raise AssertionError("this is finished")


def shared_folder(store, make):
    """The finished folder of a run that ends well."""
    folder = store.folder("k", make)
    store.record_use(["k"])
    return folder
