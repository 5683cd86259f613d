"""Judges a generated town: do its cells tile the ground, and has every household the cell that shapely finds?

usage: generated.py DIR

DIR is what `geo-tools generate` wrote for a town or a city.
"""

import csv
import decimal
import json
import pathlib
import re
import sys

import shapely

from grid import Claims, shape, units

LEVELS = ["townships", "communities", "cells"]


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file, parse_float=decimal.Decimal, parse_int=decimal.Decimal)["features"]


def table(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def tiles(claims, name, shapes):
    """One level: valid polygons that share their borders vertex by vertex and leave nothing out."""
    broken = (shapely.is_valid_reason(one) for one in shapes if not shapely.is_valid(one))
    claims.hold(f"each of {len(shapes)} {name} is a valid polygon", broken)
    claims.hold(f"{name} are a coverage without overlap or unmatched border", [] if shapely.coverage_is_valid(shapes) else [name])
    whole = shapely.coverage_union_all(shapes)
    holes = [hole for part in shapely.get_parts(whole) for hole in part.interiors]
    claims.hold(f"{name} leave no hole and lie in one piece", [] if len(shapely.get_parts(whole)) == 1 and not holes else [len(holes)])
    return whole


def judge(folder):
    claims = Claims()
    level = {name: read(folder / f"{name}.geojson") for name in [*LEVELS, "cells-before", "blocks"]}
    shapes = {name: [shape(feature["geometry"]) for feature in features] for name, features in level.items()}
    whole = {name: tiles(claims, name, shapes[name]) for name in level}
    claims.hold("all levels cover the same ground", [name for name in whole if not shapely.equals(whole[name], whole["cells"])])

    code = {name: {feature["properties"]["code"]: at for at, feature in enumerate(level[name])} for name in LEVELS}
    for above, below in zip(LEVELS, LEVELS[1:]):
        children = {}
        for at, feature in enumerate(level[below]):
            children.setdefault(feature["properties"]["parent"], []).append(shapes[below][at])
        claims.hold(
            f"{below} of each of the {above} make up its ground",
            [
                parent
                for parent, at in code[above].items()
                if not shapely.equals(shapely.coverage_union_all(children.get(parent, [])), shapes[above][at])
            ],
        )

    names = [feature["properties"]["name_zh"] for name in LEVELS for feature in level[name]]
    claims.hold("no name comes twice", [len(names) - len(set(names))] if len(names) != len(set(names)) else [])
    claims.hold("each name is Chinese", (name for name in names if not re.fullmatch(r"[\u4e00-\u9fff]+", name)))

    households = table(folder / "households.csv")
    points = shapely.points([(units(row["lon"]), units(row["lat"])) for row in households])
    rows, cells = shapely.STRtree(shapes["cells"]).query(points, predicate="within")
    found = {}
    for row, cell in zip(rows, cells):
        found.setdefault(row, []).append(level["cells"][cell]["properties"]["code"])
    claims.hold(
        f"each of {len(households)} households lies in the cell that its row says",
        (row for at, row in enumerate(households) if found.get(at) != [row["cell"]]),
    )
    claims.hold("no household comes twice", [] if len({row["id"] for row in households}) == len(households) else ["twice"])

    footprints = [shape(feature["geometry"]) for feature in read(folder / "footprints.geojson")]
    a, b = shapely.STRtree(footprints).query(footprints, predicate="intersects")
    claims.hold(f"no two of {len(footprints)} buildings touch", (pair for pair in zip(a, b) if pair[0] < pair[1]))
    roads = [
        shapely.LineString([(units(lon), units(lat)) for lon, lat in road["geometry"]["coordinates"]])
        for road in read(folder / "roads.geojson")
    ]
    a, _ = shapely.STRtree(roads).query(footprints, predicate="intersects")
    claims.hold(f"no building stands on one of {len(roads)} roads", a.tolist())
    return claims


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    verdict = judge(pathlib.Path(sys.argv[1]))
    print(f"{verdict.passed} passed, {verdict.failed} failed")
    sys.exit(1 if verdict.failed else 0)
