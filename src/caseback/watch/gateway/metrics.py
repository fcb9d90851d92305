"""Counts of what the gateway did, in Prometheus' text format."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from caseback.watch.verdict import Verdict

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Upper ends, in seconds."""
TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Histogram:
    """How long things took."""

    def __init__(self) -> None:
        self.counts, self.total = [0] * (len(BUCKETS) + 1), 0.0

    def add(self, seconds: float) -> None:
        """One more."""
        self.counts[bisect_left(BUCKETS, seconds)] += 1
        self.total += seconds

    def lines(self, name: str) -> Iterator[str]:
        """In the text format."""
        upto = 0
        for end, count in zip([*map(str, BUCKETS), "+Inf"], self.counts, strict=True):
            upto += count
            yield f'{name}_bucket{{le="{end}"}} {upto}'
        yield f"{name}_sum {self.total}"
        yield f"{name}_count {upto}"


class Metrics:
    """What was counted since the start."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, ...]] = Counter()
        self.ended: Counter[tuple[str, ...]] = Counter()
        self.received: Counter[tuple[str, ...]] = Counter()
        self.sent: Counter[tuple[str, ...]] = Counter()
        self.verdicts: Counter[tuple[str, ...]] = Counter()
        self.seconds, self.first = Histogram(), Histogram()

    def request(self, client: str, path: str, status: int, ended: str) -> None:
        """One that is over."""
        self.requests[client, path, str(status)] += 1
        self.ended[ended,] += 1

    def verdict(self, verdict: Verdict) -> None:
        """What a detector in the gateway said."""
        said = "untold" if verdict.scored.score is None else "flagged" if verdict.flagged else "clean"
        self.verdicts[verdict.detector, verdict.policy, said] += 1


def rendered(metrics: Metrics, numbers: Mapping[str, tuple[str, str, float]]) -> bytes:
    """All in the text format; ``numbers`` are further ones by name: type, help, value."""
    lines: list[str] = []
    for name, text, labels, counter in (
        ("requests_total", "Requests answered.", ("client", "path", "status"), metrics.requests),
        ("ended_total", "Exchanges by how they ended.", ("ended",), metrics.ended),
        ("request_bytes_total", "Bytes of requests.", ("client",), metrics.received),
        ("response_bytes_total", "Bytes of answers.", ("client",), metrics.sent),
        ("verdicts_total", "Verdicts given in the gateway.", ("detector", "policy", "said"), metrics.verdicts),
    ):
        lines += _head(f"caseback_{name}", text, "counter")
        lines += [f"caseback_{name}{{{_labels(labels, key)}}} {counter[key]}" for key in sorted(counter)]
    for name, text, histogram in (
        ("caseback_request_seconds", "From the request to the last byte of the answer.", metrics.seconds),
        ("caseback_first_byte_seconds", "From the request to the first byte of the answer.", metrics.first),
    ):
        lines += [*_head(name, text, "histogram"), *histogram.lines(name)]
    for name, (kind, text, value) in numbers.items():
        lines += [*_head(f"caseback_{name}", text, kind), f"caseback_{name} {value:g}"]
    return ("\n".join(lines) + "\n").encode()


def _head(name: str, text: str, kind: str) -> Iterable[str]:
    return f"# HELP {name} {text}", f"# TYPE {name} {kind}"


def _labels(names: Iterable[str], values: Iterable[str]) -> str:
    return ",".join(f'{name}="{_escaped(value)}"' for name, value in zip(names, values, strict=True))


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
