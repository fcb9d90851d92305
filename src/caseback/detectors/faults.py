"""Why a detector had no say, in the words of those reasons that are its own fault, or that of who runs it.

It failed, is too slow, was not reached, or is stale. Every other reason, such as a reply that is empty, is the
exchange's. Plain words that load nothing, so that a gateway can carry them.
"""

FAILED, RESTS, SLOW = "the detector failed", "the detector rests", "the detector took longer than"
UNASKED, SILENT = "the detectors could not be asked", "the gateway gave no verdict"
BUSY, LATE = "no thread was free", "it took more than"
UNREAD, NOT_FINITE = "the reading failed", "are not finite"
CHANGED, TEMPLATE = "the model changed", "the tokenizer or chat template"
UNANSWERED, OTHER_JUDGE = "the judge gave no answer", "uncalibrated for this judge"
STATES = "the worker's states cannot be read"
FAULTS = (
    FAILED, RESTS, SLOW, UNASKED, SILENT, BUSY, LATE, UNREAD, NOT_FINITE, CHANGED, TEMPLATE, UNANSWERED, OTHER_JUDGE,
    STATES,
)  # fmt: skip


def at_fault(why: str) -> bool:
    """Whether a reason is one of these."""
    return any(fault in why for fault in FAULTS)
