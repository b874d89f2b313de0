"""A section that is one of several classes, chosen by the value of one of its keys."""

from collections.abc import Mapping
from typing import Protocol


class SchemaMaker(Protocol):
    """The object that pydantic hands to its hook."""

    def generate_schema(self, source: type) -> object:
        """The rules by which pydantic checks values of a class."""
        ...


class ByTag:
    """Tells pydantic which class checks a section.

    Pydantic calls the method below. Without it, pydantic would try one class after the other, and an error would
    list the faults that each of them finds.
    """

    def __init__(self, kinds: tuple[type, ...], key: str, advice: str = "") -> None:
        """Choose among classes.

        Args:
            kinds: dataclasses; the key's default in each is the value that chooses it. One class may lack the key.
            key: of the section.
            advice: a sentence's end for the error of an unknown value.
        """
        self._kinds, self._key, self._advice = kinds, key, advice

    def __get_pydantic_core_schema__(self, _union: object, handler: SchemaMaker) -> dict[str, object]:
        """The union as a choice by the section's key."""
        choices = {f"<{self._value(kind)}>": handler.generate_schema(kind) for kind in self._kinds}
        names = ", ".join(value for kind in self._kinds if (value := self._value(kind)))
        return {
            "type": "tagged-union",
            "choices": choices,
            "discriminator": self._tag,
            "custom_error_type": f"unknown_{self._key}",
            "custom_error_message": f"{self._key} must be one of {names}{self._advice}",
        }

    def _value(self, kind: type) -> str:
        field = kind.__dataclass_fields__.get(self._key)  # type: ignore[attr-defined]  # kinds are dataclasses
        return "" if field is None else str(field.default)

    def _tag(self, section: object) -> str:
        value = section.get(self._key, "") if isinstance(section, Mapping) else ""
        return f"<{value}>"


def is_tag(part: object) -> bool:
    """Whether a part of an error's place is the mark of the chosen class, which is no key of the file."""
    return isinstance(part, str) and part.startswith("<")
