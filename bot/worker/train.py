"""`python -m bot.worker.train --out FOLDER --name NAME`: what `rasa train` does, quietly."""

from __future__ import annotations

import argparse
import contextlib
import gc
import io
import os
import sys
import tempfile
from pathlib import Path

from bot.worker.quiet import be_quiet, be_quiet_after_import

be_quiet()


def main() -> int:
    parser = argparse.ArgumentParser(prog="lotse-train")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--name", required=True)
    options = parser.parse_args()

    import rasa.model_training

    be_quiet_after_import()
    gc.disable()  # hundreds of thousands of tokens that live to the end, looked through again and again
    options.out.mkdir(parents=True, exist_ok=True)
    # Rasa reports success with the path of the unfinished file.
    with tempfile.TemporaryDirectory(dir=options.out) as unfinished, contextlib.redirect_stdout(io.StringIO()):
        result = rasa.model_training.train(
            domain="nlu_data/domain.yml",
            config="config.yml",
            training_files=["nlu_data"],
            output=unfinished,
            fixed_model_name=options.name,
            force_training=True,  # it always learns from all there is; looking for what may be reused takes longer
        )
        if result.code or not result.model:
            return 1
        Path(result.model).rename(options.out / f"{options.name}.tar.gz")
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # taking apart what is in memory would take three seconds more
