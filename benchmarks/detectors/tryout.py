import time

from data import *
from kinds import *

from caseback.detectors.calibrate import calibrate

s = subject("ref-aligned")
for name in BEHAVIOURS:
    t = time.time()
    made = directions(s, name)
    for d in made:
        print(
            name, d.name, d.direction.site, d.direction.provenance.method, d.direction.provenance.dev_auroc, flush=True
        )
    found = candidates(s, name, made)
    print(
        f"{time.time() - t:.0f}s",
        [(c.detector.name, c.detector.reading.pool, round(c.recall, 2), round(c.auroc, 3)) for c in found[:6]],
        flush=True,
    )
    p = pattern(name)
    yes, no = long_positives(name, "dev"), long_negatives("dev")
    c = calibrate(p, yes, no, (0.01,))
    print(
        "  pattern",
        len(p.patterns),
        p.patterns[:6],
        c.points[0].recall,
        sum(x > 0 for x in c.negatives),
        c.auroc,
        flush=True,
    )
