"""read_recipe, read_batch: recipes from YAML files, the environment and options."""

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from lsbatch.errors import RecipeError
from lsbatch.recipe.model import (
    EVENT_MARK,
    BatchRecipe,
    ClusterChoice,
    CompositeChoice,
    DetectorChoice,
    Recipe,
    Settings,
)

Model = TypeVar("Model", bound=Settings)

_PATHS = {"event", "source", "catalog", "aoi", "inventory"}
_FILES = {".csv", ".geojson", ".gpkg", ".json", ".parquet", ".shp", ".xml"}


def read_recipe(path: Path | None = None, **given: Any) -> Recipe:
    """A recipe from a YAML file, the environment (LSBATCH_…) and given options, later ones first.

    Parameters
    ----------
    path : Path, optional
        YAML file with the names of `Recipe`.
    **given
        Options of the command line; None = not given.

    Raises
    ------
    RecipeError
        Naming each unknown key and each value that breaks a rule.
    """
    document, listed = _read_document(path)
    chooses = bool(listed) or document.pop("filter", None) is not None
    if len(listed) == 1:
        document.setdefault("event", listed[0])
    try:
        return _layered(Recipe, document, given)
    except ValidationError as error:
        if chooses and _is_about(error, "event"):
            raise RecipeError(_ask_which(path, listed)) from error
        raise RecipeError(_faults(error, path, Recipe)) from error


def read_batch(path: Path, **given: Any) -> BatchRecipe:
    """A recipe of many events from a YAML file; otherwise as `read_recipe`.

    The file chooses its events by `event`, `events`, `catalog` and `filter`.

    Raises
    ------
    RecipeError
        Naming each unknown key and each value that breaks a rule.
    """
    document, listed = _read_document(path)
    event = document.pop("event", None)
    document["events"] = listed or ([] if event is None else [event])
    try:
        return _alone(_layered(BatchRecipe, document, given))
    except ValidationError as error:
        raise RecipeError(_faults(error, path, BatchRecipe)) from error


def _alone(batch: BatchRecipe) -> BatchRecipe:
    """A batch of one event as `BatchRecipe.of_one` makes it, so that the two are equal."""
    if len(batch.events) != 1 or batch.filter:
        return batch
    return BatchRecipe.of_one(batch.for_event(batch.events[0]))


def _layered(model: type[Model], document: dict[str, Any], given: dict[str, Any]) -> Model:
    """A model's values: those given, else of the environment, else of a file's document."""

    class Layered(BaseSettings, model):  # type: ignore[misc, valid-type]
        model_config = SettingsConfigDict(
            env_prefix="LSBATCH_", env_nested_delimiter="__", extra="forbid", frozen=True
        )

        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return init_settings, env_settings, lambda: document  # type: ignore[return-value]

    try:
        layered = Layered(**{name: value for name, value in given.items() if value is not None})
    except SettingsError as error:
        raise RecipeError(
            f"The environment breaks a rule: {error}. Name the part that is meant, such as "
            "LSBATCH_DETECTOR__NAME, or write the whole as JSON."
        ) from error
    return model(**layered.model_dump())


def _is_about(error: ValidationError, name: str) -> bool:
    return any(fault["loc"] == (name,) for fault in error.errors())


def _ask_which(path: Path | None, listed: list[str]) -> str:
    if not listed:
        return f"The recipe {path} chooses its events by a filter; name one of them as EVENT."
    return (
        f"The recipe {path} lists {len(listed)} events; name one of them as EVENT: "
        f"{', '.join(listed)}."
    )


def _read_document(path: Path | None) -> tuple[dict[str, Any], list[str]]:
    """A file's options for one event, and the events that it lists under `events`.

    Relative paths are meant from the file's folder, see `_beside`.
    """
    document = _read_yaml(path)
    listed = document.pop("events", [])
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        raise RecipeError(
            f"The recipe {path} must list its events as [id, id, …]; received {listed!r}."
        )
    if path is None:
        return document, listed
    for name in _PATHS & document.keys():
        document[name] = _beside(path, document[name])
    return document, [_beside(path, name) for name in listed]


def _beside(path: Path, value: Any) -> Any:
    """A path as meant from the recipe's folder: where it leads to something there, or nowhere.

    A file that is gone keeps its place, so that a run of it can be gone on with.
    """
    if not isinstance(value, str):
        return value
    beside = path.parent / value
    if EVENT_MARK in value:
        found = beside.parent.is_dir()
    else:
        is_gone = beside.suffix in _FILES and "://" not in value and not Path(value).exists()
        found = beside.is_file() or is_gone
    return str(beside) if found else value


def _read_yaml(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, RecursionError, yaml.YAMLError) as error:
        raise RecipeError(f"The recipe {path} cannot be read: {error}") from error
    if not isinstance(document, dict):
        raise RecipeError(f"The recipe {path} must be a YAML mapping of option: value.")
    # YAML reads a bare yes as true
    named = {"yes" if key is True else key: value for key, value in document.items()}
    unnamed = [key for key in named if not isinstance(key, str)]
    if unnamed:
        raise RecipeError(f"The recipe {path} has {unnamed[0]!r} in place of an option's name.")
    return named


def _faults(error: ValidationError, path: Path | None, model: type[Settings]) -> str:
    found = [_sentence(".".join(map(str, f["loc"])), f, model) for f in error.errors()]
    where = f" (file {path})" if path else ""
    plural = "s" if len(found) > 1 else ""
    return f"The recipe breaks {len(found)} rule{plural}{where}: {'; '.join(found)}."


def _sentence(name: str, fault: Any, model: type[Settings]) -> str:
    if fault["type"] == "missing":
        option = name.removesuffix(".name")
        return f"{option} is missing: name it with --{option} or in a file for --config"
    if fault["type"] == "extra_forbidden":
        branch = name.rpartition(".")[0]
        nested = {
            "detector": DetectorChoice,
            "cluster": ClusterChoice,
            "composite": CompositeChoice,
        }
        known = nested[branch].model_fields if branch in nested else _own_first(model)
        return f"{name} is unknown (known: {', '.join(known)})"
    if not name:
        return str(fault["msg"]).removeprefix("Value error, ")
    return f"{name}: {fault['msg']} (received {fault['input']!r})"


def _own_first(model: type[Settings]) -> list[str]:
    """Names of a recipe, those that choose its events before what recipes share."""
    return sorted(model.model_fields, key=lambda name: name in Settings.model_fields)
