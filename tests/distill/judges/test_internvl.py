"""InternVL2.5 as a judge, on tiny models in both forms: the native one, and that of the authors."""

from typing import Any

import numpy as np
import pytest
import torch

from unirain_core.compat import ensure_torchvision

ensure_torchvision()
transformers = pytest.importorskip("transformers")
from safetensors.torch import save_file  # noqa: E402

from tests.distill.judges.tiny import PROMPT, awake, byte_pairs, write_json  # noqa: E402
from unirain_core.config.models import InternVl  # noqa: E402
from unirain_core.distill.judges.internvl import InternVlModel, internvl_judge  # noqa: E402
from unirain_core.distill.judges.internvl_names import configuration  # noqa: E402
from unirain_core.distill.judges.judge import Question  # noqa: E402
from unirain_core.errors import ConfigError  # noqa: E402

SIDE, PATCH = 28, 7
AUTHORS: dict[str, Any] = {
    "model_type": "internvl_chat",
    "downsample_ratio": 0.5,
    "vision_config": {
        "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": SIDE,
        "patch_size": PATCH, "qkv_bias": True, "qk_normalization": False, "norm_type": "layer_norm", "layer_norm_eps": 1e-6,
        "hidden_act": "gelu",
    },
    "llm_config": {
        "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
        "max_position_embeddings": 2048, "rms_norm_eps": 1e-5, "rope_theta": 1e6,
        "rope_scaling": {"type": "dynamic", "factor": 2.0},
    },
}  # fmt: skip
SPECIAL = ["<s>", "</s>", "<unk>", "<|im_start|>", "<|im_end|>", "<img>", "</img>", "<IMG_CONTEXT>"]


def authors_names(state):
    """The inverse of our map, written out by hand from the authors' code, for two layers."""
    out = {}
    for name, tensor in state.items():
        n = name.replace("model.vision_tower.encoder.layer.", "vision_model.encoder.layers.")
        n = n.replace("model.vision_tower.embeddings.cls_token", "vision_model.embeddings.class_embedding")
        n = n.replace(
            "model.vision_tower.embeddings.position_embeddings", "vision_model.embeddings.position_embedding"
        )
        n = n.replace(
            "model.vision_tower.embeddings.patch_embeddings.projection",
            "vision_model.embeddings.patch_embedding",
        )
        n = n.replace("lambda_", "ls").replace("attention.projection_layer", "attn.proj")
        n = n.replace("layernorm_before", "norm1").replace("layernorm_after", "norm2")
        n = n.replace("model.multi_modal_projector.layer_norm", "mlp1.0").replace(
            "model.multi_modal_projector.linear_1", "mlp1.1"
        )
        n = n.replace("model.multi_modal_projector.linear_2", "mlp1.3").replace(
            "lm_head", "language_model.output"
        )
        n = n.replace("model.language_model.embed_tokens", "language_model.model.tok_embeddings")
        n = n.replace("model.language_model.", "language_model.model.")
        if n.startswith("language_model.model.layers"):
            n = n.replace("self_attn.o_proj", "attention.wo").replace("mlp.gate_proj", "feed_forward.w1")
            n = n.replace("mlp.down_proj", "feed_forward.w2").replace("mlp.up_proj", "feed_forward.w3")
            n = n.replace("input_layernorm", "attention_norm").replace("post_attention_layernorm", "ffn_norm")
        out[n] = tensor
    for layer in range(2):
        for kind in ("weight", "bias"):
            prefix = f"vision_model.encoder.layers.{layer}."
            parts = [out.pop(f"{prefix}attention.{p}_proj.{kind}") for p in "qkv"]
            out[f"{prefix}attn.qkv.{kind}"] = torch.cat(parts)
        prefix = f"language_model.model.layers.{layer}."
        q, k, v = (out.pop(f"{prefix}self_attn.{p}_proj.weight") for p in "qkv")
        heads = [
            torch.cat([q[16 * g : 16 * g + 16], k[8 * g : 8 * g + 8], v[8 * g : 8 * g + 8]]) for g in range(2)
        ]
        out[f"{prefix}attention.wqkv.weight"] = torch.cat(heads)
    return {name: tensor.contiguous() for name, tensor in out.items()}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """The same weights in the native form and in that of the authors."""
    home = tmp_path_factory.mktemp("internvl")
    tokenizer = byte_pairs(SPECIAL)
    n_tokens = tokenizer.get_vocab_size()
    content = {**AUTHORS, "llm_config": {**AUTHORS["llm_config"], "vocab_size": n_tokens}}
    config = transformers.InternVLConfig(**configuration(content, tokenizer.token_to_id("<IMG_CONTEXT>")))
    model = awake(transformers.InternVLForConditionalGeneration(config))
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="</s>")
    native, authors = home / "native", home / "authors"
    model.save_pretrained(native)
    write_json(authors / "config.json", content)
    save_file(authors_names(model.state_dict()), authors / "model.safetensors")
    for folder in (native, authors):
        fast.save_pretrained(folder)
    return {"native": native, "authors": authors}


def section(**changes):
    return InternVl(**{"weights": "x", "revision": "1", "precision": "float32", "query_tiles": 2, **changes})


def picture(seed, height=40, width=60):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


QUESTIONS = [
    Question(picture(0), [picture(1), picture(2), picture(3)]),
    Question(picture(4, 60, 40), [picture(5)]),
    Question(picture(6), []),
]


@pytest.mark.parametrize("form", ["native", "authors"])
def test_a_batch_gives_what_its_questions_give_one_by_one(form, folders):
    model = InternVlModel(folders[form], section(), PROMPT)
    together = model.logits(QUESTIONS)

    for row, question in zip(together, QUESTIONS, strict=True):
        torch.testing.assert_close(model.logits([question])[0], row, atol=1e-5, rtol=1e-5)


def test_the_authors_checkpoint_and_the_native_one_give_the_same_scores(folders):
    native, authors = (InternVlModel(folders[form], section(), PROMPT).logits(QUESTIONS) for form in folders)

    torch.testing.assert_close(native, authors, atol=1e-5, rtol=1e-5)


def test_two_references_that_change_places_move_the_scores(folders):
    model = InternVlModel(folders["native"], section(), PROMPT)
    question = QUESTIONS[0]
    a, b, c = question.references
    swapped = Question(question.query, [b, a, c])

    assert (model.logits([question]) - model.logits([swapped])).abs().max() > 1e-3


def test_a_weight_that_is_missing_is_named(folders, tmp_path):
    for file in folders["authors"].iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    from safetensors.torch import load_file

    state = load_file(tmp_path / "model.safetensors")
    del state["mlp1.1.weight"]
    save_file(state, tmp_path / "model.safetensors")

    with pytest.raises(ConfigError, match=r"lacks model\.multi_modal_projector\.linear_1\.weight; check"):
        InternVlModel(tmp_path, section(), PROMPT)


def test_the_judge_answers_by_the_words_of_the_prompt(folders, monkeypatch):
    monkeypatch.setenv("UNIRAIN_MODELS", str(folders["native"].parent))
    judge = internvl_judge("internvl", section(weights="native"), PROMPT, 3)
    answers = judge.judge(QUESTIONS)

    assert 3 == len(answers)
    assert all(0 <= answer.p_yes <= 1 for answer in answers)
    assert "Reference 3: <img></img>" in judge.prompt


def test_a_question_that_does_not_fit_is_refused_before_the_weights_are_loaded(folders, monkeypatch):
    monkeypatch.setenv("UNIRAIN_MODELS", str(folders["native"].parent))

    with pytest.raises(ConfigError, match=r"a question has up to .* lower query_tiles or reference_tiles"):
        internvl_judge("internvl", section(weights="native", reference_tiles=12), PROMPT, 300)
