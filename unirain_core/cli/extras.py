"""The extra of this package that brings a library which is not installed."""

from importlib.util import find_spec

from unirain_core.errors import MissingInputError

HARD = ("annotated_types", "numpy", "PIL", "pydantic", "ruamel", "safetensors", "torch", "tqdm", "typer")
"""The modules that every installation has."""
EXTRAS = {
    "pipeline": (
        "accelerate",
        "dvc",
        "mlflow",
        "polars",
        "pyarrow",
        "qdrant_client",
        "qdrant_edge",
        "rich",
        "scipy",
    ),
    "ui": ("dagster", "dagster_webserver"),
    "sample": ("skimage", "sklearn", "scipy"),
    "lpips": ("lpips", "torchvision"),
    "models": ("httpx", "huggingface_hub", "open_clip", "sentencepiece", "torchvision", "transformers"),
    "ray": ("psutil", "ray"),
    "s3": ("fsspec", "s3fs"),
}
"""The modules that each extra of pyproject.toml is installed for."""


class MissingLibraryError(MissingInputError):
    """A command needs a library that stands in an extra which is not installed."""

    def __init__(self, module: str, extra: str) -> None:
        self.module, self.extra = module, extra
        super().__init__(f"the library '{module}' is not installed; run `pip install 'unirain[{extra}]'`")


def missing_library(module: str | None) -> MissingLibraryError | None:
    """The error that names the extra of a module; None: no extra brings it.

    >>> str(missing_library("sklearn.datasets"))
    "the library 'sklearn' is not installed; run `pip install 'unirain[sample]'`"
    """
    top = (module or "").partition(".")[0]
    extras = [extra for extra, modules in EXTRAS.items() if top in modules]
    return MissingLibraryError(top, extras[0]) if extras else None


def need(*modules: str) -> None:
    """Refuse to go on without libraries that a command starts as programs of their own.

    Raises:
        MissingLibraryError: one is not installed.
    """
    for module in modules:
        error = missing_library(module)
        if error is not None and find_spec(module) is None:
            raise error
