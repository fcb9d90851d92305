"""Whether the real SAELens reads what we write, and does with it what we do.

    python benchmarks/saelens_roundtrip.py [--env FOLDER]

One dictionary of each kind that SAELens has is written with random weights, loaded there by its own SAE.load_from_disk,
and put to the same activations; its codes and reconstructions are compared with ours. Then the other way: SAELens
saves a dictionary of its own training class, and we read it. The last line is a JSON object with the largest relative
difference. SAELens runs in the environment that benchmarks/make_dictionary_envs.sh makes.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ENV = ROOT / ".cache/envs/saelens"
CASES: dict[str, dict[str, Any]] = {
    "topk": {"k": 4},
    "jumprelu": {"threshold": True},
    "standard": {},
    "transcoder": {"across": True},
    "skip_transcoder": {"across": True, "skip": True},
    "jumprelu_transcoder": {"across": True, "threshold": True},
    "jumprelu_skip_transcoder": {"across": True, "threshold": True, "skip": True},
}


def make(case: str) -> Any:
    """A dictionary of a kind, with random weights."""
    import torch

    from caseback.interp.dictionary.dictionary import Dictionary
    from caseback.subject.site import Site

    given, draw = CASES[case], torch.Generator().manual_seed(len(case))
    d_in, width = 12, 50
    d_out = 9 if given.get("across") else d_in

    def random(*shape: int) -> Any:
        return torch.randn(*shape, generator=draw)

    threshold = random(width).abs() if given.get("threshold") else torch.zeros(width)
    return Dictionary(
        reads=(Site("mlp_in", 2),),
        writes=(Site("mlp_out", 2) if given.get("across") else Site("mlp_in", 2),),
        W_enc=random(d_in, width),
        b_enc=random(width),
        W_dec=random(width, d_out),
        b_dec=random(d_out),
        k=given.get("k"),
        threshold=None if "k" in given else threshold,
        W_skip=random(d_in, d_out) if given.get("skip") else None,
    )


def inside(folder: Path) -> None:
    """In SAELens' environment: load each dictionary, run it, and save a trained one of its own."""
    import torch
    from sae_lens import SAE
    from sae_lens.saes.topk_sae import TopKTrainingSAE, TopKTrainingSAEConfig
    from safetensors.torch import load_file, save_file

    x = load_file(folder / "x.safetensors")["x"]
    with torch.no_grad():
        for case in CASES:
            sae = SAE.load_from_disk(folder / case)
            codes = sae.encode(x)
            # A transcoder's forward adds the skip that its decode does not know of.
            save_file({"codes": codes, "x_hat": sae(x)}, folder / f"{case}.theirs")
        config = TopKTrainingSAEConfig(d_in=12, d_sae=50, k=4, apply_b_dec_to_input=True)
        config.metadata.hook_name = "blocks.2.hook_resid_post"
        own = TopKTrainingSAE(config)
        for weight in own.parameters():
            weight.normal_(generator=torch.Generator().manual_seed(1))
        own.save_inference_model(folder / "own")
        loaded = SAE.load_from_disk(folder / "own")
        save_file({"codes": loaded.encode(x), "x_hat": loaded(x)}, folder / "own.theirs")


def compare(env: Path) -> dict[str, float]:
    """Largest difference of codes and reconstructions, relative to their size, per kind."""
    import torch
    from safetensors.torch import load_file, save_file

    from caseback.interp.dictionary.dictionary import encode, reconstruct
    from caseback.interp.dictionary.saelens import read_saelens, write_saelens

    x = torch.randn(200, 12, generator=torch.Generator().manual_seed(0))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save_file({"x": x}, folder / "x.safetensors")
        made = {case: make(case) for case in CASES}
        for case, dictionary in made.items():
            write_saelens(dictionary, folder / case)
        python = env / "bin/python"
        settings = {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONPATH": ""}
        done = subprocess.run([python, __file__, "--inside", name], env=settings, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"SAELens does not take it: {done.stderr.strip().splitlines()[-1]}")
        made["own"] = read_saelens(folder / "own")
        differences = {}
        for case, dictionary in made.items():
            theirs = load_file(folder / f"{case}.theirs")
            ours = {"codes": encode(dictionary, x).dense(), "x_hat": reconstruct(dictionary, x)}
            differences[case] = max(
                float((ours[part] - theirs[part]).norm() / theirs[part].norm()) for part in ("codes", "x_hat")
            )
        return differences


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", type=Path, default=ENV, help="SAELens' environment")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        inside(options.inside)
        return
    if not (options.env / "bin/python").exists():
        subprocess.run([str(ROOT / "benchmarks/make_dictionary_envs.sh"), str(ENV.parent), "saelens"], check=True)
    differences = compare(options.env)
    for case, difference in differences.items():
        print(f"{case:28}{difference:.2g}")
    worst = max(differences.values())
    figure = {"value": worst, "low": min(differences.values()), "high": worst, "n": len(differences)}
    print(json.dumps({**figure, "holds": worst < 1e-4, "note": "kinds of dictionary; 200 random activations each"}))


if __name__ == "__main__":
    sys.exit(main())
