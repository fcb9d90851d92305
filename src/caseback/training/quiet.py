"""Keep the libraries beneath from talking over our own progress."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

CHATTY = ("transformers", "trl", "datasets", "peft", "accelerate", "bitsandbytes", "torch.distributed")


@contextmanager
def quiet() -> Iterator[None]:
    """Errors only from the training libraries, no bars of theirs; as it was before on leaving."""
    import datasets
    import transformers

    bars = datasets.are_progress_bars_disabled(), transformers.utils.logging.is_progress_bar_enabled()
    levels = {name: logging.getLogger(name).level for name in CHATTY}
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.ERROR)
    datasets.disable_progress_bars()
    transformers.utils.logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        if not bars[0]:
            datasets.enable_progress_bars()
        if bars[1]:
            transformers.utils.logging.enable_progress_bar()
