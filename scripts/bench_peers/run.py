"""Lets Gridward and its peers do the same tasks in turns: `run.py PROGRAMS PYTHON WORK [TASK…]`.

For each task every contestant is a process of its own that has loaded its input. First their answers are compared: what
differs without an explanation ends the run. Then come rounds, in each of which everybody has a turn; medians are told.
"""

import json
import math
import os
import pathlib
import statistics
import subprocess
import sys

import numpy
import plans
import viewport
from vector_tile import areas_by_code

ROUNDS = 5
POSITIONS = 1_000_000
SLOW_POSITIONS = 200_000
# A tile of the design's goal S3.
TILE_CELLS = 263
SEED = 20_261_122

PROGRAMS, PYTHON, WORK = map(pathlib.Path, sys.argv[1:4])
HERE = pathlib.Path(__file__).parent
LEFT_OUT = set(os.environ.get("PEERS_LEFT_OUT", "").split())
RUST = {"gridward", "gridward-proof", "rstar-geo", "tg", "geojson-crate"}

LOCATE = ["gridward", "rstar-geo", "tg", "shapely", "duckdb", "postgis"]
# METIS first: the others' cuts are told as parts of its.
CUT = ["metis-contig", "gridward", "gridward-fast", "kahip-fast", "mtkahypar"]
TASKS = {
    "locate-1k": ("locate", 1_000, LOCATE),
    "locate-10k": ("locate", 10_000, LOCATE),
    "locate-100k": ("locate", 100_000, LOCATE),
    "parse": ("parse", 10_000, ["gridward", "geojson-crate", "tg", "shapely", "gdal"]),
    "validate": ("validate", 100_000, ["gridward", "gridward-proof", "geos-coverage"]),
    "simplify": ("simplify", 10_000, ["gridward", "geos-coverage"]),
    "union": ("union", 100_000, ["gridward", "geos-coverage"]),
    "tile": ("tile", 10_000, ["gridward", "postgis"]),
    "plans-5k": ("plans", 5_000, CUT + ["mtkahypar-highest", "gerrychain"]),
    "plans-50k": ("plans", 50_000, CUT + ["mtkahypar-highest", "gerrychain"]),
    "plans-1m": ("plans", 1_000_000, CUT + ["mtkahypar-large-k", "gerrychain"]),
    # Servers, by their CPU: viewport.py.
    "viewport": ("viewport", 2_500, ["postgis", "postgraphile"]),
}


class Contestant:
    def __init__(self, who, task, folder):
        self.who = who
        command = [PROGRAMS / "bench-peers"] if who in RUST else [PYTHON, HERE / "peers.py"]
        self.process = subprocess.Popen(
            [*command, who, task, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.seconds = []
        self.expect("ready")

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def line(self):
        line = self.process.stdout.readline().strip()
        if not line:
            sys.exit(f"{self.who} ended: see above")
        return line

    def expect(self, word):
        line = self.line()
        if line != word:
            sys.exit(f'{self.who} says "{line}" instead of "{word}"')

    def answers(self, path):
        self.say(f"answers {path}")
        self.expect("written")
        return path.read_bytes()

    def round(self):
        self.say("round")
        self.seconds.append(float(self.line()))

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def generated(cells):
    """A lattice and positions over it, the same bytes at every run."""
    folder = WORK / f"lattice-{cells}"
    if not (folder / "positions.f64").exists():
        command = [PROGRAMS / "geo-tools", "generate", "--preset", "bench", "--cells", str(cells), "--seed", str(SEED)]
        subprocess.run([*command, "--positions", str(POSITIONS), "-o", folder], check=True)
        rows = numpy.loadtxt(folder / "positions.csv", delimiter=",", skiprows=1, usecols=(1, 2))
        rows.astype("<f8").tofile(folder / "positions.f64")
    return folder


def break_one_corner(folder):
    """Moves one corner of one cell by 30 units of 1e-7 degree, 0.3 m, and not its neighbour's."""
    cells = json.loads((folder / "cells.geojson").read_text())
    geometry = cells["features"][len(cells["features"]) // 2]["geometry"]
    ring = geometry["coordinates"][0]
    ring = ring[0] if geometry["type"] == "MultiPolygon" else ring
    ring[len(ring) // 2][0] = round(ring[len(ring) // 2][0] + 30e-7, 7)
    (folder / "broken.geojson").write_text(json.dumps(cells))


def choose_tile(folder):
    """Writes the cells in the tile whose count of them is nearest to TILE_CELLS."""
    cells = json.loads((folder / "cells.geojson").read_text())
    boxes = []
    for feature in cells["features"]:
        kind, coordinates = feature["geometry"]["type"], feature["geometry"]["coordinates"]
        rings = [coordinates] if kind == "Polygon" else coordinates
        corners = numpy.array([position for polygon in rings for position in polygon[0]])
        low, high = corners.min(axis=0), corners.max(axis=0)
        # In Web Mercator's square from 0 to 1; y points south.
        boxes.append((*mercator(low[0], high[1]), *mercator(high[0], low[1])))
    boxes = numpy.array(boxes)
    best = None
    for z in range(10, 15):
        scaled, buffer = boxes * 2.0**z, 64 / 4096
        for x in {math.floor(at) for at in scaled[:, 0]}:
            for y in {math.floor(at) for at in scaled[:, 1]}:
                west, east = scaled[:, 0] <= x + 1 + buffer, scaled[:, 2] >= x - buffer
                north, south = scaled[:, 1] <= y + 1 + buffer, scaled[:, 3] >= y - buffer
                within = west & east & north & south
                off = abs(int(within.sum()) - TILE_CELLS)
                if best is None or off < best[0]:
                    best = (off, z, x, y, within)
    _, z, x, y, within = best
    kept = [feature for feature, is_in in zip(cells["features"], within) if is_in]
    (folder / "tile.json").write_text(json.dumps({"z": z, "x": x, "y": y, "cells": len(kept)}))
    (folder / "tile.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": kept}))


def mercator(lon, lat):
    sine = math.sin(math.radians(lat))
    return lon / 360 + 0.5, 0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi)


def refuse(who, what):
    sys.exit(f"{who} answers differently: {what}. Nothing is measured.")


def compare_locations(answers):
    """Owners must be the same but for positions on a border, which peers give to no cell or to several."""
    ours = answers.pop("gridward")
    count = len(ours) // 5
    owners = numpy.frombuffer(ours[: 4 * count], dtype="<i4")
    on_border = numpy.frombuffer(ours[4 * count :], dtype="u1").astype(bool)
    print(f"  {count} positions, {int((owners < 0).sum())} in no cell, {int(on_border.sum())} on a border")
    for who, theirs in answers.items():
        theirs = numpy.frombuffer(theirs, dtype="<i4")
        differ = theirs != owners[: len(theirs)]
        off_border = int((differ & ~on_border[: len(theirs)]).sum())
        print(f"  {who}: {len(theirs)} compared, {int(differ.sum())} differ, {off_border} of them off the borders")
        if off_border:
            refuse(who, f"{off_border} positions that lie on no border")


def compare_json(answers):
    ours = json.loads(answers.pop("gridward"))
    print(f"  {ours}")
    for who, theirs in answers.items():
        if json.loads(theirs) != ours:
            refuse(who, json.loads(theirs))
        print(f"  {who}: the same")


def compare_tiles(answers):
    """The same features; what the makers round, clip and drop may change an area by 2 % and by 40 square units."""
    ours = areas_by_code(answers.pop("gridward"))
    for who, theirs in answers.items():
        theirs = areas_by_code(theirs)
        only = {code for code in ours.keys() ^ theirs.keys() if max(ours.get(code, 0), theirs.get(code, 0)) > 40}
        off = [code for code in ours.keys() & theirs.keys() if abs(ours[code] - theirs[code]) > 40 + 0.02 * ours[code]]
        print(f"  {who}: {len(theirs)} features, ours {len(ours)}; {len(only)} only in one, {len(off)} of another area")
        if only or off:
            refuse(who, f"cells {sorted(only)[:5]} {sorted(off)[:5]}")


def compare_simplified(answers):
    """Methods and tolerances differ; all must keep a coverage, and about as many positions."""
    for who, answer in answers.items():
        answer = json.loads(answer)
        print(f"  {who}: {answer['kept']:.1%} of the positions are kept, a coverage: {answer['valid']}")
        if not answer["valid"] or not 0.45 < answer["kept"] < 0.55:
            refuse(who, answer)


COMPARE = {"simplify": compare_simplified, "locate": compare_locations, "tile": compare_tiles}


def told(task, contestant, ours):
    median = statistics.median(contestant.seconds)
    spread = f"{min(contestant.seconds):.3g} to {max(contestant.seconds):.3g}"
    if task == "locate":
        count = SLOW_POSITIONS if contestant.who == "postgis" else POSITIONS
        own = POSITIONS / statistics.median(ours.seconds)
        rate = count / median
        return f"{rate / 1e6:.2f} M/s", own / rate, spread
    if task == "tile":
        median /= 20
    ratio = median / (statistics.median(ours.seconds) / (20 if task == "tile" else 1))
    return f"{median * 1e3:.3g} ms", ratio, spread


def run(name):
    task, cells, everybody = TASKS[name]
    if task == "plans":
        print(f"\n{name}: {cells} generated units", flush=True)
        return plans.compare(cells, [who for who in everybody if who.split("-")[0] not in LEFT_OUT], PROGRAMS, PYTHON, WORK)
    folder = generated(cells)
    print(f"\n{name}: {task}, {cells} cells", flush=True)
    if task == "viewport":
        missing = LEFT_OUT.intersection(everybody)
        return print(f"  left out: {' '.join(missing)}") if missing else viewport.run(PROGRAMS, folder)
    if task == "validate":
        break_one_corner(folder)
    if task == "tile":
        choose_tile(folder)
        print(f"  {(folder / 'tile.json').read_text()}")
    contestants = [Contestant(who, task, folder) for who in everybody if who not in LEFT_OUT]
    try:
        answers = {each.who: each.answers(WORK / f"{each.who}.answers") for each in contestants}
        COMPARE.get(task, compare_json)(answers)
        for _ in range(ROUNDS):
            for each in contestants:
                each.round()
        print(f"  {'':16}{'median':>12}{'ours is':>12}   seconds of {ROUNDS} rounds")
        for each in contestants:
            median, ratio, spread = told(task, each, contestants[0])
            print(f"  {each.who:16}{median:>12}{ratio:>11.1f}x   {spread}", flush=True)
    finally:
        for each in contestants:
            each.end()


def main():
    wanted = sys.argv[4:] or list(TASKS)
    for name in wanted:
        if name not in TASKS:
            sys.exit(f'there is no task "{name}"; there are: {" ".join(TASKS)}')
    for name in wanted:
        run(name)


main()
