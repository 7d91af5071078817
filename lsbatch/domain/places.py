"""Where the shipped catalogues lie."""

import sys
from pathlib import Path

from lsbatch.errors import CatalogError


def catalogs_folder() -> Path:
    """Folder that holds ``events.geojson``, ``endpoints.yaml``, ``land.geojson`` and ``schema/``.

    Returns
    -------
    Path
        ``catalogs`` beside the package in a checkout, else ``share/lsbatch/catalogs`` of the
        Python environment.

    Raises
    ------
    CatalogError
        Where neither holds the event catalogue.
    """
    beside = Path(__file__).resolve().parents[2] / "catalogs"
    installed = Path(sys.prefix) / "share" / "lsbatch" / "catalogs"
    for folder in (beside, installed):
        if (folder / "events.geojson").is_file():
            return folder
    raise CatalogError(
        f"The event catalogue events.geojson is neither in {beside} nor in {installed}. "
        "Install lsbatch again, or name a catalogue with --catalog."
    )
