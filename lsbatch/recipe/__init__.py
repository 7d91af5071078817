"""A whole run as one frozen value; YAML both ways."""

from lsbatch.recipe.model import BatchRecipe, ClusterChoice, CompositeChoice, DetectorChoice, Recipe
from lsbatch.recipe.reading import read_batch, read_recipe

__all__ = [
    "BatchRecipe",
    "ClusterChoice",
    "CompositeChoice",
    "DetectorChoice",
    "Recipe",
    "read_batch",
    "read_recipe",
]
