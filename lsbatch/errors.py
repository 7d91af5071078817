"""The error family: every failure a user can meet, each also a natural built-in."""


class LsbatchError(Exception):
    """A failure with a sentence for the user: the rule, what came, where, what to do."""


class CatalogError(LsbatchError, ValueError):
    """An event, an inventory or a STAC record that breaks a rule."""


class NoScenesError(LsbatchError, LookupError):
    """No usable look before or after the event, or none with the bands asked for."""


class ReadError(LsbatchError, OSError):
    """An image file that is absent, damaged, or not what its record says."""


class GridMismatchError(LsbatchError, ValueError):
    """Grids, areas or coordinate systems that do not fit each other."""


class WeightsError(LsbatchError, OSError):
    """A detector that cannot be loaded."""


class StoreConflictError(LsbatchError, FileExistsError):
    """An output place that already holds something else."""


class StoreError(LsbatchError, OSError):
    """An output place that cannot be written or read."""


class ContractError(LsbatchError, TypeError):
    """A value that breaks the contract between two rooms."""


class RecipeError(LsbatchError, ValueError):
    """A recipe or an option that cannot be followed."""
