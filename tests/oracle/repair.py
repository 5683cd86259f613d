"""Judges `geo-tools validate` and `repair` with GEOS: every gap and overlap is told, and no other ground; the result is a
coverage, nothing but what was reported changed hands, and no other border moved.

usage: repair.py BEFORE.geojson.gz TOLD.json AFTER.geojson REPORT.json
"""

import gzip
import json
import math
import sys

import shapely
from shapely.geometry import shape

UNIT = 1e-7


def read(path):
    opened = gzip.open if path.endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8") as file:
        return [shape(feature["geometry"]) for feature in json.load(file)["features"]]


def square_metres(geometry):
    """Flat, with the radii of the ellipsoid at the place: good to a thousandth for a sliver."""
    if geometry.is_empty:
        return 0.0
    lat = math.radians(geometry.centroid.y)
    bend = 1 - 0.00669438 * math.sin(lat) ** 2
    across = math.radians(6378137.0 / math.sqrt(bend) * math.cos(lat))
    along = math.radians(6378137.0 * (1 - 0.00669438) / bend**1.5)
    return geometry.area * across * along


def check(name, holds, detail=""):
    print(f"{'ok' if holds else 'FAILED'}: {name} {detail}")
    return bool(holds)


def is_wider(ground):
    """Whether it is wider than two units: what is thinner may be rounding alone."""
    return not ground.buffer(-2 * UNIT).is_empty


def holes_of(whole):
    """What lies in the holes of a map and is nobody's."""
    parts = whole.geoms if whole.geom_type == "MultiPolygon" else [whole]
    return [shapely.Polygon(ring).difference(whole) for part in parts for ring in part.interiors]


def overlaps_of(areas):
    """The ground of every two areas that have some in common, by their indexes."""
    pairs = shapely.STRtree(areas).query(areas, predicate="intersects").T
    return {(one, two): areas[one].intersection(areas[two]) for one, two in pairs if one < two}


def judge_told(before, told):
    """Each gap and overlap that GEOS finds is told of those whose it is, and nothing else is."""
    whole = shapely.union_all(before)
    holes, overlaps = holes_of(whole), overlaps_of(before)
    thin = {"SLIVER", "T_JUNCTION"}

    def untold(ground, codes, indexes=()):
        of_it = [shape(one["geometry"]) for one in told if one["code"] in codes and set(indexes) <= set(one["indexes"])]
        return is_wider(ground.difference(shapely.union_all(of_it).buffer(2 * UNIT)))

    gaps = [hole for hole in holes if is_wider(hole)]
    shared = {pair: ground for pair, ground in overlaps.items() if is_wider(ground)}
    untold_gaps = [gap for gap in gaps if untold(gap, thin | {"GAP"})]
    untold_pairs = [pair for pair, ground in shared.items() if untold(ground, thin | {"OVERLAP"}, pair)]
    errors = [shape(one["geometry"]) for one in told if one["severity"] == "error"]
    several = shapely.union_all(list(overlaps.values())).buffer(2 * UNIT)
    besides = [place for place in errors if is_wider(place.intersection(whole).difference(several))]
    return [
        check("every hole of the map is told", gaps and not untold_gaps, f"{len(gaps)} holes, {len(untold_gaps)} untold"),
        check("every overlap of two is told of both", shared and not untold_pairs, f"{len(shared)} overlaps, untold {untold_pairs}"),
        check("nothing is refused but ground of nobody or of several", errors and not besides, f"{len(errors)} places, {len(besides)} not"),
    ]


def sides(area):
    """Each side of each ring of an area, in units, its ends in order."""
    found = set()
    for ring in shapely.get_rings(area):
        corners = [(round(lon / UNIT), round(lat / UNIT)) for lon, lat in shapely.get_coordinates(ring)]
        found.update((min(pair), max(pair)) for pair in zip(corners, corners[1:]) if pair[0] != pair[1])
    return found


def moved_sides(before, after, near):
    """The sides that an area has no more, though nothing that was mended is near."""
    gone = [side for old, new in zip(before, after) for side in sides(old) - sides(new)]
    lines = shapely.linestrings([[[unit * UNIT for unit in end] for end in side] for side in gone])
    return [side for side, is_near in zip(gone, shapely.intersects(lines, near)) if not is_near]


def main(before_path, told_path, after_path, report_path):
    before, after = read(before_path), read(after_path)
    with open(told_path, encoding="utf-8") as file:
        told = json.load(file)["problems"]
    with open(report_path, encoding="utf-8") as file:
        report = json.load(file)
    mended = [shape(mend["geometry"]) for mend in report["mended"]]
    places = shapely.union_all(mended)
    # Rounding to the grid, and bends of borders that got a corner.
    near = places.buffer(4 * UNIT)
    results = judge_told(before, told) + [
        check("GEOS refuses the map as it was", not shapely.coverage_is_valid(before)),
        check("GEOS takes the repaired map for a coverage", shapely.coverage_is_valid(after)),
        check("every area is valid", shapely.is_valid(after).all()),
        check("every feature is there", len(before) == len(after) == report["feature_count"], str(len(after))),
    ]
    moved = 0.0
    for old, new in zip(before, after):
        difference = shapely.symmetric_difference(old, new).difference(near)
        # What is left of it is thinner than two units: rounding alone.
        moved = max(moved, square_metres(difference.buffer(-2 * UNIT)))
    results.append(check("ground changed nowhere but at the places reported", moved == 0.0, f"{moved} m²"))
    moved = moved_sides(before, after, near)
    results.append(check("no border moved that is not beside such a place", mended and not moved, f"{len(moved)} did, {moved[:3]}"))
    whole_before, whole_after = shapely.union_all(before), shapely.union_all(after)
    scale = square_metres(whole_after) / whole_after.area
    overlaps = (sum(area.area for area in before) - whole_before.area) * scale
    left = (sum(area.area for area in after) - whole_after.area) * scale
    results.append(check("no overlap is left", abs(left) < 0.05, f"{overlaps:.2f} m² before, {left:.4f} m² after"))
    holes = holes_of(whole_after)
    told_again = [shape(problem["geometry"]) for problem in report["problems"] if problem["code"] == "GAP"]
    untold = [hole for hole in holes if not any(shapely.intersects(hole, gap) for gap in told_again)]
    results.append(check("every hole that is left is told", not untold, f"{len(holes)} holes, {len(told_again)} told"))
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
