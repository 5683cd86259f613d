"""Judges `geo-tools repair` with GEOS: the result is a coverage, nothing but what was reported changed hands.

usage: repair.py BEFORE.geojson.gz AFTER.geojson REPORT.json
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


def main(before_path, after_path, report_path):
    before, after = read(before_path), read(after_path)
    with open(report_path, encoding="utf-8") as file:
        report = json.load(file)
    mended = [shape(mend["geometry"]) for mend in report["mended"]]
    places = shapely.union_all(mended)
    # Rounding to the grid, and bends of borders that got a corner.
    near = places.buffer(4 * UNIT)
    results = [
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
    whole_before, whole_after = shapely.union_all(before), shapely.union_all(after)
    scale = square_metres(whole_after) / whole_after.area
    overlaps = (sum(area.area for area in before) - whole_before.area) * scale
    left = (sum(area.area for area in after) - whole_after.area) * scale
    results.append(check("no overlap is left", abs(left) < 0.05, f"{overlaps:.2f} m² before, {left:.4f} m² after"))
    holes = [shapely.Polygon(ring) for part in whole_after.geoms for ring in part.interiors] \
        if whole_after.geom_type == "MultiPolygon" else [shapely.Polygon(ring) for ring in whole_after.interiors]
    told = [shape(problem["geometry"]) for problem in report["problems"] if problem["code"] == "GAP"]
    untold = [hole for hole in holes if not any(shapely.intersects(hole, gap) for gap in told)]
    results.append(check("every hole that is left is told", not untold, f"{len(holes)} holes, {len(told)} told"))
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
