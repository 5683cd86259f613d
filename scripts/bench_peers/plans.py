"""Plans of Gridward and its peers for the same units, with three seeds each, all judged by the one checker."""

import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys

SEEDS = [1, 2, 3]
# How long somebody may take for one plan, and how much memory; who does not answer is not asked with other seeds.
LIMIT_S = int(os.environ.get("PEERS_LIMIT_S", "180"))
LIMIT_BYTES = 12 << 30
# What the cut is compared with.
RIVAL = "metis-contig"
HERE = pathlib.Path(__file__).parent


def limit():
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (2 * LIMIT_S, 2 * LIMIT_S))


class Field:
    """The units that all cut."""

    def __init__(self, count, programs, python, work):
        self.count, self.program, self.python = count, programs / "bench-peers", python
        self.folder = work / f"units-{count}"
        self.folder.mkdir(parents=True, exist_ok=True)
        told = self.ask("units", count, self.folder)
        (self.folder / "units.json").write_text(told)
        self.cells = json.loads(told)["cells"]

    def ask(self, *arguments):
        command = [self.program, "plans", *map(str, arguments)]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout

    def cut(self, who, seed):
        """What a plan has cost, or why there is none."""
        plan = self.folder / f"{who}-{seed}.i4"
        plan.unlink(missing_ok=True)
        if who.startswith("gridward"):
            effort = "fast" if who.endswith("-fast") else "full"
            command = [self.program, "plans", "cut", str(self.count), str(seed), effort, plan]
        else:
            command = [self.python, "-B", HERE / "cutters.py", who, self.folder, str(seed), plan]
        try:
            run = subprocess.run(
                command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=LIMIT_S, preexec_fn=limit
            )
        except subprocess.TimeoutExpired:
            return None, f"no answer within {LIMIT_S} s"
        if run.returncode != 0:
            last = (run.stderr or run.stdout).strip().splitlines()[-1:] or [""]
            return None, f"ends with {run.returncode}: {last[0][:100]}"
        # A peer may print more before it.
        return json.loads(run.stdout.strip().splitlines()[-1]), plan

    def judged(self, plan):
        return json.loads(self.ask("judge", self.count, plan))


def compare(count, everybody, programs, python, work):
    field = Field(count, programs, python, work)
    print(f"  {field.cells} cells of 400 within 5 %, one thread, medians of seeds {SEEDS}; each judged as by `geo-tools score`")
    print(f"  {'':20}{'contiguous':>12}{'in tolerance':>14}{'cut, km':>12}{'of METIS':>10}{'shape':>8}{'CPU, s':>9}{'MB':>7}")
    rows, broken = {}, 0
    for who in everybody:
        plans = []
        for seed in SEEDS:
            cost, plan = field.cut(who, seed)
            if cost is None:
                print(f"  {who:20}{plan} (seed {seed})", flush=True)
                break
            plans.append({**cost, **field.judged(plan)})
        if not plans:
            continue
        rows[who] = median = {key: statistics.median(plan[key] for plan in plans) for key in plans[0]}
        if who.startswith("gridward"):
            broken += sum(plan["broken_rules"] for plan in plans)
        of_rival = f"{median['cut_km'] / rows[RIVAL]['cut_km']:.3f}" if RIVAL in rows else ""
        print(
            f"  {who:20}{median['contiguous']:>12.2%}{median['in_tolerance']:>14.2%}{median['cut_km']:>12.2f}{of_rival:>10}"
            f"{median['polsby_popper']:>8.3f}{median['cpu_s']:>9.2f}{median['peak_mb']:>7.0f}",
            flush=True,
        )
    if broken:
        sys.exit(f"Gridward's own plans break {broken} rules.")
