"""Whether a model's own template leaves every picture where its label stands."""

from itertools import pairwise

from unirain_core.config.prompt import Prompt
from unirain_core.errors import ConfigError


def demand_labels(name: str, text: str, prompt: Prompt, n_references: int) -> None:
    """Refuse a template that puts the pictures elsewhere: then no label stands before its picture.

    Raises:
        ConfigError: a label is missing, or nothing stands between it and the words after its picture.
    """
    labels = [prompt.query]
    for number in range(1, n_references + 1):
        labels.append(prompt.label(number))
    words = [*labels, prompt.question if n_references else prompt.alone]
    for label, following in pairwise(words):
        _, is_there, after = text.partition(label)
        between, is_followed, _ = after.partition(following)
        if not is_there or not is_followed or not between.strip():
            raise ConfigError(
                f"judge '{name}': its chat template shows no picture after {label!r}; give it a template that keeps "
                "pictures where they stand (chat_template.jinja beside the weights, `--chat-template` of a server)"
            )
