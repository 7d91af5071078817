#!/usr/bin/env bash
# One event on one node: sbatch deploy/slurm/map_event.sh EVENT SOURCE DETECTOR OUT
#SBATCH --job-name=lsbatch
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=8
#SBATCH --mem-per-cpu=3G
#SBATCH --time=04:00:00
#SBATCH --signal=B:INT@120
# SIGINT two minutes before the walltime: lsbatch stops cleanly, and the same command resumes.
set -euo pipefail

if [ "$#" -ne 4 ]; then
  echo "usage: sbatch map_event.sh EVENT SOURCE DETECTOR OUT" >&2
  exit 2
fi

# LSBATCH names the installed command; by default the environment that `make demo` made
LSBATCH=${LSBATCH:-"${SLURM_SUBMIT_DIR:-$PWD}/.venv/bin/lsbatch"}

exec "$LSBATCH" map "$1" --source "$2" --detector "$3" --out "$4" \
  --workers "${SLURM_CPUS_PER_TASK:-1}"
