"""What a map says: polygons, size-frequency, metrics, and how well it agrees with an inventory."""

from lsbatch.analysis.evaluation import evaluate_product
from lsbatch.analysis.metrics import event_metrics
from lsbatch.analysis.polygons import find_landslides
from lsbatch.analysis.size_frequency import inverse_gamma_density, size_frequency

__all__ = [
    "evaluate_product",
    "event_metrics",
    "find_landslides",
    "inverse_gamma_density",
    "size_frequency",
]
