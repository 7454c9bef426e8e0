"""Execute the notebooks top to bottom, and keep what their cells show.

python notebooks/execute.py    # or: make notebooks
"""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from traitlets.config import Config

NOTEBOOKS = sorted(Path(__file__).parent.glob("*.ipynb"))
#: Seconds that a cell may take.
TIMEOUT = 300


def executed(path: Path) -> nbformat.NotebookNode:
    """The notebook at `path`, executed in its folder; an error in a cell is raised."""
    notebook = nbformat.read(path, as_version=4)
    config = Config()
    # Kernels that were installed under the name python3 may be of other environments: with no
    # folder to look in, the one that is left is this very Python.
    config.KernelSpecManager.kernel_dirs = []
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=TIMEOUT,
        extra_arguments=["--log-level=ERROR"],
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
        config=config,
    )
    client.execute()
    _name_tables(notebook)
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return notebook


def _name_tables(notebook: nbformat.NotebookNode) -> None:
    """Number the styled tables, whose names pandas draws at random: running again changes none."""
    for number, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", ()):
            if page := output.get("data", {}).get("text/html"):
                output.data["text/html"] = re.sub(r"\bT_[0-9a-f]{5}", f"T_{number:05}", page)
            if text := output.get("data", {}).get("text/plain"):
                output.data["text/plain"] = re.sub(r" at 0x[0-9a-f]+", "", text)


def main() -> None:
    """Execute all notebooks in place."""
    for path in NOTEBOOKS:
        nbformat.write(executed(path), path)
        print(f"{path.name}: {path.stat().st_size / 1000:,.0f} kB")


if __name__ == "__main__":
    main()
