"""Where blocks are worked on: this machine, or a scheduler that runs already."""

from lsbatch.cluster.open import count_local_workers, open_cluster

__all__ = ["count_local_workers", "open_cluster"]
