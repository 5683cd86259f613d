"""What the oracles share: a file's numbers as integers of 1e-7 degree, and the cells that GEOS finds over them.

Shares no code, rounding or output with what it judges: numbers are rounded with decimal arithmetic on the text of the file.
"""

import collections
import decimal
import gzip
import json

import shapely

GRID = decimal.Decimal("1e-7")
SHOWN_MAX = 5


def units(text):
    """A number of degrees, as written, in whole units of 1e-7 degree."""
    return int(decimal.Decimal(text).quantize(GRID, decimal.ROUND_HALF_UP).scaleb(7))


def features(path):
    opener = gzip.open if str(path).endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8") as file:
        return json.load(file, parse_float=decimal.Decimal, parse_int=decimal.Decimal)["features"]


def ring(positions):
    return [(units(lon), units(lat)) for lon, lat, *_ in positions]


def shape(geometry):
    polygons = geometry["coordinates"]
    if geometry["type"] == "Polygon":
        polygons = [polygons]
    return shapely.MultiPolygon([(ring(outer), [ring(hole) for hole in holes]) for outer, *holes in polygons])


class Claims:
    """What must hold, each with the first few rows that contradict it."""

    def __init__(self):
        self.passed = self.failed = 0

    def hold(self, claim, contradictions):
        contradictions = list(contradictions)
        print(f"{'FAILS' if contradictions else 'holds'}  {claim}")
        for contradiction in contradictions[:SHOWN_MAX]:
            print(f"       {contradiction}")
        if len(contradictions) > SHOWN_MAX:
            print(f"       and {len(contradictions) - SHOWN_MAX} more")
        if contradictions:
            self.failed += 1
        else:
            self.passed += 1


def cells_at(blocks, positions, code="block_id"):
    """For each position the cells that hold it inside, and those that it only touches, by a property of theirs."""
    tree = shapely.STRtree([shape(block["geometry"]) for block in blocks])
    codes = [str(block["properties"][code]) for block in blocks]
    points = shapely.points(positions)
    inside, touched = collections.defaultdict(set), collections.defaultdict(set)
    for point, cell in tree.query(points, predicate="intersects").T:
        touched[positions[point]].add(codes[cell])
    for point, cell in tree.query(points, predicate="within").T:
        inside[positions[point]].add(codes[cell])
    return inside, touched
