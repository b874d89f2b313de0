"""Which vector store params names, opened and filled."""

import logging
import os
from contextlib import AbstractContextManager
from pathlib import Path
from typing import assert_never

from unirain_core.config.sections import StoreName
from unirain_core.distill.stores.store import Content, Held, Store

logger = logging.getLogger(__name__)

DEFAULT_URL = "http://127.0.0.1:6333"
"""Where a Qdrant server is looked for unless UNIRAIN_QDRANT_URL is set."""


def make_store(name: StoreName, collection: str, home: Path) -> AbstractContextManager[Store]:
    """The store that params names, open while the context lasts.

    Args:
        name: which engine.
        collection: name of the collection (`Content.name`).
        home: folder of the embedded engine's collections.
    """
    match name:
        case "memory":
            from unirain_core.distill.stores.memory import MemoryStore

            return MemoryStore()
        case "edge":
            from unirain_core.distill.stores.edge import EdgeStore  # loads Qdrant's embedded engine

            return EdgeStore(home / collection)
        case "server":
            from unirain_core.distill.stores.server import connect  # loads qdrant-client

            return connect(collection, os.environ.get("UNIRAIN_QDRANT_URL") or DEFAULT_URL)
        case _:
            assert_never(name)


def ensure_filled(store: Store, content: Content) -> None:
    """Fill the collection unless it holds this content already: same encoder, same number of photos.

    Its name carries the hash of the content; the count shows a collection that a kill left half filled.
    """
    wanted, found = Held(len(content.ids), content.encoder), store.held()
    if found != wanted:
        if found is not None:
            logger.warning("collection %s holds %s instead of %s: filled anew", content.name, found, wanted)
        store.fill(content)
