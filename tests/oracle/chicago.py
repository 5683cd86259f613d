"""Judges an import of Chicago's requests: every row is an incident in the cell that shapely finds, or is refused and said why.

usage: chicago.py voids DATA VOIDS.geojson
       chicago.py judge DATA FOLDER

DATA is the folder `incidents-chicago311`. `voids` writes the ground inside the 77 areas that belongs to none of them: the
enclave towns. `judge` reads from FOLDER what two imports of the same file left: bad-1.csv, report-1.json and export-1.csv,
and the same of the second. The text of an incident is the request's id and its address.
"""

import collections
import csv
import datetime
import gzip
import json
import pathlib
import sys
import tomllib
import zoneinfo

import shapely

from grid import Claims, cells_at, features, shape, units

ZONE = zoneinfo.ZoneInfo("America/Chicago")


def write_voids(data, path):
    ground = shapely.union_all([shape(area["geometry"]) for area in features(data / "community_areas.geojson")])
    holes = [[[lon / 1e7, lat / 1e7] for lon, lat in hole.coords] for hole in ground.interiors]
    drawn = [
        {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [hole]}} for hole in holes
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": drawn}), encoding="utf-8")
    print(f"{len(holes)} voids")


def judged(rows):
    """The rows that come in, and what speaks against each of the others: its line, its id, its code."""
    good, bad = {}, []
    for line, row in enumerate(rows, 2):
        if not row["lon"] or not row["lat"]:
            bad.append((line, row["request_id"], "COORD_TYPE"))
        elif not row["category"]:
            bad.append((line, row["request_id"], "MISSING_FIELD"))
        elif row["request_id"] in good:
            bad.append((line, row["request_id"], "DUPLICATE_ID"))
        else:
            good[row["request_id"]] = row
    return good, bad


def start_of(day):
    """When a day began in Chicago, as an export writes it; empty where there is no day."""
    if not day:
        return ""
    begun = datetime.datetime.combine(datetime.date.fromisoformat(day), datetime.time(), ZONE)
    return begun.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def table(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def judge(data, folder):
    claims = Claims()
    areas = features(data / "community_areas.geojson")
    with gzip.open(data / "requests.csv.gz", "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rules = tomllib.loads((pathlib.Path(__file__).parent / "chicago.toml").read_text(encoding="utf-8"))
    codes = {category["names"]["en"]: category["code"] for category in rules["category"]}
    repeated = len(rows) - len({row["request_id"] for row in rows})
    without = sum(not row["lon"] for row in rows)
    claims.hold(
        "the data is as its README says: 74401 rows, 24 without a position, 375 repeated, 77 areas",
        [(len(rows), without, repeated, len(areas))]
        if (len(rows), without, repeated, len(areas)) != (74401, 24, 375, 77)
        else [],
    )

    good, bad = judged(rows)
    told = table(folder / "bad-1.csv")
    claims.hold(
        f"each of the {len(bad)} rows that stay out is written out once, with its line, its id and its code",
        (
            collections.Counter(bad) - collections.Counter((int(row["line"]), row["id"], row["code"]) for row in told)
        )
        + (collections.Counter((int(row["line"]), row["id"], row["code"]) for row in told) - collections.Counter(bad)),
    )
    claims.hold("each says why, in a sentence", (row for row in told if len(row["reason"].split()) < 3))
    claims.hold(
        "a repeated id is said to be the same again or to say something else",
        (
            row
            for row in told
            if row["code"] == "DUPLICATE_ID" and not row["reason"].endswith(("the same again", "says something else"))
        ),
    )
    report = json.loads((folder / "report-1.json").read_text(encoding="utf-8"))
    counted = (report["row_count"], report["bad_count"], report["figures"]["incidents"]["added"])
    claims.hold(
        f"the report counts {len(rows)} rows, {len(bad)} bad ones, {len(good)} incidents",
        [counted] if counted != (len(rows), len(bad), len(good)) else [],
    )

    exported = {row["text"].split(" ", 1)[0]: row for row in table(folder / "export-1.csv")}
    claims.hold(
        "each good row is an incident, and no incident is anything else",
        good.keys() ^ exported.keys(),
    )
    pairs = [(good[name], exported[name]) for name in good.keys() & exported.keys()]

    def content(row):
        return (
            f"{row['request_id']} {row['address']}",
            codes[row["category"]],
            start_of(row["created"]),
            start_of(row["completed"]),
            units(row["lon"]),
            units(row["lat"]),
        )

    def said(row):
        return (
            row["text"],
            row["category"],
            row["reported_at"],
            row["closed_at"],
            units(row["lon"]),
            units(row["lat"]),
        )

    claims.hold(
        "each incident says what its row says, where and when",
        ((content(row), said(incident)) for row, incident in pairs if content(row) != said(incident)),
    )

    at = {name: (units(incident["lon"]), units(incident["lat"])) for name, incident in exported.items()}
    inside, touched = cells_at(areas, sorted(set(at.values())), "area_no")
    claims.hold(
        "each incident inside an area has exactly that",
        (row for name, row in exported.items() if inside[at[name]] and inside[at[name]] != {row["cell"]}),
    )
    on_border = [(row, touched[at[name]]) for name, row in exported.items() if not inside[at[name]] and touched[at[name]]]
    claims.hold(
        f"each of the {len(on_border)} incidents on a border has one of the areas it touches",
        (row for row, cells in on_border if row["cell"] not in cells),
    )
    outside = [row for name, row in exported.items() if not touched[at[name]]]
    claims.hold(
        f"none of the {len(outside)} incidents outside every area is said to be inside one",
        (row for row in outside if row["method"].lower() not in ("nearest", "outside")),
    )

    again = json.loads((folder / "report-2.json").read_text(encoding="utf-8"))
    figures = {"added": 0, "changed": 0, "unchanged": len(good), "removed": 0}
    claims.hold(
        "a second import of the same file brings nothing",
        [again["figures"]] if again["figures"]["incidents"] != figures else [],
    )
    claims.hold(
        "a second import changes nothing and refuses the same rows",
        (
            name
            for name in ("bad", "export")
            if (folder / f"{name}-1.csv").read_bytes() != (folder / f"{name}-2.csv").read_bytes()
        ),
    )
    return claims


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in ("voids", "judge"):
        sys.exit(__doc__)
    folder, target = pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    if sys.argv[1] == "voids":
        write_voids(folder, target)
    else:
        verdict = judge(folder, target)
        print(f"{verdict.passed} passed, {verdict.failed} failed")
        sys.exit(1 if verdict.failed else 0)
