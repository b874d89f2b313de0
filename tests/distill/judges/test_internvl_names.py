"""The authors' checkpoint under our names against a forward that was written independently of `transformers`."""

import json
from typing import Any

import pytest
import torch

from unirain_core.compat import ensure_torchvision

ensure_torchvision()
pytest.importorskip("transformers")
from safetensors.torch import load_file, save_file  # noqa: E402

from tests.distill.judges.authors_internvl import drawn  # noqa: E402
from tests.distill.judges.golden_models import authors_configuration, fast  # noqa: E402
from tests.distill.judges.test_internvl import QUESTIONS, section  # noqa: E402
from tests.distill.judges.tiny import PROMPT, byte_pairs, scores_of, write_json  # noqa: E402
from tests.distill.tiny_models import INTERNVL_SPECIAL  # noqa: E402
from unirain_core.distill.judges.internvl import InternVlModel, internvl_judge  # noqa: E402
from unirain_core.distill.pixels import looked_up  # noqa: E402
from unirain_core.errors import ConfigError  # noqa: E402

SHORT = 64
"""Tokens after which the places of the language model turn more slowly; each of our questions is longer."""


@pytest.fixture(scope="module", params=[2048, SHORT], ids=["within the context", "beyond it"])
def authors(request, tmp_path_factory):
    """The authors' model, and a folder with its checkpoint."""
    folder = tmp_path_factory.mktemp("names") / "authors"
    tokenizer = byte_pairs(INTERNVL_SPECIAL)
    content = authors_configuration(tokenizer.get_vocab_size())
    content["llm_config"]["max_position_embeddings"] = request.param
    model = drawn(content)
    write_json(folder / "config.json", content)
    save_file(model.state_dict(), folder / "model.safetensors")
    fast(tokenizer, "</s>").save_pretrained(folder)
    return model, folder


def test_features_of_pictures_are_those_of_the_authors_model(authors):
    model, folder = authors
    ours: Any = InternVlModel(folder, section(), PROMPT)
    tiles = looked_up(ours.prepare(QUESTIONS[0]).pixels, ours._values)
    with torch.inference_mode():
        expected = model.features(tiles)
        features = ours._model.get_image_features(tiles).pooler_output

    assert (6, 4, 32) == expected.shape  # three tiles of the query, one of each reference
    torch.testing.assert_close(features, expected, atol=1e-5, rtol=1e-5)


def test_scores_after_a_question_are_those_of_the_authors_model(authors):
    model, folder = authors
    for question in QUESTIONS:
        ours = InternVlModel(
            folder, section(), PROMPT
        )  # anew, since beyond its context it remembers the longest text so far
        prepared = ours.prepare(question)
        numbers = torch.from_numpy(prepared.tokens)
        with torch.inference_mode():
            image_token = ours._tokenizer.convert_tokens_to_ids("<IMG_CONTEXT>")
            expected = model(numbers, looked_up(prepared.pixels, ours._values), image_token)[-1]

        assert len(numbers) > SHORT
        torch.testing.assert_close(scores_of(ours, [question])[0], expected, atol=2e-5, rtol=1e-5)


def test_a_question_beyond_the_places_of_the_language_model_is_refused(authors, monkeypatch):
    _, folder = authors
    monkeypatch.setenv("UNIRAIN_MODELS", str(folder.parent))
    places = json.loads((folder / "config.json").read_text())["llm_config"]["max_position_embeddings"]

    with pytest.raises(ConfigError, match=f"and the model reads {places}; lower query_tiles"):
        internvl_judge("internvl", section(weights="authors", reference_tiles=12), PROMPT, 60)


@pytest.mark.parametrize("name", ["mlp1.4.weight", "language_model.model.layers.2.attention.wo.weight"])
def test_a_weight_that_the_model_does_not_know_is_named(name, authors, tmp_path):
    _, folder = authors
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    state = load_file(folder / "model.safetensors")
    save_file(state | {name: torch.zeros(2, 2)}, tmp_path / "model.safetensors")

    with pytest.raises(ConfigError, match=r"holds, and the model does not know, \S+; check that weights"):
        InternVlModel(tmp_path, section(), PROMPT)
