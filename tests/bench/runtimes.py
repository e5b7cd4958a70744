"""What is measured: the package as it is deployed, on the functions' own Python where this machine has it."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from importlib.metadata import distribution
from pathlib import Path

from stacks.bytecode import compile_all, runtime_interpreter
from tests.bench.processes import Runtime

_LIBRARIES = ("botocore", "jmespath", "python-dateutil", "six", "urllib3")
"""What Lambda's runtime brings along, as far as the functions use it; all pure Python."""


def runtime() -> Runtime:
    """Return the Python of the functions, or this one; with byte-compiled libraries, as Lambda has them."""
    interpreter = runtime_interpreter() or sys.executable
    target = Path(tempfile.mkdtemp(prefix="rds-operations-libraries-"))
    atexit.register(shutil.rmtree, target, ignore_errors=True)
    for name in _LIBRARIES:
        for file in distribution(name).files or []:
            if ".." not in file.parts and "__pycache__" not in file.parts:
                (target / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(str(file.locate()), target / file)
    subprocess.run([interpreter, "-I", "-m", "compileall", "-q", str(target)], check=True)
    return Runtime(interpreter, target)


def built(checkout: Path, interpreter: str) -> Path:
    """Build a checkout's package as for AWS, with this Python's bytecode. It lasts as long as this process."""
    code = (
        "import sys; from stacks import package; from stacks.settings import Settings; "
        "print(package.build(Settings()), flush=True); sys.stdin.read()"
    )
    environment = {**os.environ, "PYTHONPATH": f"{checkout}:{checkout / 'functions'}"}
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=checkout,
    )
    assert process.stdout
    folder = Path(process.stdout.readline().strip())
    if interpreter == sys.executable:  # no Python of the runtime here: the package has no bytecode yet
        compile_all(folder, interpreter)
    return folder


def zipped_bytes(package: Path) -> int:
    """Return the size of its zip, compressed as the CDK does."""
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "package.zip"
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
            for file in sorted(path for path in package.rglob("*") if path.is_file()):
                packed.write(file, file.relative_to(package))
        return archive.stat().st_size
