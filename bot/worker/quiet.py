"""Keep Rasa and TensorFlow quiet and at home: no telemetry, no error reports, no text of a citizen in a log, and one core."""

from __future__ import annotations

import logging
import os
import warnings

ENVIRONMENT = {
    "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "",
    "LOG_LEVEL": "WARNING",
    "LOG_LEVEL_LIBRARIES": "ERROR",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    # The matrices are small: a second thread only spins, six times as long as a turn takes. More cores are for more workers.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}


def be_quiet() -> None:
    """Call before the first import of rasa."""
    os.environ.update(ENVIRONMENT)
    # Libraries set their own warning filters while they are imported, so the printing is switched off, not the filter.
    warnings.showwarning = lambda *_, **__: None
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")


def be_quiet_after_import() -> None:
    """Rasa logs through structlog, which has a level of its own."""
    from rasa.utils.log_utils import configure_structlog

    configure_structlog(logging.WARNING)
