"""One picture of a dataset: the value that travels from the listing to the loader."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was listed; rainy and clean picture of one file are two values."""

    root: str
    """Name of the root that the path is relative to."""
    path: str
    """Relative path of the file, with `/`."""
    half: str | None = None
    """Left or right: which half of the file this picture is; None: the whole."""
    content_hash: str = ""
    """`file_hash` of the file when it was listed; empty until the listing has read it, and such a picture is not loaded."""

    @property
    def whole(self) -> "Picture":
        """The file's whole picture."""
        return replace(self, half=None)


def other_half(half: str | None) -> str | None:
    """The half beside a half; of a whole picture the whole.

    >>> other_half("left"), other_half("right"), other_half(None)
    ('right', 'left', None)
    """
    match half:
        case "left":
            return "right"
        case "right":
            return "left"
        case None:
            return None
        case _:
            raise ValueError(f"a half is left or right, found {half!r}")
