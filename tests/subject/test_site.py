"""Sites: names, order, and the correspondence with TransformerLens."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from caseback.errors import CasebackError
from caseback.subject.layers import find_decoder
from caseback.subject.site import KINDS, Site, find_place, parse_site, site_from_hook_name, tap
from models_by_hand import ARCHS, N_LAYERS, kinds_of, some_ids, tiny


@settings(deadline=None)
@given(st.sampled_from(KINDS), st.integers(0, 200))
def test_hook_names_round_trip(kind, layer) -> None:
    site = Site(kind, layer)
    assert site_from_hook_name(site.hook_name) == site
    assert str(site) == f"{kind}.{layer}"
    assert parse_site(str(site)) == parse_site(site.hook_name) == site


@pytest.mark.parametrize("text", ["", "resid_post", "resid_post.", "resid_post.-1", "stream.3", "resid_post.1.2"])
def test_a_text_that_names_no_site_is_refused(text: str) -> None:
    with pytest.raises(CasebackError, match="no site"):
        parse_site(text)


def test_hook_names_are_those_of_transformer_lens() -> None:
    assert site_from_hook_name("blocks.5.hook_resid_post") == Site("resid_post", 5)
    assert site_from_hook_name("blocks.0.attn.hook_z") == Site("heads", 0)
    assert site_from_hook_name("blocks.11.mlp.hook_post") == Site("neurons", 11)


@pytest.mark.parametrize(
    "name", ["blocks.5.hook_resid_mid", "hook_embed", "blocks.x.hook_z", "", "blocks.1.attn.hook_z "]
)
def test_an_unknown_hook_name_is_refused(name: str) -> None:
    with pytest.raises(CasebackError, match="no site corresponds"):
        site_from_hook_name(name)


@pytest.mark.parametrize(("kind", "layer"), [("resid", 0), ("resid_post", -1), ("resid_post", 1.0), ("heads", True)])
def test_a_wrong_site_is_refused(kind, layer) -> None:
    with pytest.raises(CasebackError):
        Site(kind, layer)


@pytest.mark.parametrize("arch", ARCHS)
def test_sites_sort_in_the_order_of_computation(arch: str) -> None:
    model, _ = tiny(arch)
    decoder = find_decoder(model)
    sites = sorted(Site(kind, layer) for kind in kinds_of(arch) for layer in range(N_LAYERS))
    seen: list[Site] = []
    handles = [tap(find_place(decoder, site), lambda _, site=site: seen.append(site)) for site in sites]
    with torch.no_grad():
        model(some_ids(1, 3))
    for handle in handles:
        handle.remove()
    assert seen == sites


def test_places_that_a_model_does_not_have_are_refused() -> None:
    decoder = find_decoder(tiny("mixtral")[0])
    with pytest.raises(CasebackError, match="4 blocks, 0 to 3"):
        find_place(decoder, Site("resid_post", 4))
    with pytest.raises(CasebackError, match="experts share no axis"):
        find_place(decoder, Site("neurons", 0))


def test_a_model_that_scales_what_it_adds_refuses_it() -> None:
    from transformers import GraniteConfig, GraniteForCausalLM

    config = GraniteConfig(
        vocab_size=50, hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=2, residual_multiplier=0.2,
    )  # fmt: skip
    decoder = find_decoder(GraniteForCausalLM(config))
    assert find_place(decoder, Site("resid_post", 1)).shape == (16,)
    with pytest.raises(CasebackError, match="scales"):
        find_place(decoder, Site("attn_out", 1))
