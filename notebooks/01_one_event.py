# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # One event: open the map, look at it, ask it questions
#
# Run `make demo` first, or set `LSBATCH_RUN` to the folder of any run.

# %%
import os
from pathlib import Path

import geopandas as gpd
import matplotlib.pyplot as plt
import numpy as np
import odc.geo.xr  # noqa: F401  (gives datasets their .odc accessor)
import xarray as xr

run = Path(os.environ.get("LSBATCH_RUN", "../lsbatch-demo/map"))
folder = next((run / "events").iterdir())
folder.name

# %% [markdown]
# The product is a plain Zarr store. Nothing of lsbatch is needed to open it.

# %%
product = xr.open_zarr(folder / "product.zarr", decode_coords="all", mask_and_scale=False)
product

# %% [markdown]
# `status` says why a pixel has, or has not, a score: "no landslide" is never "not seen".

# %%
meanings = product.status.attrs["meanings"]
values, counts = np.unique(product.status.values, return_counts=True)
shares = counts / product.status.size
{meanings[str(v)]: f"{share:.1%}" for v, share in zip(values, shares, strict=True)}

# %%
landslides = gpd.read_parquet(folder / "landslides.parquet")
figure, axes = plt.subplots(figsize=(9, 9))
product.score.where(product.status == 0).plot.imshow(ax=axes, cmap="magma", vmin=0, vmax=1)
landslides.boundary.plot(ax=axes, color="cyan", linewidth=0.6)
axes.set_aspect("equal")

# %% [markdown]
# Landslide area in cells of 1 km, over the ground that was observed: the input of a susceptibility
# model, with `NaN` where nothing was seen.

# %%
pixels = round(1000 / abs(product.odc.geobox.resolution.x))
observed = (product.status == 0).coarsen(y=pixels, x=pixels, boundary="trim").sum()
mapped = (product.landslide == 1).coarsen(y=pixels, x=pixels, boundary="trim").sum()
density = (mapped / observed.where(observed > 0)).rename("landslide density")
density.plot.imshow(figsize=(8, 6))

# %%
landslides.sort_values("area_m2", ascending=False)[
    ["id", "area_m2", "length_m", "slope_mean_deg", "score_mean"]
].head()
