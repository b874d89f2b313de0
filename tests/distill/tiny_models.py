"""Tiny random models of every architecture that the distillation uses, as folders that the real code loads.

Whoever imports this asked before whether `transformers`, `open_clip` and `sentencepiece` are installed.
"""

import io
from typing import Any

from unirain_core.compat import ensure_torchvision

ensure_torchvision()
import open_clip  # noqa: E402
import sentencepiece  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

from tests.distill.judges.tiny import PROMPT, awake, byte_pairs, write_json  # noqa: E402
from tests.distill.judges.tiny import WORDS as PROMPT_WORDS  # noqa: E402
from unirain_core.distill.judges.answers import AnswerTokens  # noqa: E402
from unirain_core.distill.judges.internvl_names import configuration  # noqa: E402
from unirain_core.distill.judges.mobilevlm_model import MobileVlmConfig, MobileVlmForCausalLM  # noqa: E402
from unirain_core.distill.judges.tokens import spelled  # noqa: E402

WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "[DEC]",
    "a",
    "the",
    "rain",
    "street",
    "night",
    "day",
    "car",
    "wet",
    "with",
    "on",
    "of",
    "heavy",
    "light",
    "tree",
]
VOCABULARY = {word: number for number, word in enumerate(WORDS)}
CHAT = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SHAPE = {
    "embed_dim": 16,
    "quick_gelu": True,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 8},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
}


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
INTERNVL_SPECIAL = ["<s>", "</s>", "<unk>", "<|im_start|>", "<|im_end|>", "<img>", "</img>", "<IMG_CONTEXT>"]


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


MOBILEVLM: dict[str, Any] = {
    "model_type": "mobilevlm", "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 4, "rms_norm_eps": 1e-6, "max_position_embeddings": 2048, "bos_token_id": 1, "eos_token_id": 2,
    "pad_token_id": 0, "tie_word_embeddings": False, "mm_projector_type": "ldpnet", "n_head": 16,
    "vision": {
        "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2, "image_size": 28,
        "patch_size": 7, "projection_dim": 8,
    },
}  # fmt: skip


LLAVA_SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<image>"]


def outspoken(model, tokenizer):
    """The model with an answer to most questions: its scores of yes and no are far from zero, unlike all others."""
    tokens = AnswerTokens.of(spelled(tokenizer), PROMPT)
    with torch.no_grad():
        model.lm_head.weight[list(tokens.yes + tokens.no)] *= 8
    return model


def make_blip(folder, *, seed=0):
    text = {
        "vocab_size": len(WORDS), "hidden_size": 32, "encoder_hidden_size": 32, "intermediate_size": 64, "projection_dim": 16,
        "num_hidden_layers": 2, "num_attention_heads": 2, "max_position_embeddings": 64, "bos_token_id": 5, "eos_token_id": 3,
        "pad_token_id": 0, "sep_token_id": 3,
    }  # fmt: skip
    vision = {
        "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 32,
        "patch_size": 8,
    }  # fmt: skip
    config = transformers.BlipConfig(text_config=text, vision_config=vision, projection_dim=16)
    awake(transformers.BlipForConditionalGeneration(config), seed).save_pretrained(folder)
    tokenizer = transformers.BertTokenizer(vocab=VOCABULARY, bos_token="[DEC]")
    images = transformers.BlipImageProcessorPil(size={"height": 32, "width": 32})
    transformers.BlipProcessor(images, tokenizer).save_pretrained(folder)


def make_bert(folder):
    config = transformers.BertConfig(
        vocab_size=len(WORDS), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=64,
    )  # fmt: skip
    awake(transformers.BertModel(config)).save_pretrained(folder)
    transformers.BertTokenizer(vocab=VOCABULARY).save_pretrained(folder)


def make_qwen(folder):
    tokenizer = byte_pairs(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    config = transformers.Qwen2Config(
        vocab_size=tokenizer.get_vocab_size(), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, eos_token_id=2, pad_token_id=0,
    )  # fmt: skip
    awake(transformers.Qwen2ForCausalLM(config)).save_pretrained(folder)
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<|endoftext|>", eos_token="<|im_end|>", chat_template=CHAT
    )
    fast.save_pretrained(folder)


def make_clip(folder, *, seed=0):
    folder.mkdir()
    model = awake(open_clip.CLIP(**SHAPE), seed)
    preprocess = {
        "mean": [0.48, 0.46, 0.41],
        "std": [0.27, 0.26, 0.28],
        "interpolation": "bicubic",
        "resize_mode": "shortest",
    }
    write_json(folder / "open_clip_config.json", {"model_cfg": SHAPE, "preprocess_cfg": preprocess})
    save_file(
        {k: v.contiguous() for k, v in model.state_dict().items()}, folder / "open_clip_model.safetensors"
    )


def make_internvl(home, *, seed=0, is_outspoken=False):
    """The same weights in the native form and in that of the authors."""
    tokenizer = byte_pairs(INTERNVL_SPECIAL)
    n_tokens = tokenizer.get_vocab_size()
    content = {**AUTHORS, "llm_config": {**AUTHORS["llm_config"], "vocab_size": n_tokens}}
    config = transformers.InternVLConfig(**configuration(content, tokenizer.token_to_id("<IMG_CONTEXT>")))
    model = awake(transformers.InternVLForConditionalGeneration(config), seed)
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="</s>")
    if is_outspoken:
        outspoken(model, fast)
    native, authors = home / "native", home / "authors"
    model.save_pretrained(native)
    write_json(authors / "config.json", content)
    save_file(authors_names(model.state_dict()), authors / "model.safetensors")
    for folder in (native, authors):
        fast.save_pretrained(folder)
    return {"native": native, "authors": authors}


def make_llava(folder, *, seed=0, is_outspoken=False):
    tokenizer = byte_pairs(LLAVA_SPECIAL)
    config = transformers.LlavaConfig(
        vision_config={
            "model_type": "siglip_vision_model", "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
            "num_attention_heads": 2, "image_size": 28, "patch_size": 7, "vision_use_head": False,
        },
        text_config={
            "model_type": "qwen2", "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
            "num_attention_heads": 4, "num_key_value_heads": 4, "vocab_size": tokenizer.get_vocab_size(),
            "max_position_embeddings": 4096, "tie_word_embeddings": False,
        },
        image_token_index=tokenizer.token_to_id("<image>"),
        vision_feature_layer=-1,
        vision_feature_select_strategy="full",
    )  # fmt: skip
    model = awake(transformers.LlavaForConditionalGeneration(config), seed)
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<|endoftext|>")
    if is_outspoken:
        outspoken(model, fast)
    model.save_pretrained(folder)
    fast.save_pretrained(folder)


def make_mobilevlm(folder, *, seed=0, is_outspoken=False):
    folder.mkdir()
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([PROMPT_WORDS, *["Yes No yes no YES NO"] * 50]), model_writer=model, vocab_size=220,
        model_type="bpe", byte_fallback=False, pad_id=-1, hard_vocab_limit=False, minloglevel=2,
    )  # fmt: skip
    (folder / "tokenizer.model").write_bytes(model.getvalue())
    n_tokens = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue()).get_piece_size()
    write_json(folder / "config.json", {**MOBILEVLM, "vocab_size": n_tokens})
    write_json(
        folder / "tokenizer_config.json",
        {"tokenizer_class": "LlamaTokenizer", "bos_token": "<s>", "eos_token": "</s>"},
    )
    config = MobileVlmConfig(**{k: v for k, v in MOBILEVLM.items() if k not in ("model_type", "mm_projector_type", "n_head")},
                             vocab_size=n_tokens)  # fmt: skip
    model = awake(MobileVlmForCausalLM(config), seed)
    if is_outspoken:
        outspoken(model, transformers.LlamaTokenizer.from_pretrained(folder))
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, folder / "model.safetensors")
