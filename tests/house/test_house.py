"""The house's laws about itself."""

import ast
import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "lsbatch"
ROOMS = sorted(path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file())


def test_import_law_is_kept():
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports")], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("room", ROOMS)
def test_each_room_has_a_door_that_keeps_its_promises(room):
    door = importlib.import_module(f"lsbatch.{room}")
    assert door.__doc__
    missing = [name for name in getattr(door, "__all__", []) if not hasattr(door, name)]
    assert not missing


def test_public_names_lead_to_their_rooms():
    import lsbatch

    for name in lsbatch.__all__:
        assert getattr(lsbatch, name) is not None
    with pytest.raises(AttributeError):
        _ = lsbatch.no_such_name


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("lsbatch", {"numpy", "dask", "xarray", "rasterio", "distributed"}),
        ("lsbatch.cli", {"dask", "xarray", "rasterio", "distributed", "matplotlib", "zarr"}),
        ("lsbatch.pipeline", {"matplotlib", "distributed", "pystac_client", "keras"}),
        ("lsbatch.batch", {"keras", "tensorflow"}),
    ],
)
def test_import_stays_light(module, heavy):
    code = f"import {module}, sys, json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert heavy.isdisjoint(json.loads(done.stdout))


def test_readme_map_equals_the_disk():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    house = readme.split("## The house", 1)[1].split("```")[1]
    named = set(re.findall(r"^  ([a-z_]+)(?:/|\.py)", house, flags=re.MULTILINE))
    on_disk = set(ROOMS) | {p.stem for p in PACKAGE.glob("*.py") if not p.stem.startswith("__")}
    assert named == on_disk
    top = set(re.findall(r"^([a-z]+)/", house, flags=re.MULTILINE))
    assert top == {"lsbatch", "catalogs", "deploy", "notebooks", "tests"}


def test_readme_commands_exist():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    for command in re.findall(r"^make ([a-z]+)", readme, flags=re.MULTILINE):
        assert command in targets


def test_pyproject_has_three_lines():
    assert len((ROOT / "pyproject.toml").read_text().splitlines()) == 3


def test_no_module_is_named_for_nothing():
    empty_words = {"utils", "common", "helpers", "core", "misc", "base"}
    assert not [p for p in PACKAGE.rglob("*.py") if p.stem in empty_words]


def test_functions_and_modules_stay_small():
    for path in PACKAGE.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        assert len(source.splitlines()) <= 400, path
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                length = (body[-1].end_lineno - body[0].lineno + 1) if body else 0
                assert length <= 40, f"{path.name}: {node.name} has {length} lines"


def test_versions_agree():
    import lsbatch

    assert f"version = {lsbatch.__version__}\n" in (ROOT / "setup.cfg").read_text()
