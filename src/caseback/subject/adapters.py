"""Put PEFT adapters on an open subject, scale them, take them off without a trace, or merge them for good."""

import json
import math
import warnings
from pathlib import Path

from torch import nn

from caseback.errors import CasebackError
from caseback.subject.attached import Attached
from caseback.subject.digest import folder_digest
from caseback.subject.open_subject import OpenSubject

CHANGES_BASE = ("pissa", "olora", "corda", "loftq", "eva", "orthogonal", "lora_ga")
"""Ways of starting an adapter that alter the base weights, so that it belongs to other weights than the base's."""


def attach(subject: OpenSubject, folder: str | Path, *, scale: float = 1.0, name: str = "default") -> None:
    """Put an adapter on the subject's model, in place, beside any others.

    Args:
        folder: a PEFT adapter folder with ``adapter_model.safetensors``.
        scale: factor on what the adapter adds: 0 nothing, 1 as trained.
        name: what ``set_scale`` and ``detach`` call it by.

    Raises:
        CasebackError: no adapter there, weights in pickle form, another base's shapes, a kind that works by prompts
            or that altered its base, a scale that this kind cannot take, or a name in use.
    """
    import peft

    folder = Path(folder)
    _check(folder)
    attached = subject.attached
    if attached and name in attached.scales:
        raise CasebackError(f"an adapter named {name!r} is on already; detach it, or give this one another name")
    modules = [(parent, key, child) for parent in subject.model.modules() for key, child in parent.named_children()]
    gradients = {parameter: parameter.requires_grad for parameter in subject.model.parameters()}
    try:
        if attached is None:
            with warnings.catch_warnings():  # PEFT asks transformers for names that it is giving up
                warnings.simplefilter("ignore", FutureWarning)
                handle = peft.PeftModel.from_pretrained(subject.model, folder, adapter_name=name, local_files_only=True)
            attached = Attached(handle, subject.digest, modules, gradients)
        else:
            attached.handle.load_adapter(folder, adapter_name=name)
        attached.handle.eval()
        attached.scales[name], attached.digests[name] = 1.0, folder_digest(folder)
        attached.handle.base_model.set_adapter(list(attached.scales))
        if scale != 1:
            _scale(attached, name, scale)
    except Exception as error:  # PEFT raises errors of many kinds where adapter and model do not fit
        if subject.attached is None:
            _restore(modules, gradients)
        elif attached is not None:
            attached.scales.pop(name, None)
            attached.digests.pop(name, None)
            if name in attached.handle.peft_config:
                attached.handle.delete_adapter(name)
            attached.handle.base_model.set_adapter(list(attached.scales))
        if isinstance(error, CasebackError):
            raise
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise CasebackError(f"the adapter {folder} does not fit {subject.name}: {' '.join(lines[:2])[:200]}") from None
    subject.attached = attached
    subject.digest = attached.digest()


def set_scale(subject: OpenSubject, scale: float, *, name: str = "default") -> None:
    """Set the factor on what an adapter adds to the model.

    Raises:
        CasebackError: no such adapter, or one whose effect is not a sum that can be scaled.
    """
    attached = _attached(subject, name)
    _scale(attached, name, scale)
    subject.digest = attached.digest()


def detach(subject: OpenSubject, *, name: str = "default") -> None:
    """Take an adapter off; with the last one the model is, bit for bit and module for module, what it was.

    Raises:
        CasebackError: no such adapter.
    """
    attached = _attached(subject, name)
    del attached.scales[name], attached.digests[name]
    if attached.scales:
        attached.handle.delete_adapter(name)
        attached.handle.base_model.set_adapter(list(attached.scales))
        subject.digest = attached.digest()
    else:
        # PEFT's own way back leaves replaced modules (``modules_to_save``) in their trained state.
        _restore(attached.modules, attached.gradients)
        subject.attached = None
        subject.digest = attached.base_digest


def merge(subject: OpenSubject) -> None:
    """Add the adapters into the weights, at their scales; they cannot be taken off after that.

    Raises:
        CasebackError: no adapter is on, or merging gives numbers that are not finite.
    """
    if subject.attached is None:
        raise CasebackError("there is no adapter to merge; attach one first")
    attached = subject.attached
    try:
        attached.handle.merge_and_unload(safe_merge=True, adapter_names=list(attached.scales))
    except ValueError as error:
        raise CasebackError(f"the adapters cannot be merged: {str(error).splitlines()[0]}") from None
    subject.digest = attached.digest()
    subject.attached = None


def _check(folder: Path) -> None:
    """Refuse what is not a safe adapter before any of it is loaded."""
    path = folder / "adapter_config.json"
    if not path.is_file():
        raise CasebackError(f"{folder} has no adapter_config.json: not a PEFT adapter folder")
    try:
        config = json.loads(path.read_bytes())
    except ValueError:
        raise CasebackError(f"{path} is not JSON; copy the adapter again") from None
    weights = folder / "adapter_model.safetensors"
    if not weights.is_file():
        pickled = (folder / "adapter_model.bin").is_file()
        raise CasebackError(
            f"{folder} has its weights only in pickle form, which can run code when read; have them saved again with "
            "save_pretrained(safe_serialization=True)"
            if pickled
            else f"{folder} has no adapter_model.safetensors; copy it there"
        )
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(weights, framework="pt"):
            pass
    except (SafetensorError, OSError) as error:
        raise CasebackError(f"{weights} is truncated or damaged ({error}); copy it again") from None
    start = str(config.get("init_lora_weights"))
    if start.startswith(CHANGES_BASE):
        raise CasebackError(
            f"{folder} was started with {start}, which altered its base; convert it to plain LoRA when saving"
        )
    if config.get("peft_type") in ("PREFIX_TUNING", "PROMPT_TUNING", "P_TUNING", "MULTITASK_PROMPT_TUNING", "CPT"):
        raise CasebackError(
            f"{folder} is {config['peft_type']}, which adds to the prompt, not to the weights; use LoRA"
        )


def _attached(subject: OpenSubject, name: str) -> Attached:
    if subject.attached is None or name not in subject.attached.scales:
        on = ", ".join(subject.attached.scales) if subject.attached else "none"
        raise CasebackError(f"no adapter named {name!r} is on; there are: {on}")
    return subject.attached


def _scale(attached: Attached, name: str, scale: float) -> None:
    from peft.tuners.lora import LoraLayer

    config = attached.handle.peft_config[name]
    plain = config.peft_type == "LORA" and not config.use_dora and not config.modules_to_save
    if not plain or not math.isfinite(scale):
        raise CasebackError(f"scale {scale:g}: only a plain LoRA, without whole modules of its own, can be scaled so")
    for module in attached.handle.modules():
        if isinstance(module, LoraLayer):
            module.set_scale(name, scale)
    attached.scales[name] = scale


def _restore(modules: list[tuple[nn.Module, str, nn.Module]], gradients: dict[nn.Parameter, bool]) -> None:
    """Put every module and flag back where it was."""
    for parent, key, child in modules:
        setattr(parent, key, child)
    for parameter, wanted in gradients.items():
        parameter.requires_grad_(wanted)
