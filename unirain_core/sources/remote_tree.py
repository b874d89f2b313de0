"""The tree of a dataset that lies in a store: one recursive listing, no links."""

from unirain_core.artefacts.remote import Remote
from unirain_core.sources.inventory import SKIPPED, Inventory, Refused
from unirain_core.sources.names import is_picture
from unirain_core.sources.tree import Tree


def list_objects(root: Remote) -> Tree:
    """List a folder of a store and all below it.

    Args:
        root: the dataset's folder.

    Raises:
        FileNotFoundError: the bucket does not exist.
        OSError: the store does not answer, or does not let this user in.
        MissingInputError: the package that reads such URLs is not installed.
    """
    states = root.files()
    inventory = Inventory()
    for path in states:
        folder, _, name = path.rpartition("/")
        parts = path.split("/")
        if not name:  # the mark of an empty folder
            continue
        if not {"", ".", ".."}.isdisjoint(parts):
            _set_aside(inventory, path)
        elif any(part.startswith(".") or part in SKIPPED for part in parts):
            inventory.skip(path)
        else:
            inventory.take(folder, name)
    return Tree(root, inventory.folders(), inventory.refused(), inventory.skipped(), states=states)


def _set_aside(inventory: Inventory, path: str) -> None:
    """A key that is no path: `a//b` and `a/../b` would be other files on a disk, and in tables too."""
    if is_picture(path):
        inventory.refuse(
            Refused(path, "unreadable_name", "a folder of its path has no name, or a dot as its name")
        )
    else:
        inventory.skip(path)
