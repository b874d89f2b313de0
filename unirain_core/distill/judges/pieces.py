"""A published SentencePiece tokenizer, read without the code that was published with it.

InternVL2.5's folder names a class `InternLM2Tokenizer`, which only its own code defines. That class does one thing beside
SentencePiece: it cuts the text at the added tokens, and gives the pieces between them to SentencePiece.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sentencepiece import SentencePieceProcessor

from unirain_core.errors import ConfigError

MODEL = "tokenizer.model"


class PieceTokenizer:
    """As much of a tokenizer of `transformers` as a judge uses; it adds no token by itself."""

    def __init__(self, folder: Path) -> None:
        """Read a folder's SentencePiece model and its added tokens.

        Raises:
            ConfigError: there is no such model, or an added token takes the spaces beside it.
        """
        if not (folder / MODEL).is_file():
            raise ConfigError(f"{folder.name} holds no {MODEL}; fetch it again, whole")
        self._pieces: Any = SentencePieceProcessor(model_file=str(folder / MODEL))
        self.added: Mapping[str, int] = _added(folder)
        longest_first = sorted(self.added, key=len, reverse=True)
        self._cut = re.compile("(" + "|".join(map(re.escape, longest_first)) + ")") if longest_first else None

    @property
    def bos_token_id(self) -> int:
        """The number of the token that begins a text."""
        return int(self._pieces.bos_id())

    def convert_tokens_to_ids(self, token: str) -> int:
        """The number of a token."""
        return self.added[token] if token in self.added else int(self._pieces.piece_to_id(token))

    def encode(self, text: str, *, add_special_tokens: bool = False) -> list[int]:
        """The text as numbers.

        Raises:
            ValueError: special tokens are asked for.
        """
        if add_special_tokens:
            raise ValueError("this tokenizer adds no tokens; write them into the text")
        numbers: list[int] = []
        for part in self._cut.split(text) if self._cut else [text]:
            numbers += [self.added[part]] if part in self.added else self._pieces.encode(part)
        return numbers

    def decode(self, numbers: Sequence[int]) -> str:
        """The numbers as text."""
        texts = {number: token for token, number in self.added.items()}
        return "".join(
            texts[number] if number in texts else str(self._pieces.decode([number])) for number in numbers
        )


def _added(folder: Path) -> dict[str, int]:
    """The tokens that stand beside the SentencePiece model, of both files that may list them."""
    numbers: dict[str, int] = {}
    for number, token in _content(folder / "tokenizer_config.json").get("added_tokens_decoder", {}).items():
        if token.get("lstrip") or token.get("rstrip"):
            raise ConfigError(
                f"{folder.name}: tokenizer_config.json: {token['content']} takes the spaces beside it, which is not "
                "supported; write its lstrip and rstrip as false, or add a tokenizer.json"
            )
        numbers[token["content"]] = int(number)
    return numbers | _content(folder / "added_tokens.json")


def _content(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return content
