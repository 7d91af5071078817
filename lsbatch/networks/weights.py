"""A network on disk: arrays in one file, and beside it a sidecar that says what they are for."""

import hashlib
import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from lsbatch.errors import StoreError, WeightsError

SIDECAR_KEYS = ("name", "version", "sha256", "design", "channels", "groups", "halo", "multiple")
_EPOCH = (1980, 1, 1, 0, 0, 0)


def pack_arrays(weights: dict[str, np.ndarray]) -> bytes:
    """An ``.npz`` of arrays by name, the same bytes for the same values.

    Kernels are rounded to float16, which changes scores by less than 0.01 and halves the file;
    vectors (biases, means, variances) stay float32.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(weights):
            values = np.asarray(weights[name])
            kept = values.astype(np.float16 if values.ndim > 1 else np.float32)
            member = io.BytesIO()
            np.lib.format.write_array(member, kept, allow_pickle=False)
            info = zipfile.ZipInfo(f"{name.replace('/', '.')}.npy", _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, member.getvalue())
    return buffer.getvalue()


def write_network(folder: Path, sidecar: dict[str, Any], weights: dict[str, np.ndarray]) -> Path:
    """Write ``NAME.npz`` and ``NAME.json``, whole or not at all; returns the sidecar's path.

    Raises
    ------
    StoreError
        If the folder cannot be written.
    """
    data = pack_arrays(weights)
    record = {**sidecar, "sha256": hashlib.sha256(data).hexdigest()}
    text = json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    place = folder / f"{sidecar['name']}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # the sidecar last: a reader that finds it finds the arrays it speaks of
        _replace(place.with_suffix(".npz"), data)
        _replace(place, text.encode())
    except OSError as error:
        raise StoreError(f"The network cannot be written to {folder}: {error}.") from error
    return place


def read_sidecar(path: Path) -> dict[str, Any]:
    """The sidecar of a network.

    Raises
    ------
    WeightsError
        If it is not there or not a sidecar.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(f"The network's sidecar {path} cannot be read: {error}.") from error
    missing = [key for key in SIDECAR_KEYS if not isinstance(record, dict) or key not in record]
    if missing:
        raise WeightsError(f"{path} is not a network's sidecar: it lacks {', '.join(missing)}.")
    return dict(record)


def check_digest(path: Path, sha256: str) -> bytes:
    """Bytes of a file that has that digest.

    Raises
    ------
    WeightsError
        If the file is not there or is another one.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WeightsError(f"The network's weights {path} cannot be read: {error}.") from error
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise WeightsError(
            f"The weights {path} are not those that the sidecar speaks of: their SHA-256 is "
            f"{found[:12]}…, expected {sha256[:12]}…. Install lsbatch again, or copy both files of "
            "the network together."
        )
    return data


def read_weights(path: Path, sha256: str) -> dict[str, np.ndarray]:
    """Arrays by name, float32, of a file with that digest.

    Raises
    ------
    WeightsError
        If the file is not there, is another one, or is damaged.
    """
    data = check_digest(path, sha256)
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return {name: arrays[name].astype(np.float32) for name in arrays.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise WeightsError(f"The weights {path} are damaged: {error}.") from error


def weights_of(model: Any) -> dict[str, np.ndarray]:
    """Arrays of a Keras model by the names of its variables."""
    return {variable.path.replace("/", "."): variable.numpy() for variable in model.variables
            if "seed_generator" not in variable.path}  # fmt: skip


def set_weights(model: Any, arrays: dict[str, np.ndarray]) -> None:
    """Put arrays into a model of the same drawing; arrays of auxiliary heads are left out.

    Raises
    ------
    WeightsError
        If an array is missing or has another shape.
    """
    for variable in model.variables:
        name = variable.path.replace("/", ".")
        if "seed_generator" in name:
            continue
        values = arrays.get(name)
        if values is None or tuple(values.shape) != tuple(variable.shape):
            received = "nothing" if values is None else f"shape {tuple(values.shape)}"
            raise WeightsError(
                f"These weights are for another network: {name} needs shape "
                f"{tuple(variable.shape)}; received {received}."
            )
        variable.assign(values)


def _replace(path: Path, data: bytes) -> None:
    staging = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        staging.write_bytes(data)
        os.replace(staging, path)
    finally:
        staging.unlink(missing_ok=True)
