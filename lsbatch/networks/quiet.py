"""Loading Keras without the notes that its backend writes past Python's logging."""

import os
import sys
from importlib import import_module


def load_keras() -> None:
    """Import Keras and its backend; errors are raised, the C++ part's chatter is dropped.

    TensorFlow tells on file descriptor 2 that it found no GPU and which instructions it uses. On a
    user's screen that reads like a fault.
    """
    if "keras" in sys.modules:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    saved = os.dup(2)
    try:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
            import_module("keras")
    finally:
        os.dup2(saved, 2)
        os.close(saved)
