"""What a run stands on, for the record: the machine, the constitution, the models."""

import platform
import shlex
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from caseback.constitution.check import check
from caseback.constitution.json_form import digest
from caseback.interp.store.identity import template_digest, tokenizer_digest
from caseback.loop.budget import BUDGETS, Budget
from caseback.loop.job import Job
from caseback.loop.records import constitution_data
from caseback.loop.stage import once
from caseback.subject.open_subject import OpenSubject


def command(
    model: str | Path | None, constitution: str | Path | None, out: str | Path | None, budget: Budget, seed: int
) -> str:
    """The command as it was typed; where this process is not the ``caseback`` command, the call in Python."""
    program = Path(sys.argv[0])
    if program.stem == "caseback" or program.parts[-2:] == ("caseback", "__main__.py"):
        return shlex.join(["caseback", *sys.argv[1:]])
    paths = {"model": model, "constitution": constitution, "out": out}
    given = [f"{name}={str(path)!r}" for name, path in paths.items() if path]
    size = budget.name.upper() if BUDGETS.get(budget.name) == budget else repr(budget)
    return f"run({', '.join([*given, f'budget={size}', f'seed={seed}'])})"


def machine() -> dict[str, Any]:
    """Processor, cores, memory, and the versions that figures depend on."""
    return {
        "cpu": _processor(),
        "cores": psutil.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "python": platform.python_version(),
        **{name: version(name) for name in ("torch", "transformers", "trl")},
    }


def record_constitution(job: Job) -> None:
    """The document as it was read, with what the check has to say of it."""
    warnings = [f"line {problem.line}: {problem.message}" for problem in check(job.constitution)]
    known = digest(job.constitution)
    body = constitution_data(job.constitution, known, job.context, warnings)
    once(job.dossier, "constitution", {"digest": known, "context": job.context}, job.seed, lambda: (body, {}))


def record_subject(job: Job, subject: OpenSubject, role: str) -> None:
    """A model by its digest and those of its tokenizer and chat template, and the part that it plays."""
    body = {
        "role": role,
        "name": Path(subject.name).name if Path(subject.name).is_dir() else subject.name,
        "digest": subject.digest,
        "tokenizer": tokenizer_digest(subject.tokenizer),
        "template": template_digest(subject.tokenizer, subject.template_options),
        "parameters": subject.parameters,
        "architecture": subject.model.config.model_type,
        "path": str(subject.name),
        "dtype": str(subject.model.dtype).removeprefix("torch."),
        "reference": job.reference,
    }
    once(job.dossier, "subject", {"role": role, "digest": subject.digest}, job.seed, lambda: (body, {}))


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
