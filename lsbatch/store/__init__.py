"""Products on disk: layout, write, read, publish."""

from lsbatch.store.product import (
    create_product,
    digests_of,
    finish_product,
    open_product,
    write_block,
)
from lsbatch.store.records import catalog_of, item_of

__all__ = [
    "catalog_of",
    "create_product",
    "digests_of",
    "finish_product",
    "item_of",
    "open_product",
    "write_block",
]
