"""Judges an import of Liechtenstein: has every household the cell that shapely finds?

usage: liechtenstein.py DATA EXPORT.csv

DATA is the folder `town-liechtenstein`; EXPORT.csv is what `gridward export households --format csv` wrote after the
import of its blocks and buildings: id, building, address, lon, lat, cell, method, distance_to_border_m.
The sums come from the data's own README.
"""

import collections
import csv
import pathlib
import re
import sys

from grid import Claims, cells_at, features, units


def municipality_table(readme):
    rows = re.findall(r"^\| ([A-Z]\w+) \| \d+ \| (\d+) \|$", readme.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: int(dwellings) for name, dwellings in rows}


def judge(data, export):
    claims = Claims()
    blocks = features(data / "blocks.geojson.gz")
    buildings = {
        building["properties"]["osm_id"]: building for building in features(data / "buildings_points.geojson.gz")
    }
    with open(export, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    at = {row["id"]: (units(row["lon"]), units(row["lat"])) for row in rows}

    dwellings = sum(int(building["properties"]["dwellings"]) for building in buildings.values())
    table = municipality_table(data / "README.md")
    claims.hold(
        f"the data is as its README says: {sum(table.values())} dwellings of 17750 buildings in 11 municipalities",
        [] if (sum(table.values()), len(buildings), len(table)) == (dwellings, 17750, 11) else [(dwellings, table)],
    )
    claims.hold(f"{dwellings} households came in, each once", [len(at)] if not len(rows) == len(at) == dwellings else [])

    counted = collections.Counter(row["building"] for row in rows)
    claims.hold(
        "each building has as many households as the file says",
        (
            (osm_id, counted[osm_id], int(building["properties"]["dwellings"]))
            for osm_id, building in buildings.items()
            if counted[osm_id] != int(building["properties"]["dwellings"])
        ),
    )
    original = {
        osm_id: tuple(units(number) for number in building["geometry"]["coordinates"])
        for osm_id, building in buildings.items()
    }
    claims.hold(
        "each household stands where the file has its building",
        (row for row in rows if at[row["id"]] != original.get(row["building"])),
    )

    inside, touched = cells_at(blocks, sorted(set(at.values())))
    claims.hold(
        "each household inside a cell has exactly that cell",
        (row for row in rows if inside[at[row["id"]]] and inside[at[row["id"]]] != {row["cell"]}),
    )
    on_border = [row for row in rows if not inside[at[row["id"]]] and touched[at[row["id"]]]]
    claims.hold(
        f"each of the {len(on_border)} households on a border has one of the cells it touches",
        (row for row in on_border if row["cell"] not in touched[at[row["id"]]]),
    )
    claims.hold(
        "no household outside every cell is said to be inside one",
        (row for row in rows if not touched[at[row["id"]]] and row["method"].lower() in ("inside", "border")),
    )
    claims.hold(
        "the method is `inside` or `border` as shapely has it",
        (
            row
            for row in rows
            if touched[at[row["id"]]]
            and row["method"].lower() != ("inside" if inside[at[row["id"]]] else "border")
        ),
    )
    municipality = {block["properties"]["block_id"]: block["properties"]["municipality"] for block in blocks}
    sums = collections.Counter(municipality.get(row["cell"], "") for row in rows)
    claims.hold(
        "the sums by municipality are those of the README",
        ((name, sums[name], wanted) for name, wanted in table.items() if sums[name] != wanted),
    )
    return claims


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    verdict = judge(pathlib.Path(sys.argv[1]), sys.argv[2])
    print(f"{verdict.passed} passed, {verdict.failed} failed")
    sys.exit(1 if verdict.failed else 0)
