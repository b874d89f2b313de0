"""Tiny random models of the real architectures, as folders that the real code loads."""

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from unirain_core.config.load import load_prompt

ROOT = Path(__file__).parents[3]
PROMPT = load_prompt(ROOT / "prompts/rain.yaml")
WORDS = " ".join(
    [
        PROMPT.instruction,
        PROMPT.query,
        PROMPT.reference,
        PROMPT.question,
        PROMPT.alone,
        *PROMPT.words_yes,
        *PROMPT.words_no,
    ]
)


def byte_pairs(special):
    """A byte-level tokenizer in which yes and no are one token each."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=700, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    answers = [f"{word} {word}" for word in ("Yes", "yes", "YES", "No", "no", "NO")]
    tokenizer.train_from_iterator([WORDS, *(answers * 20)], trainer)
    return tokenizer


def awake(model, seed=0):
    """Weights so large that answers differ: with the library's own, all are nearly equal."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.2)
    return model.eval()


def write_json(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def scores_of(model, questions):
    """The scores of the first word after each question, which other processes might have prepared."""
    return model.logits([model.prepare(question) for question in questions])
