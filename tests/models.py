"""Networks with weights at random."""

import numpy as np


def randomised(model, seed=0):
    """The model with every weight drawn, so that no path through it is silent."""
    rng = np.random.default_rng(seed)
    for variable in model.variables:
        if "seed" not in variable.path:
            variable.assign(rng.uniform(0.2, 1.0, variable.shape) - 0.5 * (len(variable.shape) > 1))
    return model
