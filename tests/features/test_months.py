import numpy as np
import pytest
import xarray as xr

from lsbatch.domain import Preparation
from lsbatch.errors import ContractError
from lsbatch.features import monthly_medians, prepare_months
from lsbatch.features.months import MONTHS
from tests.cubes import LookOf, cube_of, grid_of, no_computing


def month_of(day):
    """The bin of a day of the year, 0 to 11, counted out as ALDI's script does; None = no bin."""
    for month in range(12):
        start = 1 + int(np.floor(30.4 * month + 0.5))
        if start <= day < start + 30:
            return month
    return None


def test_bins_are_those_of_aldi():
    assert MONTHS[0] == (1, 30) and len(MONTHS) == 12
    assert all(month_of(first) == month_of(last) == n for n, (first, last) in enumerate(MONTHS))
    assert [day for day in range(1, 367) if month_of(day) is None] == [61, 122, 213, 274, 365, 366]


@pytest.mark.real
def test_real_series_equals_pandas_by_month(shared_data):
    """68 looks of three years, some of one day, a third of them clouded."""
    series = np.load(shared_data / "sentinel2-series-slovenia" / "series.npz")
    ndvi, usable = series["ndvi"], series["is_valid"] & np.isfinite(series["ndvi"])
    time = series["time"].astype("datetime64[ns]")
    shuffled = np.random.default_rng(0).permutation(len(time))
    values = xr.Dataset({"ndvi": (("time", "y", "x"), ndvi)}, coords={"time": time})
    seen = xr.DataArray(usable, dims=("time", "y", "x"))
    with no_computing():
        lazy = monthly_medians(values.isel(time=shuffled).chunk(), seen.isel(time=shuffled))
    months = lazy.compute(scheduler="synchronous")
    assert months["ndvi"].sizes == {"month": 12, "y": 101, "x": 100}
    days = (time - time.astype("datetime64[Y]")).astype("timedelta64[D]").astype(int) + 1
    bins = np.array([-1 if month_of(day) is None else month_of(day) for day in days])
    known = 0
    for month in range(12):
        own = np.where(usable[bins == month], ndvi[bins == month], np.nan)
        count = np.isfinite(own).sum(axis=0)
        np.testing.assert_array_equal(months["count"].values[month], count)
        found = months["ndvi"].values[month]
        np.testing.assert_array_equal(np.isnan(found), count == 0)
        some = count > 0
        wanted = np.nanmedian(own[:, some].astype("f8"), axis=0) if some.any() else []
        np.testing.assert_allclose(found[some], wanted, rtol=1e-6)
        known += some.mean()
    assert known > 9
    # leaves: the meadows and woods of July are greener than those of January
    medians = np.nanmedian(months["ndvi"].values, axis=(1, 2))
    assert medians[6] > medians[0] + 0.2


def test_months_of_a_cube_keep_its_periods_apart_and_leave_out_what_is_not_usable():
    flags = np.array([[4, 9, 4]])
    looks = [
        LookOf("pre", quality=4, bands={"red": 0.1, "nir": 0.3}),
        LookOf("pre", quality=4, bands={"red": 0.1, "nir": 0.4}),
        LookOf("post", quality=flags, bands={"red": 0.2, "nir": 0.2}),
    ]
    cube = cube_of(looks, grid_of(1, 3))
    days = ["2020-01-03", "2021-01-20", "2021-03-05"]
    cube = cube.assign_coords(time=np.array(days, "datetime64[ns]"))
    months = prepare_months(cube, ("ndvi", "red"), Preparation(cloud_margin_m=0, snow_margin_m=0))
    assert months["ndvi"].dims == ("period", "month", "y", "x")
    pre, post = months.sel(period="pre"), months.sel(period="post")
    np.testing.assert_allclose(pre["ndvi"].sel(month=1), np.full((1, 3), 0.55), rtol=1e-6)
    assert (pre["count"].sel(month=1) == 2).all() and int(pre["count"].sum()) == 6
    np.testing.assert_allclose(post["red"].sel(month=3), [[0.2, np.nan, 0.2]], rtol=1e-6)
    assert int(post["count"].sum()) == 2


def test_a_band_that_the_cube_lacks_is_named():
    cube = cube_of([LookOf("pre", bands={"red": 0.1})], grid_of(2, 2), bands=("red",))
    with pytest.raises(ContractError, match="nir"):
        prepare_months(cube, ("ndvi",))
