"""TrainingRecipe: everything that decides what a network becomes, as one frozen value."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from lsbatch.errors import RecipeError


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class World(_Frozen):
    """Events of one folder, as `lsbatch simulate` leaves them or made alike by hand."""

    folder: str
    """Holds catalog.json, events.geojson and inventories/<event>.parquet."""
    events: tuple[str, ...] = ()
    """Ids; all of events.geojson if left out."""
    looks: tuple[int, ...] = (3,)
    """Looks a side; each number gives another composite of every event."""


class ChipSet(_Frozen):
    """Single-date chips with masks."""

    folder: str
    training: tuple[float, float] = (0.0, 0.7)
    """Contiguous share of the chips in the order of their numbers."""
    validation: tuple[float, float] = (0.7, 0.8)
    pair_chance: float = Field(default=0.5, ge=0, le=1)
    share: float = Field(default=0.5, gt=0, lt=1)
    """Of all patches, where there are events too."""

    @model_validator(mode="after")
    def _ordered(self) -> "ChipSet":
        (a, b), (c, d) = self.training, self.validation
        if not (0 <= a < b <= c < d <= 1 or 0 <= c < d <= a < b <= 1):
            raise ValueError("training and validation are two parts of 0 to 1 that do not overlap")
        return self


class TrainingRecipe(_Frozen):
    """What to train on, for how long, and how large a network."""

    name: str = Field(default="unet", pattern=r"^[a-z0-9-]{1,40}$")
    training: tuple[World, ...] = ()
    validation: tuple[World, ...] = ()
    chips: ChipSet | None = None
    start: str | None = None
    """Sidecar of a network of this design to go on from; at random if left out."""
    widths: tuple[int, ...] = (16, 32, 64, 128, 160)
    depths: tuple[int, ...] = (1, 1, 1, 1, 1)
    patch_px: int = Field(default=128, ge=32, multiple_of=16)
    batch: int = Field(default=16, ge=1)
    epochs: int = Field(default=40, ge=1)
    steps: int = Field(default=200, ge=1)
    """Batches of an epoch."""
    learning_rate: float = Field(default=2e-3, gt=0)
    seed: int = Field(default=0, ge=0)
    precision: str = Field(default="float32", pattern="^(float32|mixed_bfloat16)$")

    @model_validator(mode="after")
    def _has_samples(self) -> "TrainingRecipe":
        if not self.training and self.chips is None:
            raise ValueError("it names neither events (training) nor chips to learn from")
        if self.training and not self.validation:
            raise ValueError("it names events to train on and none to validate on (validation)")
        both = {(w.folder, e) for w in self.training for e in w.events or ("*",)} & {
            (w.folder, e) for w in self.validation for e in w.events or ("*",)
        }
        if both:
            names = ", ".join(sorted(event for _, event in both))
            raise ValueError(f"events to train on and to validate on must differ; both: {names}")
        return self


def read_training_recipe(path: Path) -> TrainingRecipe:
    """A training recipe from YAML; relative folders are taken from the recipe's own folder.

    Raises
    ------
    RecipeError
        Naming each key and value that breaks a rule.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not isinstance(document, dict):
            raise RecipeError(f"The training recipe {path} must be a YAML mapping.")
        return TrainingRecipe(**_rooted(document, path.resolve().parent))
    except (OSError, UnicodeDecodeError, RecursionError, yaml.YAMLError) as error:
        raise RecipeError(f"The training recipe {path} cannot be read: {error}") from error
    except ValidationError as error:
        faults = "; ".join(_sentence(fault) for fault in error.errors())
        raise RecipeError(f"The training recipe {path} breaks a rule: {faults}.") from error


def _sentence(fault: Any) -> str:
    name = ".".join(str(part) for part in fault["loc"])
    message = fault["msg"].removeprefix("Value error, ")
    return f"{name}: {message} (received {fault['input']!r})" if name else message


def _rooted(document: dict[str, Any], root: Path) -> dict[str, Any]:
    def placed(record: Any) -> Any:
        if isinstance(record, dict) and isinstance(record.get("folder"), str):
            return {**record, "folder": str((root / record["folder"]).resolve())}
        return record

    rooted = dict(document)
    for key in ("training", "validation"):
        if isinstance(rooted.get(key), list):
            rooted[key] = tuple(placed(record) for record in rooted[key])
    rooted["chips"] = placed(rooted.get("chips"))
    if isinstance(rooted.get("start"), str):
        rooted["start"] = str((root / rooted["start"]).resolve())
    return rooted
