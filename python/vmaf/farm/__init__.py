"""Scores many clips, or long ones, on many machines, on Dask distributed: `python -m vmaf.farm`.

    from vmaf import farm

    if __name__ == "__main__":                      # local workers are new processes
        outcomes = farm.run(farm.pair_jobs(["ref.mp4", "a.mp4", "ref.mp4", "b.mp4"]), output="results")
"""
from ._jobs import name_jobs, pair_jobs, read_jobs
from ._output import Outcome, read_parquet
from ._run import State, run
from ._work import Job, Settings

__all__ = ["Job", "Outcome", "Settings", "State", "name_jobs", "pair_jobs", "read_jobs", "read_parquet", "run"]
