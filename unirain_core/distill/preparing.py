"""Models whose inputs other processes can prepare, while the device computes."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar, runtime_checkable

Thing = TypeVar("Thing")
Result = TypeVar("Result", covariant=True)


@runtime_checkable
class Preparing(Protocol[Result]):
    """A captioner, an image encoder or a judge in two steps: the first needs no weights and no device."""

    @property
    def prepare(self) -> Callable[[Any], Any]:
        """Makes of a picture, or of a judge's question, what the model is given of it.

        It travels to other processes, and so does what it makes. That holds arrays and no tensors: a tensor would travel as an
        open file, of which a process may have a thousand.
        """
        ...

    def of_prepared(self, prepared: Sequence[Any]) -> Sequence[Result]:
        """As the model's own method, of what `prepare` made."""
        ...


def preparation(model: object) -> Callable[[Any], Any]:
    """What makes a model's inputs; a model of one step is given pictures and questions as they are."""
    return model.prepare if isinstance(model, Preparing) else as_it_is


def as_it_is(thing: Thing) -> Thing:
    """The thing itself."""
    return thing
