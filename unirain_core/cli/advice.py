"""The catalogue's advice for an error that names a rain type.

The command line adds it, so that no stage depends on the catalogue's wording.
"""

from unirain_core.errors import EmptyTypeError, UniRainError


def message(error: UniRainError) -> str:
    """The text of an error, with the downloads that would bring pairs of the rain types which it names."""
    if not isinstance(error, EmptyTypeError):
        return str(error)
    from unirain_core.sources import catalogue  # read only where it is needed: the file is large

    known = catalogue.load()
    advice = "; ".join(f"{rain_type}: {known.advice(rain_type)}" for rain_type in error.rain_types)
    return f"{error}. Data for it: {advice}"
