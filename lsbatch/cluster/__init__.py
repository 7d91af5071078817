"""Where blocks are worked on: this machine, or a scheduler that runs already."""

from lsbatch.cluster.open import open_cluster

__all__ = ["open_cluster"]
