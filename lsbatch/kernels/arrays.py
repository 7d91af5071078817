"""What every kernel asks of its arrays: one dtype, one shape, rows in memory order.

Compiled loops do not check bounds: a wrong shape would read beyond an array. So it stops here.
"""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from lsbatch.errors import ContractError

Item = TypeVar("Item", bound=np.generic)


def norm_array(
    name: str, array: NDArray[Item], *, dtype: type[Item], shape: tuple[int | None, ...]
) -> NDArray[Item]:
    """The array itself, or a C-contiguous copy of it, once it keeps its contract.

    Parameters
    ----------
    name : str
        What the kernel calls it, for the message.
    array : ndarray
    dtype : type
        The only dtype taken; a silent conversion would hide a mistake (255 is not True).
    shape : tuple of int or None
        Wanted extents, None = any.

    Raises
    ------
    ContractError
        For another dtype or shape.
    """
    fits = len(array.shape) == len(shape) and all(
        wanted in (None, extent) for wanted, extent in zip(shape, array.shape, strict=True)
    )
    if not fits or array.dtype != dtype:
        extents = ", ".join("any" if extent is None else str(extent) for extent in shape)
        raise ContractError(
            f"{name!r} must be {np.dtype(dtype).name} of shape ({extents}); "
            f"received {array.dtype} of shape {array.shape}. Convert it before the call."
        )
    return np.ascontiguousarray(array)
