"""What the documentation shows works."""

import re
import subprocess
import sys
from pathlib import Path

from caseback.dossier import open_dossier
from caseback.dossier.claims import load_claim

DOCS = Path(__file__).parents[2] / "docs"


def test_the_example_of_the_dossier_runs(tmp_path: Path) -> None:
    text = (DOCS / "methods" / "dossier.md").read_text(encoding="utf-8")
    found = re.search(r"(?:^    .*\n|^\n)+", text[text.index("    from caseback.dossier") :], re.MULTILINE)
    assert found is not None
    code = "\n".join(line[4:] for line in found.group().splitlines())
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    with open_dossier(tmp_path / "runs" / "mine" / "dossier") as dossier:
        assert [record.kind for record in dossier.records()] == ["measurement"]


def test_the_example_of_a_claim_is_one(tmp_path: Path) -> None:
    text = (DOCS / "howto" / "claims.md").read_text(encoding="utf-8")
    found = re.search(r"```yaml\n(id: (\S+)\n.*?)```", text, re.DOTALL)
    assert found is not None
    (tmp_path / f"{found.group(2)}.yaml").write_text(found.group(1))
    assert load_claim(tmp_path, found.group(2)).meets(2.31) is True
