"""Folders with tiny random models of the judges' architectures, each with a tokenizer of the test's own."""

from pathlib import Path
from typing import Any

import pytest

from unirain_core.compat import ensure_torchvision

ensure_torchvision()
transformers = pytest.importorskip("transformers")
from safetensors.torch import save_file  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402

from tests.distill.judges.tiny import awake, write_json  # noqa: E402
from tests.distill.tiny_models import AUTHORS, MOBILEVLM  # noqa: E402
from unirain_core.distill.judges.internvl_names import configuration  # noqa: E402
from unirain_core.distill.judges.mobilevlm_model import MobileVlmConfig, MobileVlmForCausalLM  # noqa: E402

_LEFTOVERS = ("model_type", "mm_projector_type", "n_head")


def authors_configuration(n_tokens: int) -> dict[str, Any]:
    """The authors' config.json for a tokenizer of so many tokens."""
    return {**AUTHORS, "llm_config": {**AUTHORS["llm_config"], "vocab_size": n_tokens}}


def fast(tokenizer: Tokenizer, pad: str) -> Any:
    """The tokenizer as a class of transformers."""
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token=pad)


def make_internvl(folder: Path, tokenizer: Tokenizer, pad: str) -> None:
    """The native form."""
    content = authors_configuration(tokenizer.get_vocab_size())
    image_token = tokenizer.get_vocab()["<IMG_CONTEXT>"]
    config = transformers.InternVLConfig(**configuration(content, image_token))
    awake(transformers.InternVLForConditionalGeneration(config)).save_pretrained(folder)
    fast(tokenizer, pad).save_pretrained(folder)


def make_llava(folder: Path, tokenizer: Tokenizer, pad: str, width: int = 32) -> None:
    """LLaVA with SigLIP and Qwen2; a picture is 16 tokens."""
    config = transformers.LlavaConfig(
        vision_config={
            "model_type": "siglip_vision_model", "hidden_size": width, "intermediate_size": 2 * width, "num_hidden_layers": 2,
            "num_attention_heads": 2, "image_size": 28, "patch_size": 7, "vision_use_head": False,
        },
        text_config={
            "model_type": "qwen2", "hidden_size": width, "intermediate_size": 2 * width, "num_hidden_layers": 2,
            "num_attention_heads": 4, "num_key_value_heads": 4, "vocab_size": tokenizer.get_vocab_size(),
            "max_position_embeddings": 4096, "tie_word_embeddings": False,
        },
        image_token_index=tokenizer.token_to_id("<image>"),
        vision_feature_layer=-1,
        vision_feature_select_strategy="full",
    )  # fmt: skip
    awake(transformers.LlavaForConditionalGeneration(config)).save_pretrained(folder)
    fast(tokenizer, pad).save_pretrained(folder)


def make_processor(folder: Path, template: str) -> None:
    """What `AutoProcessor` reads beside a LLaVA."""
    images = transformers.SiglipImageProcessorPil(size={"height": 28, "width": 28})
    processor = transformers.LlavaProcessor(
        image_processor=images, tokenizer=transformers.AutoTokenizer.from_pretrained(folder), patch_size=7,
        vision_feature_select_strategy="full", num_additional_image_tokens=0, chat_template=template, image_token="<image>",
    )  # fmt: skip
    processor.save_pretrained(folder)


def make_mobilevlm(folder: Path, pieces: bytes, n_tokens: int, width: int = 32) -> None:
    """MobileVLM as it is published, with a SentencePiece model."""
    content = MOBILEVLM | {"hidden_size": width, "intermediate_size": 2 * width, "vocab_size": n_tokens}
    folder.mkdir()
    (folder / "tokenizer.model").write_bytes(pieces)
    write_json(folder / "config.json", content)
    settings = {key: value for key, value in content.items() if key not in _LEFTOVERS}
    model = awake(MobileVlmForCausalLM(MobileVlmConfig(**settings)))
    save_file(
        {name: tensor.contiguous() for name, tensor in model.state_dict().items()},
        folder / "model.safetensors",
    )
