"""Models are loaded whole or not at all; weights of 8 and 4 bits are an option of the language model alone."""

import io
from pathlib import Path
from typing import Any

import pytest
import torch

from unirain_core.compat import ensure_torchvision

ensure_torchvision()
transformers = pytest.importorskip("transformers")
sentencepiece = pytest.importorskip("sentencepiece")
from safetensors.torch import save_file  # noqa: E402

from tests.distill.judges.authors_internvl import drawn  # noqa: E402
from tests.distill.judges.golden_models import authors_configuration, fast, make_llava, make_mobilevlm  # noqa: E402
from tests.distill.judges.test_internvl import QUESTIONS  # noqa: E402
from tests.distill.judges.tiny import PROMPT, WORDS, byte_pairs, scores_of, write_json  # noqa: E402
from tests.distill.tiny_models import INTERNVL_SPECIAL, LLAVA_SPECIAL  # noqa: E402
from unirain_core.config.models import InternVl, Llava, MobileVlm  # noqa: E402
from unirain_core.distill import pretrained  # noqa: E402
from unirain_core.distill.judges.internvl import InternVlModel  # noqa: E402
from unirain_core.distill.judges.llava import LlavaModel  # noqa: E402
from unirain_core.distill.judges.mobilevlm import MobileVlmModel  # noqa: E402
from unirain_core.errors import ConfigError  # noqa: E402

FEW_BITS = pytest.mark.parametrize("precision", ["int8", "nf4"])


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("missing_keys", "lacks a.weight"),
        ("unexpected_keys", "holds, and the model does not know, a.weight"),
        ("mismatched_keys", "holds in another shape a.weight"),
        ("error_msgs", "cannot be read: a.weight"),
    ],
)
def test_whatever_the_loading_info_holds_is_an_error(key, words):
    with pytest.raises(ConfigError, match=f"^weights {words}; check that weights and revision in params"):
        pretrained.demand_complete({key: ["a.weight"]}, Path("weights"))


def test_an_error_shows_a_few_names_and_counts_the_others():
    with pytest.raises(ConfigError, match="lacks 0, 1, 2 and 4 more; check"):
        pretrained.demand_complete({"missing_keys": list(range(7))}, Path("weights"))


def test_an_empty_loading_info_is_none():
    pretrained.demand_complete({"missing_keys": set(), "unexpected_keys": set()}, Path("weights"))


@FEW_BITS
@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
def test_few_bits_are_refused_where_there_is_no_gpu(precision):
    with pytest.raises(
        ConfigError, match=f"precision: {precision} needs a CUDA device; bfloat16 or float32 runs"
    ):
        pretrained.loaded(transformers.AutoModel, Path("nowhere"), precision)


def on_gpu(monkeypatch):
    """Choose the setting as on a GPU; the models themselves stay on the CPU."""
    choose, own = pretrained._quantisation, pretrained.device

    def chosen(precision):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pretrained, "device", lambda: torch.device("cuda"))
            return choose(precision)

    monkeypatch.setattr(pretrained, "_quantisation", chosen)
    assert own().type == "cpu"


@FEW_BITS
def test_few_bits_name_the_packages_that_they_need(precision, monkeypatch):
    on_gpu(monkeypatch)
    monkeypatch.setattr(pretrained, "find_spec", lambda _: None)

    with pytest.raises(ConfigError, match=f"{precision} needs `pip install accelerate bitsandbytes`"):
        pretrained.loaded(transformers.AutoModel, Path("nowhere"), precision)


def make_internvl_of_the_authors(folder):
    tokenizer = byte_pairs(INTERNVL_SPECIAL)
    content = authors_configuration(tokenizer.get_vocab_size())
    content["llm_config"] |= {"hidden_size": 64, "intermediate_size": 128}  # blocks of nf4 have 64 numbers
    write_json(folder / "config.json", content)
    save_file(drawn(content).state_dict(), folder / "model.safetensors")
    fast(tokenizer, "</s>").save_pretrained(folder)


def internvl(folder, precision) -> Any:
    if not folder.exists():
        make_internvl_of_the_authors(folder)
    return InternVlModel(folder, InternVl(weights="x", revision="1", precision=precision), PROMPT)


def llava(folder, precision) -> Any:
    if not folder.exists():
        make_llava(folder, byte_pairs(LLAVA_SPECIAL), pad="<|endoftext|>", width=64)
    return LlavaModel(folder, Llava(weights="x", revision="1", precision=precision), PROMPT)


def mobilevlm(folder, precision) -> Any:
    if not folder.exists():
        model, n_tokens = pieces(WORDS)
        make_mobilevlm(folder, model, n_tokens, width=64)
    return MobileVlmModel(folder, MobileVlm(weights="x", revision="1", precision=precision), PROMPT)


def pieces(words):
    """A SentencePiece model, and how many pieces it has."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([words, *["Yes No yes no"] * 50]), model_writer=model, vocab_size=220, model_type="bpe",
        hard_vocab_limit=False, minloglevel=2,
    )  # fmt: skip
    return model.getvalue(), sentencepiece.SentencePieceProcessor(
        model_proto=model.getvalue()
    ).get_piece_size()


@pytest.mark.slow
@FEW_BITS
@pytest.mark.parametrize(
    "made", [llava, internvl, mobilevlm], ids=["llava", "the authors' internvl", "mobilevlm"]
)
@pytest.mark.filterwarnings("ignore::UserWarning:bitsandbytes.*", "ignore::FutureWarning:bitsandbytes.*")
def test_few_bits_hold_the_language_model_and_leave_its_eyes_and_its_last_layer(
    made, precision, tmp_path, monkeypatch
):
    pytest.importorskip("bitsandbytes", reason="pip install bitsandbytes runs this, also on a CPU")
    whole = scores_of(made(tmp_path / "tiny", "bfloat16"), QUESTIONS).float()
    on_gpu(monkeypatch)
    model = made(tmp_path / "tiny", precision)
    kinds: dict[str, set[str]] = {"language": set(), "other": set()}
    for name, module in model._model.named_modules():
        if isinstance(module, torch.nn.Linear):
            is_language = ".language_model." in name or name.startswith("model.layers.")
            kinds["language" if is_language else "other"].add(type(module).__name__)
    scores = scores_of(model, QUESTIONS).float()

    assert {
        "language": {"Linear8bitLt" if precision == "int8" else "Linear4bit"},
        "other": {"Linear"},
    } == kinds
    likeness = torch.corrcoef(torch.stack([scores.flatten(), whole.flatten()]))[0, 1]
    assert (
        (0.99 if precision == "int8" else 0.6) < likeness < 1
    )  # random weights lose more in four bits than trained ones
