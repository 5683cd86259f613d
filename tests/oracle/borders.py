"""Judges `geo-tools assign` where it is hardest: on every corner of every cell, and one unit beside it.

usage: borders.py probes BLOCKS.geojson.gz PROBES.csv
       borders.py judge BLOCKS.geojson.gz PROBES.csv ASSIGNED.csv

The first writes the probes: each corner and its four neighbours at 1e-7 degree. Between the two,
`geo-tools assign --cells BLOCKS --cell-id block_id --points PROBES.csv --id id --lon lon --lat lat --datum wgs84 -o ASSIGNED.csv`.
"""

import csv
import sys

from grid import Claims, cells_at, features, ring

NEIGHBOURS = [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)]


def corners(blocks):
    for block in blocks:
        polygons = block["geometry"]["coordinates"]
        for rings in [polygons] if block["geometry"]["type"] == "Polygon" else polygons:
            for positions in rings:
                yield from ring(positions)


def degrees(units):
    sign = "-" if units < 0 else ""
    return f"{sign}{abs(units) // 10**7}.{abs(units) % 10**7:07d}"


def write_probes(blocks, path):
    probes = sorted({(lon + east, lat + north) for lon, lat in corners(blocks) for east, north in NEIGHBOURS})
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "lon", "lat"])
        writer.writerows((f"{lon}/{lat}", degrees(lon), degrees(lat)) for lon, lat in probes)


def position(row):
    lon, lat = row["id"].split("/")
    return int(lon), int(lat)


def judge(blocks, probes, assigned):
    with open(probes, encoding="utf-8", newline="") as file:
        asked = [row["id"] for row in csv.DictReader(file)]
    with open(assigned, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    inside, touched = cells_at(blocks, [position(row) for row in rows])
    on_border = [row for row in rows if touched[position(row)] and not inside[position(row)]]
    claims = Claims()
    claims.hold(
        f"{len(asked)} probes are answered in the order of the file, {len(on_border)} of them on a border",
        [] if [row["id"] for row in rows] == asked and on_border else [len(rows)],
    )
    claims.hold(
        "a probe inside a cell has exactly that cell",
        (row for row in rows if inside[position(row)] and inside[position(row)] != {row["cell"]}),
    )
    claims.hold(
        "a probe on a border between cells has one of the cells it touches",
        (
            row
            for row in on_border
            if row["cell"] not in touched[position(row)] and not (row["cell"] == "" and len(touched[position(row)]) == 1)
        ),
    )
    claims.hold(
        "a probe outside every cell has none",
        (row for row in rows if not touched[position(row)] and row["cell"] != ""),
    )
    return claims


if __name__ == "__main__":
    if sys.argv[1:2] == ["probes"] and len(sys.argv) == 4:
        write_probes(features(sys.argv[2]), sys.argv[3])
    elif sys.argv[1:2] == ["judge"] and len(sys.argv) == 5:
        verdict = judge(features(sys.argv[2]), *sys.argv[3:])
        print(f"{verdict.passed} passed, {verdict.failed} failed")
        sys.exit(1 if verdict.failed else 0)
    else:
        sys.exit(__doc__)
