"""What is lost when a model runs on the reconstruction instead of its own activations.

The reconstruction is put in place of the activations at the sites that the dictionary writes, and the model's
prediction of the next token is compared with what it was. *Loss recovered* is
(loss with the activations ablated - loss spliced) / (loss ablated - loss clean): 1 where nothing is lost, 0 where the
dictionary is worth no more than the mean activation (Bricken et al. 2023; ablation by the mean rather than by zero,
which is the harder standard).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from caseback.errors import CasebackError
from caseback.interp.dictionary.dictionary import Dictionary, reconstruct
from caseback.stats.means import Mean, clustered_mean
from caseback.subject.capture import capture
from caseback.subject.edits import Patch
from caseback.subject.intervene import intervene
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site
from caseback.subject.span import Span


@dataclass(frozen=True)
class Splice:
    """Per token, with intervals over documents: loss in nats clean, spliced and ablated, the loss recovered, and the
    KL divergence from the clean prediction to the spliced one.
    """

    clean: Mean
    spliced: Mean
    ablated: Mean
    recovered: Mean
    kl: Mean


def splice(
    subject: OpenSubject, dictionary: Dictionary, documents: Sequence[Sequence[int]], *, skip: int = 1
) -> Splice:
    """Run documents with the reconstruction in place of the activations.

    Args:
        documents: Token ids of each; the first ``skip`` tokens keep their own activations, as in a store.

    Raises:
        CasebackError: the dictionary was trained on another model, or no document has two tokens beyond ``skip``.
    """
    if dictionary.models and subject.digest not in dictionary.models:
        raise CasebackError(
            f"the dictionary was trained on another model ({dictionary.models[0][:19]}…) than {subject.name} "
            f"({subject.digest[:19]}…)"
        )
    used = [list(ids) for ids in documents if len(ids) > skip + 1]
    if not used:
        raise CasebackError(f"no document has more than {skip + 1} tokens: give longer ones")
    sites = list(dict.fromkeys([*dictionary.reads, *dictionary.writes]))
    kept = [range(skip, len(ids)) for ids in used]
    means = _means(subject, dictionary, used, kept)
    cases: dict[str, list[tuple[str, float, float]]] = {
        "clean": [],
        "spliced": [],
        "ablated": [],
        "recovered": [],
        "kl": [],
    }
    for captured in capture(subject.model, used, sites, positions=kept):
        ids = used[captured.index]
        x_BD = torch.cat([captured.at[site].flatten(1) for site in dictionary.reads], 1).float().cpu()
        parts = reconstruct(dictionary, x_BD).chunk(len(dictionary.writes), 1)
        shapes = {site: captured.at[site].shape[1:] for site in dictionary.writes}
        span = Span(skip, len(ids))
        put = [
            Patch(site, part.view(len(part), *shapes[site]), span=span)
            for site, part in zip(dictionary.writes, parts, strict=True)
        ]
        out = [Patch(site, means[site].view(shapes[site]), span=span) for site in dictionary.writes]
        clean_TV, spliced_TV, ablated_TV = (_logprobs(subject, ids, edits, skip) for edits in ([], put, out))
        target_T = torch.tensor(ids[skip + 1 :])
        loss = {
            name: float(-logprobs.gather(1, target_T[:, None]).sum())
            for name, logprobs in (("clean", clean_TV), ("spliced", spliced_TV), ("ablated", ablated_TV))
        }
        kl = float((clean_TV.exp() * (clean_TV - spliced_TV)).sum())
        name, tokens = str(captured.index), float(len(target_T))
        for which in ("clean", "spliced", "ablated"):
            cases[which].append((name, loss[which], tokens))
        cases["kl"].append((name, kl, tokens))
        cases["recovered"].append((name, loss["ablated"] - loss["spliced"], loss["ablated"] - loss["clean"]))
    return Splice(**{which: clustered_mean(found) for which, found in cases.items()})


def _means(
    subject: OpenSubject, dictionary: Dictionary, documents: Sequence[Sequence[int]], kept: Sequence[range]
) -> dict[Site, Tensor]:
    """Mean activation at each site written, over all the tokens."""
    sums: dict[Site, Tensor] = {}
    count = 0
    for captured in capture(subject.model, documents, list(dictionary.writes), positions=kept):
        for site, acts in captured.at.items():
            sums[site] = sums.get(site, 0) + acts.flatten(1).double().sum(0).cpu()
        count += len(captured.positions)
    return {site: (total / count).float() for site, total in sums.items()}


@torch.inference_mode()
def _logprobs(subject: OpenSubject, ids: Sequence[int], edits: Sequence[Patch], skip: int) -> Tensor:
    """Log-probabilities [tokens, vocabulary] of what follows each token from ``skip`` on but the last."""
    given = torch.tensor([ids], device=subject.device)
    if edits:
        with intervene(subject.model, edits):
            logits = subject.model(input_ids=given, use_cache=False).logits
    else:
        logits = subject.model(input_ids=given, use_cache=False).logits
    return logits[0, skip:-1].float().log_softmax(-1).cpu()
