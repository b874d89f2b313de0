"""Which vector store params names, opened and filled."""

import logging
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar, assert_never

from unirain_core.config.sections import StoreName
from unirain_core.distill.stores.memory import MemoryStore
from unirain_core.distill.stores.store import CollectionError, Content, ServerError, Store

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

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
    """Fill the collection unless it holds exactly this content already.

    Raises:
        CollectionError: the engine fails.
    """
    if not store.holds(content):
        store.fill(content)


def searched(store: Store, content: Content, search: Callable[[Store], Result]) -> Result:
    """The result of a search that the collection was whole before and after.

    The collection is a side file: where it is damaged in the middle of a search, it is filled and searched anew, and
    where the engine fails again, the plain store answers. The result is the same, since the engine only proposes.

    Args:
        store: any engine's, open.
        content: what it must hold.
        search: asks the store it is given.

    Raises:
        ServerError: the server that params name failed; a person must start it.
    """
    for _attempt in range(2):
        try:
            ensure_filled(store, content)
            result = search(store)
            if store.holds(content):
                return result
            logger.warning("collection %s changed while it was searched: searched anew", content.name)
        except ServerError:
            raise
        except CollectionError as error:
            logger.warning("collection %s: %s", content.name, error)
    logger.warning("collection %s cannot be used: the plain store is searched instead", content.name)
    with MemoryStore() as plain:
        plain.fill(content)
        return search(plain)
