import json
from pathlib import Path

import pytest

from lsbatch import kernels


@pytest.fixture
def kernel_cases(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parent)
    import kernel_cases

    return kernel_cases


def test_every_kernel_has_a_case_and_agrees_with_its_oracle(kernel_cases):
    results = list(kernel_cases.cases(size=64, repeats=1))
    for result in results:
        assert set(json.loads(json.dumps(result))) == {
            "case",
            "value",
            "unit",
            "goal",
            "ok",
            "detail",
        }
        assert result["unit"] == "ratio" and result["goal"] == ">= 2"
        assert isinstance(result["ok"], bool) and result["value"] > 0
        assert result["detail"]["equal"], result["case"]
    timed = {result["case"].removeprefix("kernel-").replace("-", "_") for result in results}
    of_numbers = {"blend_weights", "c_coefficient", "kernel_reach", "mcc", "shadow_halo"}
    assert timed == set(kernels.__all__) - {"FLAT", "NO_GROUP", "Places"} - of_numbers
