"""Changes activations and weights of a model for the length of a ``with`` block, and accounts for it.

Edits at one site apply in the order listed, those of an outer ``with`` before those of an inner one; between sites the
model's own order rules. They come before any other hook at the same place, so that what others read there, ``capture``
and ``output_hidden_states`` among them, is the changed stream.
"""

import difflib
import inspect
import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from caseback.errors import CasebackError
from caseback.subject.edits import ActivationEdit, EditWeight, Intervention, choose_units, describe
from caseback.subject.layers import Decoder, device_of, find_decoder
from caseback.subject.receipt import Receipt, Tally
from caseback.subject.site import find_place, tap
from caseback.subject.span import Tokens, tokens_of_pass

EDIT_MARK = "caseback_edit"
"""Attribute of the hooks of edits, which tells them from the hooks of others."""


@contextmanager
def intervene(model: nn.Module, interventions: Sequence[Intervention]) -> Iterator[Receipt]:
    """Applies the interventions within the ``with`` block and removes them for certain at its end.

    Works with any way of calling the model: plain forward passes, ``capture``, ``generate`` with or without a cache,
    padded batches. Weights are restored bit for bit. Contexts nest.

    Args:
        model: A decoder language model of transformers.
        interventions: ``Add``, ``Ablate``, ``Clamp``, ``Patch``, ``EditWeight``, in order of application.

    Yields:
        The receipt, which fills as the model runs.

    Raises:
        CasebackError: on entry, what was asked cannot be done (a wrong width, no such layer, head, neuron or weight, a
            vector that is not finite, a mixture of experts' neurons, a compiled model); in a forward pass, the model
            does not compute a site; on leaving the block without another error, an intervention never met a token.
    """
    decoder = find_decoder(model)
    if not interventions:
        raise CasebackError("no interventions were given")
    tallies = [Tally(describe(intervention)) for intervention in interventions]
    run = _Run()
    with ExitStack() as undo:
        for intervention, tally in zip(interventions, tallies, strict=True):
            if isinstance(intervention, EditWeight):
                undo.enter_context(_edited_weight(model, intervention, tally))
            else:
                handle = _hooked_edit(decoder, intervention, tally, run)
                undo.callback(handle.remove)
        for handle in _watch_passes(decoder, interventions, tallies, run):
            undo.callback(handle.remove)
        receipt = Receipt(tallies)
        yield receipt
        idle = [effect for effect in receipt if effect.tokens == 0]
        if idle:
            why = f"no token of {idle[0].passes} passes was in its span" if idle[0].passes else "the model never ran"
            raise CasebackError(f"{idle[0].intervention} never took effect: {why}")


class _Run:
    """The forward pass in progress: its tokens."""

    tokens: Tokens | None = None


def _hooked_edit(decoder: Decoder, edit: ActivationEdit, tally: Tally, run: _Run) -> RemovableHandle:
    """Hooks one edit into the model."""
    place = find_place(decoder, edit.site)
    shape, units = choose_units(edit, place)
    change = edit.change(shape, device_of(place.module))

    def visit(activations: Tensor) -> Tensor:
        tokens = run.tokens
        if tokens is None or activations.numel() != tokens.positions.numel() * math.prod(place.shape):
            raise CasebackError(f"{describe(edit)}: a part of the model was run by itself, without token positions")
        tally.fired = True
        whole = activations.reshape(*tokens.positions.shape, *place.shape)
        before = (whole if units is None else whole.index_select(2, units)).to(
            torch.promote_types(activations.dtype, torch.float32)
        )
        after = change(before, tokens)
        within = tokens.within(edit.span)
        if within is not None:
            after = after.where(within.reshape(*within.shape, *[1] * len(shape)), before)
        rounded = after.to(activations.dtype)
        tally.add(before.flatten(2), rounded.to(before.dtype).flatten(2), within)
        whole = rounded if units is None else whole.index_copy(2, units, rounded)
        return whole.reshape(activations.shape)

    handle = tap(place, visit)
    _before_others(handle)
    return handle


def _watch_passes(
    decoder: Decoder, interventions: Sequence[Intervention], tallies: Sequence[Tally], run: _Run
) -> list[RemovableHandle]:
    """Notes the tokens of each forward pass, and sees to it that every edit had its turn in it."""
    signature = inspect.signature(decoder.stack.forward)

    def begin(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        run.tokens = tokens_of_pass(signature, args, kwargs)
        for intervention, tally in zip(interventions, tallies, strict=True):
            tally.passes += 1
            tally.fired = False
            if isinstance(intervention, EditWeight):
                tally.add_tokens(run.tokens.count)

    def end(*_: Any) -> None:
        for intervention, tally in zip(interventions, tallies, strict=True):
            if not isinstance(intervention, EditWeight) and not tally.fired:
                raise CasebackError(
                    f"{tally.intervention}: the forward pass never computed this site; "
                    "a fused kernel may stand in for the module"
                )

    return [
        decoder.stack.register_forward_pre_hook(begin, with_kwargs=True),
        decoder.stack.register_forward_hook(end),
    ]


@contextmanager
def _edited_weight(model: nn.Module, edit: EditWeight, tally: Tally) -> Iterator[None]:
    """The weight with the edit added; afterwards the very bits that it had."""
    weights = dict(model.named_parameters(remove_duplicate=False))
    if edit.name not in weights:
        close = difflib.get_close_matches(edit.name, weights, 1)
        hint = f": did you mean {close[0]}?" if close else ""
        raise CasebackError(f"the model has no weight {edit.name}{hint}")
    weight = weights[edit.name]
    step = edit.step(weight)
    with torch.no_grad():
        saved = weight.detach().clone()
        before = saved.to(step.dtype)
        weight.copy_((before + step).to(weight.dtype))
        moved = float((weight.to(step.dtype) - before).norm())
        tally.weight_moved = moved, moved / max(float(before.norm()), 1e-30)
    try:
        yield
    finally:
        with torch.no_grad():
            weight.copy_(saved)


def _before_others(handle: RemovableHandle) -> None:
    """Moves a new hook before all hooks on its module but those of other edits."""
    hooks: Any = handle.hooks_dict_ref()
    setattr(hooks[handle.id], EDIT_MARK, True)
    for key, hook in list(hooks.items()):
        if not getattr(hook, EDIT_MARK, False):
            hooks.move_to_end(key)
