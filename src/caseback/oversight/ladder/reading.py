"""What a model holds of each case when it is asked for its verdict: activations, read once and kept."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from caseback.dossier.disk import writing
from caseback.interp.direction import Reading
from caseback.interp.directions.examples import Place, activations, examples_digest
from caseback.oversight.ladder.cases import Case
from caseback.oversight.ladder.question import question
from caseback.oversight.ladder.rungs import Rung
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site
from caseback.training.ask import Progress
from caseback.training.journal import Journal

Floats = npt.NDArray[np.float32]


def places(subject: OpenSubject) -> list[Place]:
    """Where it is read: the last token of the question, after the middle block and after the last."""
    layers = int(subject.model.config.get_text_config().num_hidden_layers)
    return [
        (Site("resid_post", layer), Reading("prompt", "last")) for layer in dict.fromkeys((layers // 2 - 1, layers - 1))
    ]


def read(
    rung: Rung,
    cases: Sequence[Case],
    folder: Path | None = None,
    critiques: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Floats:
    """Activations of the rung on every case, fp32 ``[cases, places * d]``.

    Args:
        folder: where they are kept, by the digests of the model and of what it reads.
        critiques: what another model says of each case, read beside it.
    """
    from safetensors.numpy import load_file, save_file

    said = [None] * len(cases) if critiques is None else list(critiques)
    asked = [question(case, text) for case, text in zip(cases, said, strict=True)]
    kept = None
    if folder is not None:
        kept = folder / f"{Journal.key('read', rung.digest, examples_digest(asked))[-32:]}.safetensors"
        if kept.is_file():
            return load_file(kept)["acts"]
    subject = load(rung.path, dtype="float32")
    acts = activations(subject, asked, places(subject), progress).flatten(1).numpy()
    if kept is not None:
        with writing(kept):
            kept.parent.mkdir(parents=True, exist_ok=True)
            part = kept.with_suffix(".part")
            save_file({"acts": np.ascontiguousarray(acts)}, part)
            part.replace(kept)
    return acts
