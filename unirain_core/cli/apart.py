"""Decoding in a process of its own: a file that kills a decoder takes no other picture with it."""

from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Self

from unirain_core.engine.local import LocalEngine, LocalPool
from unirain_core.errors import ItemError, WorkerDiedError
from unirain_core.imaging.codec import MAX_PIXELS, RgbImage, read_rgb


class Decoder:
    """One worker process, which starts with the first picture and is replaced when it dies."""

    def __init__(self) -> None:
        self._opened = ExitStack()
        self._pool: LocalPool[Path, RgbImage] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def read(self, path: Path) -> RgbImage:
        """As `read_rgb`.

        Raises:
            ItemError: also where the file ended the process that decoded it.
        """
        if self._pool is None:
            decode = partial(read_rgb, max_pixels=MAX_PIXELS)
            self._pool = self._opened.enter_context(LocalEngine(workers=1).open(decode, "cpu"))
        try:
            self._pool.submit(path)
            return self._pool.next()
        except WorkerDiedError:
            self._opened.close()
            self._pool = None
            raise ItemError("crashed", "the process that decoded it died of it") from None
