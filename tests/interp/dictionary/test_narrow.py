"""A latent taken out of its dictionary is as active as it was there, on any input; where it could not be, none is."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from caseback.errors import CasebackError
from caseback.interp.dictionary.dictionary import Dictionary, decode, encode
from caseback.interp.dictionary.narrow import dependence, narrowed
from caseback.interp.dictionary.saelens import read_saelens, write_saelens
from caseback.interp.dictionary.scaling import Scaling, in_own_units
from caseback.interp.dictionary.settings import KINDS, Settings
from caseback.interp.dictionary.threshold import with_threshold
from caseback.interp.dictionary.training import begin
from caseback.subject.site import Site

FIRST, SECOND = Site("resid_post", 1), Site("mlp_out", 2)
WIDTH, GROUPS = 24, 4


def drawn(seed: int, rule: str, form: str, dtype: torch.dtype = torch.float32) -> Dictionary:
    """A dictionary at random: which latents are active, and what it reads and writes."""
    make = torch.Generator().manual_seed(seed)
    d = 12

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=make)

    rules = {
        "topk": {"k": 5},
        "all of topk": {"k": WIDTH},
        "relu": {"threshold": torch.zeros(WIDTH)},
        "jumprelu": {"threshold": draw(WIDTH)},  # some below 0, where 0 is what counts
        "routed": {"threshold": draw(WIDTH).abs(), "router": draw(d, GROUPS), "b_router": draw(GROUPS), "chosen": 2},
    }
    rules["all of routed"] = {**rules["routed"], "chosen": GROUPS}
    reads = (FIRST, SECOND) if form == "crosscoder" else (FIRST,)
    made = Dictionary(
        reads, (SECOND,) if "transcoder" in form else reads, draw(d, WIDTH), draw(WIDTH), draw(WIDTH, d), draw(d),
        W_skip=draw(d, d) if form == "skip transcoder" else None, models=("sha256:m",), tokenizer="sha256:t",
        **rules[rule],
    )  # fmt: skip
    return made.to(dtype=dtype)


def agree(whole: Dictionary, few: Dictionary, latents: list[int], x_BD: torch.Tensor) -> float:
    """As active in both, up to the rounding that ``narrowed`` names; the share that lies at its threshold."""
    was, now = encode(whole, x_BD).dense()[:, latents].double(), encode(few, x_BD).dense().double()
    x = x_BD.to(whole.W_enc).double()
    weight, bias = whole.W_enc[:, latents].double(), whole.b_enc[latents].double()
    off = 2 * whole.d_in * torch.finfo(whole.W_enc.dtype).eps
    off_BF = off * (x.norm(dim=1)[:, None] * weight.norm(dim=0) + bias.abs())
    least = torch.zeros_like(bias) if whole.threshold is None else whole.threshold[latents].double().clamp(min=0)
    at_the_threshold = (x @ weight + bias - least).abs() <= off_BF
    assert bool((((was - now).abs() <= off_BF) | at_the_threshold).all())
    return float(at_the_threshold.double().mean())


RULES = ("relu", "jumprelu", "all of topk", "all of routed")
FORMS = ("autoencoder", "transcoder", "skip transcoder", "crosscoder")


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10_000), st.sampled_from(RULES), st.sampled_from(FORMS),
    st.sampled_from([torch.float32, torch.float64, torch.bfloat16]),
    st.lists(st.integers(0, WIDTH - 1), min_size=1, max_size=6, unique=True),
    st.integers(0, 9), st.floats(-3, 3),
)  # fmt: skip
def test_a_latent_alone_is_as_active_as_among_all(
    seed: int, rule: str, form: str, dtype: torch.dtype, latents: list[int], rows: int, size: float
) -> None:
    if rule == "all of routed" and dtype != torch.float32:
        dtype = torch.float32  # a router scores in fp32
    whole = drawn(seed, rule, form, dtype)
    few = narrowed(whole, latents)
    assert (few.width, few.k, few.router) == (len(latents), None, None)
    names = ("reads", "writes", "models", "tokenizer")
    assert [getattr(few, name) for name in names] == [getattr(whole, name) for name in names]
    x = torch.randn(rows, whole.d_in, generator=torch.Generator().manual_seed(seed + 1)) * 10**size
    agree(whole, few, latents, x)
    assert decode(few, encode(few, x), x).shape == (rows, whole.d_out)
    assert dependence(few) == ""
    assert bool(narrowed(few, [0]).W_enc.equal(whole.W_enc[:, latents[:1]]))


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_training_ends_with_is_narrowed_in_the_units_of_the_model(kind: str) -> None:
    """Centre and scale are folded into the weights; TopK gets a threshold first."""
    x = torch.randn(400, 12, generator=torch.Generator().manual_seed(3)) * 7 + 40
    scaling = Scaling(x.mean(0), (x - x.mean(0)).square().mean().sqrt().expand(12).clone())
    training = begin(Settings(WIDTH, k=5, kind=kind), 12, 12, dtype=torch.float32, device=torch.device("cpu"))
    threshold = None if kind == "topk" else torch.rand(WIDTH, generator=torch.Generator().manual_seed(4))
    made = in_own_units(
        training, scaling, scaling, k=5 if kind == "topk" else None, threshold=threshold,
        sites=((FIRST,), (FIRST,)), models=("sha256:m",), tokenizer="", provenance={},
    )  # fmt: skip
    made = with_threshold(made, x) if kind == "topk" else made
    latents = [3, 17, 0]
    assert bool(encode(made, x).dense()[:, latents].any())
    assert agree(made, narrowed(made, latents), latents, x) == 0


def test_one_that_was_read_from_saelens_is_narrowed_too(tmp_path: Path) -> None:
    write_saelens(drawn(1, "jumprelu", "autoencoder"), tmp_path)
    config = tmp_path / "cfg.json"
    config.write_text(config.read_text().replace('"apply_b_dec_to_input": false', '"apply_b_dec_to_input": true'))
    whole = read_saelens(tmp_path)
    x = torch.randn(50, 12, generator=torch.Generator().manual_seed(2))
    assert agree(whole, narrowed(whole, [5, 2]), [5, 2], x) == 0


@pytest.mark.parametrize(
    ("rule", "why"), [("topk", r"only the 5 highest of its 24 latents"), ("routed", r"only 2 of 4 groups of latents")]
)
def test_where_the_others_have_a_say_it_is_refused(rule: str, why: str) -> None:
    made = drawn(0, rule, "autoencoder")
    assert dependence(made)
    with pytest.raises(CasebackError, match=why) as caught:
        narrowed(made, [1])
    assert "\n" not in str(caught.value)
    if rule == "topk":
        assert narrowed(replace(made, k=None, threshold=torch.zeros(WIDTH)), [1]).width == 1


@pytest.mark.parametrize(
    ("latents", "why"), [([24], "no latent 24"), ([-1], "no latent -1"), ([], "one at least"), ([1, 1], "each once")]
)
def test_latents_that_are_none_are_refused(latents: list[int], why: str) -> None:
    with pytest.raises(CasebackError, match=why):
        narrowed(drawn(0, "relu", "autoencoder"), latents)
