"""make bench: every case, one JSON object a line."""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2]))

import cube_cases
import kernel_cases
import mask_cases
import plan_cases
import realism_cases
import registration_cases
import run_cases
import simulate_cases
import skill_cases

GROUPS = {
    "cubes": cube_cases.cases,
    "kernels": kernel_cases.cases,
    "stages": run_cases.stages,
    "memory": run_cases.memory,
    "plan": plan_cases.cases,
    "simulate": simulate_cases.cases,
    "registration": registration_cases.cases,
    "mask": mask_cases.cases,
    "realism": realism_cases.cases,
    "skill": skill_cases.cases,
}


def results(only: str | None = None) -> Iterator[dict]:
    """Results of all groups, or of one."""
    for group, cases in GROUPS.items():
        if only in (None, group):
            yield from cases()


def main() -> int:
    """Print the results; exit 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=sorted(GROUPS), help="one group of cases")
    missed = 0
    for result in results(parser.parse_args().only):
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()
        missed += not result["ok"]
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
