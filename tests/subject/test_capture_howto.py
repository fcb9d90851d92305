"""The code of docs/howto/capture-and-steer.md runs as it stands, on a tiny model in place of the real one."""

import re
import subprocess
import sys
from pathlib import Path

from models_for_tests import save_tiny

PAGE = Path(__file__).parents[2] / "docs/howto/capture-and-steer.md"


def test_the_how_to_runs(tmp_path: Path) -> None:
    model = save_tiny(tmp_path / "model", "qwen3")
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 6
    program = tmp_path / "howto.py"
    program.write_text("\n".join(blocks).replace("Qwen/Qwen3-0.6B", str(model)), encoding="utf-8")
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "Add at resid_post.2, Span(start=-1" in done.stdout
    assert "EditWeight of model.layers.0.mlp.down_proj.weight" in done.stdout
