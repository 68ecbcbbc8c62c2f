"""Text encoders that are not the index encoder's own: transformers folders, and hashed words without weights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from spotvmr.assembly import build_text as build_configured
from spotvmr.config import compose
from spotvmr.cost import count_gflops
from spotvmr.encoders import TextEncoder, build_text_encoder
from spotvmr.errors import UserError

transformers = pytest.importorskip("transformers", reason="transformers is not installed (extra hf)")
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "red", "mug", "the", "hand", "shakes"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of two small layers with random weights, saved as a published model is."""
    path = tmp_path_factory.mktemp("bert")
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(WORDS), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=48,
        max_position_embeddings=12,
    )  # fmt: skip
    transformers.BertModel(config).eval().save_pretrained(path)
    transformers.BertTokenizer(vocab={word: i for i, word in enumerate(WORDS)}).save_pretrained(path)
    return path


def check_contract(text: TextEncoder) -> None:
    """What every text encoder promises, whatever the other sentences of a batch are."""
    texts = ["a red mug", "the hand shakes the red mug!", ""]
    out = text.encode(texts)
    assert out.tokens.shape == (3, out.mask.shape[1], text.dim)
    assert out.sentence.shape == (3, text.sentence_dim)
    assert out.mask.dtype == torch.bool
    assert out.mask.any(1).all()
    assert not out.tokens.requires_grad
    assert out.tokens[~out.mask].abs().max() == 0
    for row, one in enumerate(texts):
        alone = text.encode([one])
        length = alone.tokens.shape[1]
        torch.testing.assert_close(alone.tokens[0], out.tokens[row, :length], atol=1e-5, rtol=0)
        torch.testing.assert_close(alone.sentence[0], out.sentence[row], atol=1e-5, rtol=0)
    torch.testing.assert_close(out.sentence.var(1, correction=0), torch.ones(3), atol=1e-3, rtol=0)


def test_hashed_words_keep_the_contract_and_tell_words_apart() -> None:
    text = build_text_encoder("words")
    check_contract(text)
    one, same, other = text.encode(["the red mug", "The RED mug?", "a blue lamp"]).sentence
    torch.testing.assert_close(one, same)
    assert abs(torch.cosine_similarity(one, other, dim=0)) < 0.2
    tokens = text.encode(["mug lamp"]).tokens[0]
    assert set(tokens.unique().tolist()) == {-1.0, 1.0}
    assert count_gflops(text.encode, ["a red mug"]) == 0


def test_a_transformers_folder_keeps_the_contract(folder: Path) -> None:
    text = build_text_encoder("hf", str(folder))
    check_contract(text)
    net = transformers.BertModel.from_pretrained(folder).eval()
    numbers = torch.tensor([[2, 4, 5, 6, 3]])
    wanted = torch.nn.functional.layer_norm(net(input_ids=numbers).last_hidden_state, (32,))
    torch.testing.assert_close(text.encode(["a red mug"]).tokens, wanted.detach(), atol=1e-5, rtol=0)
    # Two layers on 5 tokens: four 32 x 32 projections, two of 32 x 48, and the two products of attention.
    flops = 2 * 2 * (5 * (4 * 32 * 32 + 2 * 32 * 48) + 2 * 5 * 5 * 32)
    pooler = 2 * 32 * 32
    assert count_gflops(text.encode, ["a red mug"]) == pytest.approx((flops + pooler) / 1e9)


def test_long_sentences_are_cut_where_the_model_ends(folder: Path) -> None:
    assert build_text_encoder("hf", str(folder)).encode(["red " * 100]).tokens.shape[1] == 12


def test_the_hash_follows_weights_and_vocabulary(folder: Path, tmp_path: Path) -> None:
    wanted = build_text_encoder("hf", str(folder)).weights_hash
    assert build_text_encoder("hf", str(folder)).weights_hash == wanted
    net = transformers.BertModel.from_pretrained(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    tokenizer.save_pretrained(tmp_path)
    net.embeddings.word_embeddings.weight.data[5] += 1
    net.save_pretrained(tmp_path)
    assert build_text_encoder("hf", str(tmp_path)).weights_hash != wanted


def test_a_folder_without_some_weights_is_refused(folder: Path, tmp_path: Path) -> None:
    net, tokenizer = (kind.from_pretrained(folder) for kind in (transformers.AutoModel, transformers.AutoTokenizer))
    tokenizer.save_pretrained(tmp_path)
    state = {key: value for key, value in net.state_dict().items() if "layer.1." not in key}
    net.save_pretrained(tmp_path, state_dict=state)
    with pytest.raises(UserError, match=r"do not fit its config: no encoder\.layer\.1\.[\w.]+, .* and 13 more"):
        build_text_encoder("hf", str(tmp_path))


def test_pickled_weights_and_code_of_a_models_own_are_refused(folder: Path, tmp_path: Path) -> None:
    net, tokenizer = (kind.from_pretrained(folder) for kind in (transformers.AutoModel, transformers.AutoTokenizer))
    tokenizer.save_pretrained(tmp_path)
    net.config.save_pretrained(tmp_path)
    torch.save(net.state_dict(), tmp_path / "pytorch_model.bin")
    with pytest.raises(UserError, match=r"cannot give text\.model=.*safetensors") as caught:
        build_text_encoder("hf", str(tmp_path))
    assert "\n" not in str(caught.value)
    config = json.loads((folder / "config.json").read_text())
    ran = tmp_path / "ran"
    (tmp_path / "evil.py").write_text(f"open({str(ran)!r}, 'w')\nclass Evil: pass\n")
    config |= {"model_type": "evil", "auto_map": {"AutoConfig": "evil.Evil", "AutoModel": "evil.Evil"}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(UserError, match=r"cannot give text\.model="):
        build_text_encoder("hf", str(tmp_path))
    assert not ran.exists()


@pytest.mark.parametrize(
    ("family", "model", "said"),
    [
        ("hf", "", "without a model: set text.model"),
        ("hf", "/nowhere/bert", "/nowhere/bert is no folder"),
        (
            "imported",
            "",
            "the imported family has no text encoder: set text.family to one of errands, open_clip, hf",
        ),
        ("timm", "test_vit", "the timm family has no text encoder"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(family: str, model: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        build_text_encoder(family, model)


def test_the_configured_text_is_the_indexs_own_or_that_of_its_group(folder: Path) -> None:
    assert build_configured(compose()).weights_hash == build_text_encoder("errands").weights_hash
    assert build_configured(compose(["text=words"])).dim == 256
    assert build_configured(compose(["text=hf", f"text.model={folder}"])).dim == 32
    with pytest.raises(UserError, match=r"selector=similarity .* text=words lie in a space of their own: set"):
        build_configured(compose(["text=words", "selector=similarity"]))
