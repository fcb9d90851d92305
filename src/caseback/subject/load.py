"""Open a model from a folder or the Hugging Face hub, or say in one line why not."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from caseback.errors import CasebackError
from caseback.subject.address import is_address
from caseback.subject.cpu import native_on_cpu
from caseback.subject.digest import folder_digest
from caseback.subject.open_subject import OpenSubject

DTYPES = ("float32", "bfloat16", "float16")
TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model", "tekken.json")
PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
SLOW_BYTES = 2**31
"""Weights from this size on take long enough to load for a progress bar."""
HUB_FILES = ("*.safetensors", "*.json", "*.jinja", "*.model", "*.txt", "*.tiktoken", "chat_templates/*")


def load(
    path_or_id: str, *, dtype: str | None = None, device: str | None = None, adapter: str | None = None
) -> OpenSubject:
    """Open a causal language model with its tokenizer.

    Args:
        path_or_id: a folder in Hugging Face form, or a hub id such as ``Qwen/Qwen3-0.6B``.
        dtype: ``float32``, ``bfloat16`` or ``float16``; by default as stored, but float32 for what this CPU has no
            instructions for (float16 on any, bfloat16 on many): it would be hundreds of times slower. Greedy text is
            the same in any batch in float32 only.
        device: ``cpu``, ``cuda``, ``cuda:1``, ``mps``, or ``auto`` to spread over several; by default CUDA, else
            Apple's GPU, else the CPU.
        adapter: folder of a PEFT adapter to put on it.

    Raises:
        CasebackError: no such model, a file missing or damaged, weights only in pickle form, not a causal language
            model, a model that needs code of its own, or a quantisation without its library.
    """
    if dtype is not None and dtype not in DTYPES:
        raise CasebackError(f"dtype {dtype!r} is not one of {', '.join(DTYPES)}")
    folder = model_folder(path_or_id)
    check_files(folder)
    config = _read(folder, "its configuration", _config)
    place = device or _best_device()
    tokenizer = _read(folder, "its tokenizer", _tokenizer)
    wanted = getattr(torch, dtype) if dtype else "auto"
    if dtype is None and place == "cpu" and not native_on_cpu(getattr(config, "dtype", None)):
        wanted = torch.float32
    model = _read(folder, "its weights", lambda path: _model(path, config, wanted, place))
    subject = OpenSubject(path_or_id, folder_digest(folder), model, tokenizer, model.device)
    _check_causal(subject)
    if adapter is not None:
        from caseback.subject.adapters import attach

        attach(subject, adapter)
    return subject


def model_folder(path_or_id: str) -> Path:
    """The folder itself, or the hub snapshot, downloaded where it is not in the cache yet.

    Raises:
        CasebackError: an address, or neither a folder nor a hub model that can be reached.
    """
    if is_address(path_or_id):
        raise CasebackError(
            f"{path_or_id} is an address, and this needs the weights: give a model folder or hub id. What is behind an "
            f"address can be measured with `caseback behaviours measure {path_or_id}`"
        )
    path = Path(path_or_id.strip() or "(no name given)").expanduser()
    if path.is_dir():
        return path
    if path.exists():
        raise CasebackError(f"{path_or_id} is a file; give the folder that holds config.json and the weights")
    if path_or_id.startswith((".", "/", "~")) or path_or_id.count("/") > 1 or not path_or_id.strip():
        raise CasebackError(f"no folder {path_or_id!r}; give a model folder or a hub id such as Qwen/Qwen3-0.6B")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import GatedRepoError, HFValidationError, RepositoryNotFoundError

    try:
        return Path(snapshot_download(path_or_id, allow_patterns=list(HUB_FILES), etag_timeout=10))
    except GatedRepoError:
        raise CasebackError(
            f"{path_or_id} asks for its terms to be accepted: do so on its hub page, then `hf auth login`"
        ) from None
    except (RepositoryNotFoundError, HFValidationError):
        raise CasebackError(f"{path_or_id!r} is neither a folder here nor a model on the hub; check the name") from None
    except Exception as error:  # no network, a proxy, a full disk: all of them mean that it cannot be had
        raise CasebackError(
            f"{path_or_id!r} is no folder here, and the hub cannot give it ({_one_line(error)}); "
            "give a folder, or try again with a connection"
        ) from None


def check_files(folder: Path) -> None:
    """See that configuration, tokenizer and whole safetensors weights are there, before anything is loaded.

    Raises:
        CasebackError: naming the file and the remedy.
    """
    config = folder / "config.json"
    if not config.is_file():
        raise CasebackError(f"{folder} has no config.json: not a model folder; make one with model.save_pretrained()")
    try:
        json.loads(config.read_bytes())
    except ValueError as error:
        raise CasebackError(f"{config} is not JSON ({_one_line(error)}); copy it again from its source") from None
    if not any((folder / name).is_file() for name in TOKENIZER_FILES):
        raise CasebackError(
            f"{folder} has no tokenizer (such as tokenizer.json); put it there with tokenizer.save_pretrained()"
        )
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        pickled = sorted(path.name for pattern in PICKLED for path in folder.glob(pattern))
        if not pickled:
            raise CasebackError(f"{folder} has no weights (*.safetensors); copy them there")
        raise CasebackError(
            f"{folder} has its weights only in pickle form ({pickled[0]}), which can run code when read; if you trust "
            "their maker, convert once in Python, weights and tokenizer: [auto.from_pretrained(folder)"
            ".save_pretrained(new_folder) for auto in (AutoModelForCausalLM, AutoTokenizer)]"
        )
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        try:
            named = set(json.loads(index.read_bytes())["weight_map"].values())
        except (ValueError, KeyError, AttributeError, TypeError):
            raise CasebackError(f"{index} is damaged; copy it again from its source") from None
        if missing := sorted(named - {path.name for path in weights}):
            raise CasebackError(f"{folder} lacks {len(missing)} of its weight files ({missing[0]}); copy them there")
    from safetensors import SafetensorError, safe_open

    for path in weights:
        try:
            with safe_open(path, framework="pt"):
                pass
        except (SafetensorError, OSError) as error:
            raise CasebackError(
                f"{path} is truncated or damaged ({_one_line(error)}); copy or download it again"
            ) from None


def _read(folder: Path, what: str, reader: Any) -> Any:
    """Run a reader of transformers and turn whatever it raises into one line."""
    try:
        return reader(folder)
    except CasebackError:
        raise
    except ImportError as error:
        raise CasebackError(f"{folder} needs a library that is not installed: {_one_line(error)}") from None
    except Exception as error:  # transformers raises errors of every kind on foreign files
        if "trust_remote_code" in str(error) or "custom code" in str(error):
            raise CasebackError(
                f"{folder} needs Python code of its own, which caseback never runs; "
                "use a version in an architecture of transformers"
            ) from None
        raise CasebackError(f"{folder}: {what} cannot be read: {_one_line(error)}") from None


def _config(folder: Path) -> Any:
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    known = AutoModelForCausalLM._model_mapping
    stored = config.architectures or []
    causal = type(config) in known and not getattr(config, "is_encoder_decoder", False)
    endings = ("ForCausalLM", "LMHeadModel", "ForConditionalGeneration")
    if not causal or (stored and not any(name.endswith(endings) for name in stored)):
        raise CasebackError(
            f"{folder} holds {', '.join(stored) or config.model_type}, not a causal language model; "
            "caseback needs one that writes text from left to right"
        )
    return config


def _tokenizer(folder: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)


def _model(folder: Path, config: Any, dtype: Any, device: str) -> Any:
    from transformers import AutoModelForCausalLM

    with _progress_bars(sum(path.stat().st_size for path in folder.glob("*.safetensors")) > SLOW_BYTES):
        model, info = AutoModelForCausalLM.from_pretrained(
            folder,
            config=config,
            dtype=dtype,
            device_map=None if device == "cpu" else device,
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
    # transformers fills what is missing with random numbers and only warns.
    if missing := sorted(info["missing_keys"]):
        raise CasebackError(
            f"{folder}: the weights lack {len(missing)} of the model's tensors ({missing[0]}); "
            "config.json and weights do not belong together, or a file is missing"
        )
    return model.eval()


@contextmanager
def _progress_bars(shown: bool) -> Iterator[None]:
    """Show the bars of transformers only for models that take a while."""
    from transformers.utils import logging

    were_shown = logging.is_progress_bar_enabled()
    if not shown:
        logging.disable_progress_bar()
    try:
        yield
    finally:
        if were_shown:
            logging.enable_progress_bar()


@torch.inference_mode()
def _check_causal(subject: OpenSubject) -> None:
    """See that a later token changes nothing before it."""
    ids = torch.tensor([[1, 2, 3, 4], [1, 2, 3, 5]], device=subject.device)
    first, second = (subject.model(input_ids=row[None]).logits[0, :3].float() for row in ids)
    quantised = getattr(subject.model, "is_quantized", False)  # whose activations may share scales
    slack = 1e-4 if subject.model.dtype == torch.float32 and not quantised else 0.05
    if (first - second).abs().mean() > slack * first.std():
        raise CasebackError(f"{subject.name} looks ahead (a later token changes what came before): not a causal model")


def _best_device() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _one_line(error: Exception) -> str:
    """The first line of an error's message, or its type where there is none."""
    lines = str(error).strip().splitlines()
    return lines[0][:200].rstrip(". ") if lines else type(error).__name__
