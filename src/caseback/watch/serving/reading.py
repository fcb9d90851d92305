"""Reads the activations of a forward pass as it runs, and gives scores: one copy to the host a pass."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial

import numpy as np
import torch
from torch import Tensor

from caseback.subject.layers import find_decoder
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site, find_place, tap
from caseback.watch.serving.plan import Plan, Routed
from caseback.watch.serving.pool import Floats


class Reading:
    """Reads what plans ask for. It reads only between ``begin`` and ``end``, and only in the thread that began.

    A failure in it never ends the forward pass: ``end`` then gives scores that are no numbers, and ``failed`` says why.
    """

    def __init__(self) -> None:
        self.plan: Plan | None = None
        self.thread = 0
        self.tokens: Tensor | None = None
        self.made: dict[str, list[Tensor]] = {}
        self.later: dict[str, Tensor] = {}
        self.unchanged = False
        self.trial: list[tuple[Tensor, Tensor]] | None = None
        self.kept: dict[Site, Tensor] = {}
        self.failed = ""

    @contextmanager
    def attached(self, subject: OpenSubject, *plans: Plan) -> Iterator[None]:
        """Within the block the model's passes can be read.

        Raises:
            CasebackError: a site is not in the model.
        """
        decoder = find_decoder(subject.model)
        with ExitStack() as hooks:
            for site in sorted({site for plan in plans for site in plan.sites}):
                hooks.callback(tap(find_place(decoder, site), partial(self._visit, site, str(site))).remove)
            yield

    def begin(self, plan: Plan, tokens: Tensor | None = None) -> None:
        """The next pass is read: its last token of each row, or those at these places of all its columns, row by
        row."""
        self.plan, self.tokens, self.thread = plan, tokens, threading.get_ident()
        self.made, self.kept, self.later, self.failed = {}, {}, {}, ""

    def learn(self, run: Callable[[], object]) -> None:
        """Finds out by trying a pass whether the model leaves activations as they are until its end. Then those of a
        step are read behind it, all at once, which is faster; else each as it is made."""
        self.trial, self.thread = [], threading.get_ident()
        try:
            run()
            self.unchanged = all(torch.equal(now, then) for now, then in self.trial)
        finally:
            self.trial = None

    def end(self, rows: int) -> Floats:
        """What was read of the ``rows`` tokens, of which ``finished`` makes scores."""
        plan, self.plan = self.plan, None
        assert plan is not None
        try:
            if self.failed:
                raise RuntimeError(self.failed)
            for name, activations in self.later.items():
                acts_ND = activations[:, -1]
                self.made[name] = [product.of(acts_ND) for product in plan.named[name]]
            return _read(plan, self.made, self.kept)
        except Exception as error:  # a detector is never in the way
            self.failed = self.failed or f"{type(error).__name__}: {error}"
            return np.full((rows, len(plan.added) if plan.later else plan.count), np.nan, dtype=np.float32)

    def _visit(self, site: Site, name: str, activations: Tensor) -> None:
        plan = self.plan
        if threading.get_ident() != self.thread or (plan is None and self.trial is None):
            return
        if self.trial is not None:
            self.trial.append((activations, activations.clone()))
            return
        assert plan is not None
        if self.unchanged and self.tokens is None and not plan.kept:
            if name in plan.named:
                self.later[name] = activations
            return
        try:
            acts_ND = activations[:, -1] if self.tokens is None else activations.flatten(0, 1)[self.tokens]
            if name in plan.named:
                self.made[name] = [product.of(acts_ND) for product in plan.named[name]]
            if plan.kept and site in plan.kept:
                self.kept[site] = acts_ND.clone()
        except Exception as error:  # a detector is never in the way
            self.failed = self.failed or f"{type(error).__name__}: {error}"


def scores_of(plan: Plan, acts: Mapping[Site, Tensor]) -> Floats:
    """Scores ``[tokens, probes]`` of activations ``[tokens, width]`` that were kept, by site."""
    made = {str(site): [product.of(acts[site]) for product in products] for site, products in plan.products.items()}
    return finished(plan, _read(plan, made, {site: acts[site] for site in plan.kept}))


def finished(plan: Plan, read: Floats) -> Floats:
    """Scores ``[tokens, probes]`` of what was read. Where nothing but products is needed this can wait until a reply
    has ended, and costs its steps nothing."""
    return _linear(plan, read) if plan.later else read


def _read(plan: Plan, made: dict[str, list[Tensor]], kept: dict[Site, Tensor]) -> Floats:
    parts = [product for name in plan.named for product in made[name]]
    for each in plan.wholes:
        parts.append(each.encoder.of(_side_by_side(each.sites, kept)))
    if plan.later:
        return (parts[0] if len(parts) == 1 else torch.cat(parts, 1)).cpu().numpy()
    on_host = bool(parts) and parts[0].device.type == "cpu"
    if not on_host:  # all of it in one copy; a host that asked first would have to wait twice
        parts += [each.router.of(_side_by_side(each.sites, kept)) for each in plan.routeds]
    raw = torch.cat(parts, 1).cpu().numpy()
    scores = _linear(plan, raw)
    at = len(plan.added)
    for each in plan.wholes:
        scores[:, each.places] = raw[:, at : (at := at + len(each.places))]
    for routed in plan.routeds:
        if on_host:
            _route(scores, routed, _side_by_side(routed.sites, kept))
        else:
            chosen = raw[:, at : (at := at + len(routed.places))]
            scores[:, routed.places] = _where_chosen(scores[:, routed.places], chosen)
    return scores


def _linear(plan: Plan, raw: Floats) -> Floats:
    if plan.order is not None:
        scores: Floats = raw[:, plan.order]
    else:
        scores = np.zeros((len(raw), plan.count), dtype=np.float32)
        np.add.at(scores.T, plan.added, raw[:, : len(plan.added)].T)
    scores += plan.shift
    scores /= plan.scale
    scores *= scores > plan.floor  # what is no number stays none
    scores += 0.0  # and what was made zero has no sign
    return scores


def _route(scores: Floats, routed: Routed, acts_ND: Tensor) -> None:
    """Silences latents in groups that are not chosen, asking only about tokens where one is above its threshold."""
    found = scores[:, routed.places]
    rows = np.flatnonzero((found != 0).any(1))
    if len(rows):
        chosen = routed.router.of(acts_ND[torch.from_numpy(rows)]).numpy()
        scores[np.ix_(rows, routed.places)] = _where_chosen(found[rows], chosen)


def _where_chosen(found: Floats, chosen: Floats) -> Floats:
    return np.where((chosen == 0) & ~np.isnan(found), np.float32(0), found)


def _side_by_side(sites: tuple[Site, ...], kept: dict[Site, Tensor]) -> Tensor:
    return kept[sites[0]] if len(sites) == 1 else torch.cat([kept[site] for site in sites], 1)
