"""Judges plans of `geo-tools partition` with shapely: the cells are the ground of their units, a coverage, each in one piece.

usage: districting.py GEO_TOOLS DATA FOLDER

Cuts each case below and reads the plan, the cells and the report. What lies beside what, what hangs together and what a cell
weighs are found out anew, from the file of the units and the plan alone. FOLDER is for what is written.
"""

import collections
import csv
import decimal
import gzip
import json
import math
import pathlib
import re
import subprocess
import sys

import numpy
import shapely

from grid import Claims, features, ring, shape

TOLERANCE = decimal.Decimal("0.05")
# Written beside the plans: units that get a difficulty and visits here.
WORK = "work.geojson"
# Units, their id, weight and parent, the target, and how many cells may be out of tolerance without a certificate, if that is
# claimed.
CASES = {
    "Liechtenstein at 400": ("town-liechtenstein/blocks.geojson.gz", "block_id", "dwellings", "municipality", 400, 0),
    # Many blocks weigh half a cell or more: whether they can be combined is hard to say (docs/districting.md).
    "Liechtenstein at 100": ("town-liechtenstein/blocks.geojson.gz", "block_id", "dwellings", "municipality", 100, 9),
    "Providence at 400 households": ("partition-providence/blocks.geojson.gz", "geoid", "pop", None, 1000, 0),
    "Providence at 400 households by ward": ("partition-providence/blocks.geojson.gz", "geoid", "pop", "ward", 1000, 0),
    "Iowa at 4": ("partition-iowa/counties.geojson.gz", "geoid", "pop", None, 761588, 0),
    # What is asked here is what cells weigh; how well they can be cut was asked above.
    "Providence by work": (WORK, "geoid", "pop", None, 1500, None),
}


# The units of a case above, and lines; how near these must be to a border, and what they are worth in the plans.
ROADS = ("Liechtenstein at 400", "town-liechtenstein/roads.geojson.gz")
WITHIN_M = 10
# How near a street lies to the units that are visited from it.
BESIDE_M = 15
WORTHS = ("0", "0.5")
NO = ("", "no", "n", "false", "f", "0")


class Units:
    """The units of a file; a pair is linked where GEOS finds a border of some length between them."""

    def __init__(self, path, id_name, weight_name, parent_name):
        read = features(path)
        number = lambda unit, name, otherwise: unit["properties"][name] if path.name == WORK else otherwise
        self.ids = [str(unit["properties"][id_name]) for unit in read]
        self.at = {name: at for at, name in enumerate(self.ids)}
        self.households = [unit["properties"][weight_name] for unit in read]
        self.visits = [number(unit, "visits", 0) for unit in read]
        difficulties = [number(unit, "difficulty", 1) for unit in read]
        self.weights = [of * by + more for of, by, more in zip(self.households, difficulties, self.visits)]
        self.parents = [str(unit["properties"][parent_name]) if parent_name else None for unit in read]
        self.shapes = [shape(unit["geometry"]) for unit in read]
        first, second = shapely.STRtree(self.shapes).query(self.shapes, predicate="touches")
        once = first < second
        first, second = first[once], second[once]
        shared = shapely.intersection([self.shapes[at] for at in first], [self.shapes[at] for at in second])
        self.beside = collections.defaultdict(list)
        self.borders = {}
        for one, other, border in zip(first, second, shared):
            if border.length > 0:
                self.beside[one].append(other)
                self.beside[other].append(one)
                self.borders[one, other] = border

    def pieces(self, members):
        """How many pieces some units are in, and the units of each."""
        left, pieces = set(members), []
        while left:
            open_ones = [left.pop()]
            piece = list(open_ones)
            while open_ones:
                near = left.intersection(self.beside[open_ones.pop()])
                left -= near
                open_ones += near
                piece += near
            pieces.append(piece)
        return pieces

    def components(self):
        """For each unit what hangs together with it within its parent."""
        members = collections.defaultdict(list)
        for at, parent in enumerate(self.parents):
            members[parent].append(at)
        return {at: piece for units in members.values() for piece in self.pieces(units) for at in piece}


def write_work(blocks, path):
    """The same units, each with a difficulty and visits that follow from its place in the file."""
    with gzip.open(blocks, "rt", encoding="utf-8") as file:
        collection = json.load(file)
    for at, unit in enumerate(collection["features"]):
        unit["properties"] |= {"difficulty": (0.5, 1, 1.25, 3)[at % 4], "visits": at % 7}
    path.write_text(json.dumps(collection), encoding="utf-8")


def metres(latitude):
    """Metres east and north of 1e-7 degree (series of the WGS 84 ellipsoid)."""
    turn = math.radians(latitude)
    north = 111132.92 - 559.82 * math.cos(2 * turn) + 1.175 * math.cos(4 * turn)
    east = 111412.84 * math.cos(turn) - 93.5 * math.cos(3 * turn)
    return numpy.array([east, north]) / 1e7


def sides(path, scale):
    """Where each side of the lines of a file that run above ground begins, and the way it goes."""
    is_said = lambda line, name: str(line["properties"].get(name, "no")).strip().lower() not in NO
    lines = []
    for line in features(path):
        if is_said(line, "tunnel") and not is_said(line, "bridge"):
            continue
        given = line["geometry"]["coordinates"]
        lines += [given] if line["geometry"]["type"] == "LineString" else given
    lines = [numpy.array(ring(line)) * scale for line in lines]
    starts = numpy.concatenate([line[:-1] for line in lines])
    ways = numpy.concatenate([line[1:] for line in lines]) - starts
    moves = (ways != 0).any(axis=1)
    return starts[moves], ways[moves]


def stretches(starts, ways, longest=1):
    """Sides in stretches of at most so many metres: the side of each, its middle and its length."""
    lengths = numpy.hypot(*ways.T)
    counts = numpy.ceil(lengths / longest).astype(int).clip(1)
    of = numpy.repeat(numpy.arange(len(counts)), counts)
    within = numpy.arange(len(of)) - numpy.repeat(numpy.cumsum(counts) - counts, counts)
    return of, starts[of] + ways[of] * ((within + 0.5) / counts[of])[:, None], (lengths / counts)[of]


class ClearLines:
    """How much of a border runs along lines, looked at every metre."""

    def __init__(self, path, scale):
        self.scale = scale
        starts, self.ways = sides(path, scale)
        self.tree = shapely.STRtree(shapely.linestrings(numpy.stack([starts, starts + self.ways], axis=1)))

    def along(self, borders):
        """Metres of some borders, and how many of them are clear."""
        # A border may be lines and points, and of these again several in one.
        parts = shapely.get_parts(shapely.get_parts(borders))
        parts = [part for part in parts if part.length > 0]
        lines = [shapely.get_coordinates(part) * self.scale for part in parts]
        starts = numpy.concatenate([line[:-1] for line in lines])
        ways = numpy.concatenate([line[1:] for line in lines]) - starts
        of, places, lengths = stretches(starts, ways)
        place, near = self.tree.query(shapely.points(places), predicate="dwithin", distance=WITHIN_M)
        own, other = ways[of[place]], self.ways[near]
        cosines = abs((own * other).sum(axis=1)) / (numpy.hypot(*own.T) * numpy.hypot(*other.T))
        is_clear = numpy.zeros(len(of), dtype=bool)
        is_clear[place[cosines >= math.cos(math.pi / 4)]] = True
        return lengths.sum(), lengths[is_clear].sum()


def judge_clear(claims, name, units, lines, rows, report):
    """Whether the plan and each of its cells have the clear borders that are reported."""
    cells = {units.at[row["unit"]]: row["cell"] for row in rows}
    borders = [(pair, border) for pair, border in units.borders.items() if cells[pair[0]] != cells[pair[1]]]
    of_cells = collections.defaultdict(list)
    for pair, border in borders:
        for at in pair:
            of_cells[cells[at]].append(border)
    length, clear = lines.along([border for _, border in borders])
    # Stretches of 2.5 m are compared with such of 1 m: what a few thousand of them come to is compared more closely.
    told = float(report["clear_share"])
    contradictions = [] if abs(told - clear / length) <= 0.005 else [(told, clear / length)]
    claims.hold(f"{name}: {told:.1%} of the borders are clear", contradictions)
    wrong = []
    for cell in report["cells"]:
        of_cell = of_cells[cell["cell"]]
        if not of_cell:
            if cell["clear_share"] is not None:
                wrong.append(cell["cell"])
            continue
        length, clear = lines.along(of_cell)
        # A border of a few metres has few stretches.
        if abs(float(cell["clear_share"]) - clear / length) > 0.02 + 20 / length:
            wrong.append((cell["cell"], cell["clear_share"], clear / length))
    claims.hold(f"{name}: each cell has the clear borders that are reported", wrong)


class Walks:
    """How far one walks through some units: straight, by the ground where somebody lives, or along the streets there."""

    def __init__(self, units, scale, streets=None):
        self.households = numpy.array([float(count) for count in units.households])
        lived_in = self.households > 0
        squares = numpy.array([float(metres(float(of.centroid.y) / 1e7).prod()) for of in units.shapes])
        self.ground = numpy.where(lived_in, shapely.area(units.shapes) * squares, 0)
        self.streets = None
        if streets:
            _, places, lengths = stretches(*sides(streets, scale), longest=5)
            ground = shapely.transform(numpy.array(units.shapes), lambda places: places * scale)[lived_in]
            place, unit = shapely.STRtree(ground).query(shapely.points(places), predicate="dwithin", distance=BESIDE_M)
            parts = lengths[place] / numpy.bincount(place, minlength=len(places))[place]
            self.streets = numpy.zeros(len(lived_in))
            self.streets[lived_in] = numpy.bincount(unit, weights=parts, minlength=lived_in.sum())

    def walk(self, members):
        if self.streets is not None:
            return self.streets[members].sum()
        return 0.7124 * math.sqrt(self.households[members].sum() * self.ground[members].sum())

    def round(self, members, asked):
        """How many households are visited, how far one walks, and how many hours both take."""
        households, walk = self.households[members].sum(), self.walk(members)
        return households, walk, households * asked["visit_minutes"] / 60 + walk / 1e3 / asked["walk_kmh"]


def excuse_round(units, walks, asked, ground, members, reason, least):
    """Why a certificate of a cell that takes too long is wrong; a cell must have so many households at least."""
    if reason == "OVERSIZE_UNIT":
        longest = max(walks.round([at], asked)[2] for at in members)
        # Walks are estimated in other stretches here.
        return None if longest > asked["hours"] * 0.98 - 0.02 else f"no unit alone takes more than {longest} hours"
    if reason == "PARENT_ARITHMETIC":
        visits = least * asked["visit_minutes"] / 60
        return None if visits > asked["hours"] else f"{least} households are {visits} hours"
    if reason == "SMALL_COMPONENT":
        is_all = len(ground) == len(members)
        return None if is_all and sum(units.weights[at] for at in members) < 2 * least else "not all, or enough for two"
    return "an unknown reason"


def judge_rounds(claims, name, units, walks, rows, report):
    """Whether a round through each cell takes what is reported."""
    members = collections.defaultdict(list)
    for row in rows:
        members[row["cell"]].append(units.at[row["unit"]])
    asked = {key: value if key == "along" else float(value) for key, value in report["rounds"].items()}
    means = {parent["parent"]: float(parent["mean"]) for parent in report["parents"]}
    components, excused, unexcused = units.components(), [], set()
    wrong, late = [], 0
    for cell in report["cells"]:
        told, of = cell["round"], members[cell["cell"]]
        households, walk, hours = walks.round(of, asked)
        if told["certificate"]:
            least = means[cell["parent"]] * float(1 - TOLERANCE)
            why = excuse_round(units, walks, asked, components[of[0]], of, told["certificate"]["reason"], least)
            excused += [(cell["cell"], why)] if why else []
        elif not told["in_time"]:
            unexcused.add(cell["cell"])
        is_late = hours > asked["hours"]
        late += not told["in_time"]
        # Stretches of streets of 20 m, and circles with corners, are compared with such of 5 m and round ones.
        near = abs(float(told["walk_m"]) - walk) <= 0.02 * walk + 50
        is_close = abs(hours - asked["hours"]) <= 0.01 * hours
        if not near or float(told["households"]) != households or (is_late == told["in_time"] and not is_close):
            wrong.append((cell["cell"], told, households, walk, hours))
    claims.hold(f"{name}: a round through each cell takes what is reported ({late} take too long)", wrong)
    claims.hold(f"{name}: each certificate of a cell that takes too long is right", excused)
    broken = [problem for problem in report["problems"] if problem["code"] == "CONDITION_BROKEN"]
    told = {cell for problem in broken for cell in problem["features"]}
    claims.hold(f"{name}: the {len(unexcused)} cells that take too long without one are told", unexcused ^ told)


def cut(geo_tools, folder, path, case, more=()):
    _, id_name, weight_name, parent_name, target, _ = case
    command = [geo_tools, "partition", "--units", path, "--id", id_name, "--weight", weight_name]
    command += ["--parent", parent_name] if parent_name else []
    command += ["--difficulty", "difficulty", "--visits", "visits"] if path.name == WORK else []
    command += ["--target", str(target), "--tolerance", str(TOLERANCE), "--seed", "1", "-o", folder / "plan.csv"]
    command += ["--cells", folder / "cells.geojson", "--report", folder / "report.json", *more]
    run = subprocess.run(command, stderr=subprocess.PIPE, text=True)
    if run.returncode not in (0, 1):
        sys.exit(run.stderr)
    with open(folder / "plan.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"), parse_float=decimal.Decimal)
    return rows, features(folder / "cells.geojson"), report


def groups_around(units, unit, least, most):
    """All that hangs together around a unit and weighs what a cell may, as bits; what weighs nothing is left out."""

    def beside(unit):
        near, seen, open_ones = set(), {unit}, [unit]
        while open_ones:
            for other in units.beside[open_ones.pop()]:
                if other not in seen and units.parents[other] == units.parents[unit]:
                    seen.add(other)
                    if units.weights[other] > 0:
                        near.add(other)
                    else:
                        open_ones.append(other)
        return near

    known, found, open_ones = set(), set(), [frozenset([unit])]
    while open_ones:
        group = open_ones.pop()
        weight = sum(units.weights[at] for at in group)
        if group in known or weight > most:
            continue
        known.add(group)
        if weight >= least:
            found.add(sum(1 << int(at) for at in group))
        open_ones += (group | {other} for other in set().union(*map(beside, group)) - group)
    return found


def can_be_apart(lists):
    """Whether one group can be taken of each list so that no two share a unit; one that is in two lists is for both."""
    if not lists:
        return True
    shortest = min(lists, key=lambda number: len(lists[number]))
    for group in lists[shortest]:
        rest = {at: [other for other in groups if not other & group] for at, groups in lists.items() if not group >> at & 1}
        if can_be_apart(rest):
            return True
    return False


def excuse_conflict(units, members, named, span, taken):
    """Why it is wrong that some units cannot all be in cells in tolerance; `taken` are those of cells that are certified otherwise,
    and of other such certificates."""
    named = {units.at[name] for name in named.split(", ")}
    if named & taken or not named & set(members):
        return f"{named & taken} are in another certificate, {named & set(members)} in the cell"
    taken |= named
    return f"{named} can be" if can_be_apart({at: groups_around(units, at, *span) for at in named}) else None


def excuse(units, components, members, certificate, mean, taken):
    """Why a certificate is wrong; that nothing around a single unit is in tolerance is left to the checker."""
    total = lambda of: sum(units.weights[at] for at in of)
    least, most = mean * (1 - TOLERANCE), mean * (1 + TOLERANCE)
    ground = components[members[0]]
    if certificate["reason"] == "SMALL_COMPONENT":
        return None if len(ground) == len(members) and total(ground) < least else "not all of a small component"
    if certificate["reason"] == "PARENT_ARITHMETIC":
        numbers = range(1, int(total(ground) / least) + 1)
        fitting = [number for number in numbers if least * number <= total(ground) <= most * number]
        return f"{fitting} cells would fit" if fitting else None
    if conflict := re.fullmatch(r"units (.*) cannot all be in cells within .*", certificate["detail"]):
        # What is reported of the mean is rounded.
        rounding = decimal.Decimal("1e-6")
        return excuse_conflict(units, members, conflict[1], (least - rounding, most + rounding), taken)
    return None if certificate["reason"] == "OVERSIZE_UNIT" else "an unknown reason"


def judge(claims, name, units, most_unexcused, rows, cells, report):
    hold = lambda claim, contradictions: claims.hold(f"{name}: {claim}", contradictions)
    plan = [row["unit"] for row in rows]
    hold(f"each of {len(units.ids)} units is in the plan once", [] if sorted(plan) == sorted(units.ids) else [len(plan)])
    members = collections.defaultdict(list)
    for row in rows:
        members[row["cell"]].append(units.at[row["unit"]])
    drawn = {cell["properties"]["cell"]: shape(cell["geometry"]) for cell in cells}
    told = {cell["cell"]: cell for cell in report["cells"]}
    hold(f"{len(members)} cells are drawn and reported", {*members} ^ {*drawn} | {*members} ^ {*told})

    hold("each cell is in one piece", (cell for cell, of in members.items() if len(units.pieces(of)) != 1))
    hold("each cell lies in one parent", (cell for cell, of in members.items() if len({units.parents[at] for at in of}) != 1))
    united = {cell: shapely.union_all([units.shapes[at] for at in of]) for cell, of in members.items()}
    # In units of 1e-7 degree; what is drawn has the same corners, so not even rounding is between them.
    apart = lambda one, other: shapely.symmetric_difference(one, other).area
    hold("each cell is the union of its units", (cell for cell in members if apart(united[cell], drawn[cell]) > 1))
    areas = list(drawn.values())
    hold("the cells are valid, and a coverage to GEOS", [] if shapely.is_valid(areas).all() and shapely.coverage_is_valid(areas) else ["not"])
    all_cells, all_units = shapely.union_all(areas), shapely.union_all(units.shapes)
    hold("all cells together are all units together", [apart(all_cells, all_units)] if apart(all_cells, all_units) > 1 else [])

    weights = {cell: sum(units.weights[at] for at in of) for cell, of in members.items()}
    hold("each cell weighs what is reported", (cell for cell in members if told[cell]["weight"] != weights[cell]))
    made_of = {"households": units.households, "visits": units.visits} if "work" in report else {}
    for key, counts in made_of.items():
        sums = {cell: sum(counts[at] for at in of) for cell, of in members.items()}
        hold(f"each cell has the {key} that are reported", (cell for cell in members if told[cell][key] != sums[cell]))
    means = {parent["parent"]: decimal.Decimal(parent["mean"]) for parent in report["parents"]}
    components, wrong, unexcused = units.components(), [], []
    otherwise = [cell for cell in told.values() if cell["certificate"] and "cannot all be" not in cell["certificate"]["detail"]]
    taken = {at for cell in otherwise for at in members[cell["cell"]]}
    for cell, of in members.items():
        mean, certificate = means[told[cell]["parent"]], told[cell]["certificate"]
        is_in = abs(weights[cell] - mean) <= mean * TOLERANCE + decimal.Decimal("1e-6")
        if abs(weights[cell] / mean - 1 - told[cell]["deviation"]) > decimal.Decimal("1e-9") or (is_in and certificate):
            wrong.append((cell, weights[cell], mean, told[cell]))
        if not is_in and certificate is None:
            unexcused.append((cell, weights[cell], mean))
        elif not is_in and (why := excuse(units, components, of, certificate, mean, taken)):
            wrong.append((cell, why))
    hold("each deviation is as reported, and each certificate is right", wrong)
    if most_unexcused is not None:
        excess = unexcused if len(unexcused) > most_unexcused else []
        hold(f"at most {most_unexcused} cells are out of tolerance without a certificate ({len(unexcused)} are)", excess)


def main(geo_tools, data, folder):
    claims = Claims()
    write_work(data / "partition-providence/blocks.geojson.gz", folder / WORK)
    for name, case in CASES.items():
        path = (folder if case[0] == WORK else data) / case[0]
        units = Units(path, *case[1:4])
        judge(claims, name, units, case[5], *cut(geo_tools, folder, path, case))
    name, roads = ROADS
    case = CASES[name]
    units = Units(data / case[0], *case[1:4])
    scale = metres(float(shapely.union_all(units.shapes).centroid.y) / 1e7)
    lines = ClearLines(data / roads, scale)
    for worth in WORTHS:
        more = ("--clear-lines", data / roads, "--clear-within-m", str(WITHIN_M), "--clear-worth", worth)
        rows, cells, report = cut(geo_tools, folder, data / case[0], case, more)
        told = f"{name} along roads worth {worth}"
        judge(claims, told, units, None, rows, cells, report)
        judge_clear(claims, told, units, lines, rows, report)
    for days, streets in (("3", None), ("3", data / roads), ("2", None)):
        told = f"{name} in {days} days" + (" along roads" if streets else "")
        more = ("--visitable-days", days, *(("--streets", streets) if streets else ()))
        rows, cells, report = cut(geo_tools, folder, data / case[0], case, more)
        judge(claims, told, units, None, rows, cells, report)
        judge_rounds(claims, told, units, Walks(units, scale, streets), rows, report)
    return claims


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    verdict = main(*map(pathlib.Path, sys.argv[1:]))
    print(f"{verdict.passed} passed, {verdict.failed} failed")
    sys.exit(1 if verdict.failed else 0)
