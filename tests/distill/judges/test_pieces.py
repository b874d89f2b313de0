"""The tokenizer of the authors' InternVL folder, against SentencePiece itself."""

import io

import pytest

spm = pytest.importorskip("sentencepiece")

from tests.distill.judges.tiny import PROMPT, WORDS, byte_pairs, write_json  # noqa: E402
from unirain_core.distill.judges.internvl_questions import TEMPLATE, load_tokenizer  # noqa: E402
from unirain_core.distill.judges.pieces import PieceTokenizer  # noqa: E402
from unirain_core.distill.prompt import written  # noqa: E402
from unirain_core.errors import ConfigError  # noqa: E402

ADDED = ["<|im_end|>", "<|im_start|>", "<img>", "</img>", "<IMG_CONTEXT>"]
"""In the order of their numbers, which follow those of SentencePiece."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder as InternVL2.5 is published: no tokenizer.json, and a class that only remote code defines."""
    home = tmp_path_factory.mktemp("pieces") / "authors"
    home.mkdir()
    model = io.BytesIO()
    spm.SentencePieceTrainer.train(
        sentence_iterator=iter([WORDS, *["Yes No yes no YES NO"] * 50]), model_writer=model, vocab_size=400,
        model_type="bpe", byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False,
        hard_vocab_limit=False, minloglevel=2,
    )  # fmt: skip
    (home / "tokenizer.model").write_bytes(model.getvalue())
    n_pieces = spm.SentencePieceProcessor(model_proto=model.getvalue()).get_piece_size()
    added = {token: n_pieces + place for place, token in enumerate(ADDED)}
    decoder = {str(number): described(token) for token, number in added.items()}
    for number, token in enumerate(("<unk>", "<s>", "</s>")):
        decoder[str(number)] = described(token)
    auto_map = {"AutoTokenizer": ["tokenization_internlm2.InternLM2Tokenizer", None]}
    write_json(
        home / "tokenizer_config.json",
        {"tokenizer_class": "InternLM2Tokenizer", "auto_map": auto_map, "added_tokens_decoder": decoder},
    )
    write_json(home / "added_tokens.json", added)
    (home / "tokenization_internlm2.py").write_text("raise SystemExit('remote code ran')\n")
    return home


def described(token):
    flags = dict.fromkeys(("lstrip", "normalized", "rstrip", "single_word"), False)
    return {"content": token, "special": True, **flags}


def test_the_published_folder_is_read_without_its_code(folder):
    tokenizer = load_tokenizer(folder)

    assert isinstance(tokenizer, PieceTokenizer)


def test_a_question_has_the_numbers_of_sentencepiece_between_those_of_the_added_tokens(folder):
    pieces = spm.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
    n = pieces.get_piece_size()
    end, start, img, end_img, context = range(n, n + 5)
    text = TEMPLATE.format(question=written(PROMPT, 1, "<img><IMG_CONTEXT><IMG_CONTEXT></img>"))
    shown = [img, context, context, end_img]

    assert [
        start,
        *pieces.encode(f"user\n{PROMPT.instruction}\nQuery: "),
        *shown,
        *pieces.encode("\nReference 1: "),
        *shown,
        *pieces.encode(f"\n{PROMPT.question}"),
        end,
        *pieces.encode("\n"),
        start,
        *pieces.encode("assistant\n"),
    ] == load_tokenizer(folder).encode(text)


def test_single_tokens_are_known_by_name_and_by_number(folder):
    tokenizer = load_tokenizer(folder)
    pieces = spm.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))

    assert pieces.get_piece_size() + 4 == tokenizer.convert_tokens_to_ids("<IMG_CONTEXT>")
    assert 1 == tokenizer.bos_token_id == tokenizer.convert_tokens_to_ids("<s>")
    assert "Yes" == tokenizer.decode([pieces.piece_to_id("\u2581Yes")])
    assert "<img>" == tokenizer.decode([tokenizer.convert_tokens_to_ids("<img>")])


@pytest.mark.parametrize("gone", ["added_tokens.json", "tokenizer_config.json"])
def test_either_file_of_added_tokens_is_enough(gone, folder, tmp_path):
    for name in ("tokenizer.model", "added_tokens.json", "tokenizer_config.json"):
        if name != gone:
            (tmp_path / name).write_bytes((folder / name).read_bytes())
    text = "<|im_start|>user\nYes <img></img><|im_end|>"

    assert PieceTokenizer(folder).encode(text) == PieceTokenizer(tmp_path).encode(text)


def test_a_token_that_would_take_the_spaces_beside_it_is_refused(folder, tmp_path):
    (tmp_path / "tokenizer.model").write_bytes((folder / "tokenizer.model").read_bytes())
    write_json(
        tmp_path / "tokenizer_config.json",
        {"added_tokens_decoder": {"9": described("<img>") | {"lstrip": True}}},
    )

    with pytest.raises(ConfigError, match=r"<img> takes the spaces beside it.*lstrip and rstrip as false"):
        PieceTokenizer(tmp_path)


def test_a_tokenizer_json_is_read_in_place_of_such_a_token(folder, tmp_path):
    pytest.importorskip("transformers")
    (tmp_path / "tokenizer.model").write_bytes((folder / "tokenizer.model").read_bytes())
    write_json(
        tmp_path / "tokenizer_config.json",
        {"added_tokens_decoder": {"0": described("<s>") | {"rstrip": True}}},
    )
    with pytest.raises(ConfigError, match=r"or add a tokenizer\.json"):
        load_tokenizer(tmp_path)
    byte_pairs(["<s>"]).save(str(tmp_path / "tokenizer.json"))

    assert 0 == load_tokenizer(tmp_path).convert_tokens_to_ids("<s>")


def test_a_folder_without_any_tokenizer_says_which_file_is_meant(tmp_path):
    with pytest.raises(ConfigError, match=r"holds no tokenizer\.model"):
        load_tokenizer(tmp_path)
