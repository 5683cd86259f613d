"""Judges `geo-tools convert` with GDAL: what it writes GDAL reads, and what GDAL writes it reads, feature by feature.

usage: formats.py GEO_TOOLS FOLDER FILE.geojson[.gz]...

The odd cases are made here; the files named come beside them. FOLDER is for what is written.
"""

import gzip
import json
import math
import pathlib
import subprocess
import sys

import numpy
import pyogrio.raw
import shapely

from grid import Claims

DRIVERS = {
    ".geojson": "GeoJSON",
    ".geojsonl": "GeoJSONSeq",
    ".geojsons": "GeoJSONSeq",
    ".gpkg": "GPKG",
    ".shp": "ESRI Shapefile",
    ".fgb": "FlatGeobuf",
}
# What GDAL itself writes and reads differently: names of ten bytes, texts of 254, no empty text.
NAME_BYTES, TEXT_BYTES = 10, 254
# GDAL takes a shapefile's whole numbers of more digits for reals.
EXACT_DIGITS = 18
DEGREES, METRES = "EPSG:4326", "EPSG:3857"
# The radius of EPSG:3857, and how far its metres may be off when they are degrees again.
RADIUS_M, MOST_OFF = 6378137.0, 2e-7


def rounded(coordinates):
    """Seven decimals, which is what positions are held in."""
    return [rounded(one) for one in coordinates] if isinstance(coordinates, list) else round(coordinates, 7)


def polygon(west, south, size, hole=True):
    ring = [[west, south], [west + size, south], [west + size, south + size], [west, south + size], [west, south]]
    inner = [[west + x * size, south + y * size] for x, y in [(0.25, 0.25), (0.25, 0.5), (0.5, 0.25), (0.25, 0.25)]]
    return [ring, inner] if hole else [ring]


def feature(properties, kind=None, coordinates=None):
    geometry = None if kind is None else {"type": kind, "coordinates": rounded(coordinates)}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def odd_cases():
    """Files that one format or another has trouble with."""
    here = (113.7301234, 34.3901234)
    texts = ["新郑市龙湖镇", 'a "quoted", one', "two\nlines", "🏘", "x" * 254, "网" * 84, None]
    # pyogrio gives whole numbers as reals where one is missing, so the long ones are all there.
    numbers = [2**53 + 1, -(2**53) - 1, 10**17 + 1, -(10**16) - 1, 0, 7, -3]
    counts = [412, None, -1, 0, 2**31, None, 2**40]
    reals = [0.1, -1e-9, 1.5e300, 113.7301234, 2.0, None, -0.5]
    flags = [True, False, None, True, False, True, None]
    columns = {"名称": texts, "n": numbers, "count": counts, "share": reals, "open": flags}
    rows = [dict(zip(columns, cells)) for cells in zip(*columns.values())]
    points = [feature(row, "Point", [round(here[0] + at / 1000, 7), here[1]]) for at, row in enumerate(rows)]
    several = [feature(row, "MultiPoint", [[113.73, 34.39], [113.74 + at / 100, 34.4]]) for at, row in enumerate(rows)]
    lines = [feature(row, "LineString", [[113.73, 34.39], [113.74 + at / 100, 34.4], [113.8, 34.5]]) for at, row in enumerate(rows)]
    roads = [feature(row, "MultiLineString", [[[113.73, 34.39], [113.74, 34.4]], [[113.8, 34.39], [113.9 + at / 100, 34.4]]]) for at, row in enumerate(rows)]
    holed = [feature(row, "Polygon", polygon(113.7 + at, 34.3, 0.5)) for at, row in enumerate(rows)]
    apart = [feature(row, "MultiPolygon", [polygon(113.7 + at, 34.3, 0.5), polygon(114.3 + at, 34.3, 0.25, False)]) for at, row in enumerate(rows)]
    nulls = [feature(row, *(("Point", [113.0 + at, 34.0]) if at % 3 else (None, None))) for at, row in enumerate(rows)]
    long_names = ["responsible_person", "responsible_phone", "负责的网格员", "Responsible_place"]
    named = [feature({name: f"{name} {at}" for name in long_names}, "Point", [113.7 + at / 1000, 34.4]) for at in range(3)]
    many = [feature({"n": at}, "Point", [round(113 + at % 97 / 1000, 7), round(34 + at // 97 / 1000, 7)]) for at in range(5000)]
    return {
        "points": points,
        "several": several,
        "lines": lines,
        "roads": roads,
        "holed": holed,
        "apart": apart,
        "mixed-parts": holed[:3] + apart[3:],
        "nulls": nulls,
        "only-nulls": [feature(row) for row in rows],
        "none": [],
        "named": named,
        "many": many,
        "mixed": points[:2] + lines[2:4] + holed[4:],
    }


def read_json(path):
    opened = gzip.open if str(path).endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8") as file:
        text = file.read()
    if str(path).removesuffix(".gz").endswith((".geojsonl", ".geojsons")):
        return [json.loads(line.lstrip("\x1e")) for line in text.splitlines() if line]
    return json.loads(text)["features"]


def write_json(path, features):
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"type": "FeatureCollection", "features": features}, file, ensure_ascii=False)


def normal(geometry):
    """The same ground in one way only: one part alone, rings turned and begun alike."""
    if geometry is None or geometry.is_empty:
        return None
    parts = shapely.get_parts(geometry)
    if len(parts) == 1:
        geometry = parts[0]
    return shapely.to_wkt(shapely.normalize(geometry), rounding_precision=-1)


def expected(features, ending):
    """What each feature must come back as: its properties by the order of the columns, and its shape."""
    columns = list(dict.fromkeys(name for one in features for name in [*(one["properties"] or {}), *(["id"] if "id" in one else [])]))
    rows = []
    for one in features:
        properties = one["properties"] or {}
        cells = [properties.get(name, one.get("id") if name == "id" else None) for name in columns]
        cells = [json.dumps(cell, ensure_ascii=False, separators=(",", ":")) if isinstance(cell, (list, dict)) else cell for cell in cells]
        if ending == ".shp":
            cells = [cut(cell) for cell in cells]
        rows.append((cells, normal(shapely.from_geojson(json.dumps(one["geometry"]))) if one["geometry"] else None))
    return short(columns) if ending == ".shp" else columns, rows


def short(names):
    """What fits into a shapefile of each name: whole letters, and a number where another column has the same, in whatever case."""
    fitting = []
    for name in names:
        tries = [name.encode()[: NAME_BYTES - len(end)].decode(errors="ignore") + end for end in ["", *(f"_{at}" for at in range(1, 100))]]
        taken = {other.lower() for other in fitting}
        fitting.append(next(one for one in tries if one.lower() not in taken))
    return fitting


def cut(cell):
    if not isinstance(cell, str):
        return cell
    text = cell.encode()[:TEXT_BYTES].decode(errors="ignore").rstrip(" ")
    return text or None


def same(first, second):
    """Whether two cells say the same: 2 and 2.0 do, 1 and "1" do too, since a column has one kind."""
    if isinstance(first, bool) or isinstance(second, bool):
        return first == second or {str(first).lower(), str(second).lower()} <= {"true", "1"} or {str(first).lower(), str(second).lower()} <= {"false", "0"}
    if isinstance(first, str) != isinstance(second, str):
        return None not in (first, second) and str(first) == str(second)
    if isinstance(first, float) and isinstance(second, float):
        # GDAL's own GeoJSON has the last digit wrong now and then.
        return math.isclose(first, second, rel_tol=1e-15)
    return first == second


def from_gdal(path):
    meta, _, shapes, fields = pyogrio.raw.read(str(path), encoding=None)
    columns = list(meta["fields"])
    kinds = meta["dtypes"]
    rows = []
    for at, shape in enumerate(shapes if shapes is not None else []):
        rows.append(([plain(field[at]) for field in fields], normal(shapely.from_wkb(shape)) if shape is not None else None))
    return columns, rows, kinds, meta["crs"]


def plain(cell):
    if cell is None or (isinstance(cell, (float, numpy.floating)) and numpy.isnan(cell)):
        return None
    return cell.item() if isinstance(cell, numpy.generic) else cell


def to_gdal(path, features, driver):
    """Writes a file by GDAL; false where it cannot hold the case either."""
    columns, rows = expected(features, "")
    shapes = numpy.array([shapely.to_wkb(shapely.from_wkt(shape)) if shape else None for _, shape in rows], dtype=object)
    fields, masks = [], []
    for at in range(len(columns)):
        cells = [cells[at] for cells, _ in rows]
        known = [cell for cell in cells if cell is not None]
        kind, filler = object, None
        if known and all(isinstance(cell, bool) for cell in known):
            kind, filler = bool, False
        elif known and all(isinstance(cell, int) and not isinstance(cell, bool) for cell in known):
            kind, filler = numpy.int64, 0
        elif known and all(isinstance(cell, (int, float)) and not isinstance(cell, bool) for cell in known):
            kind, filler = float, 0.0
        else:
            cells = [cell if cell is None else str(cell) for cell in cells]
        fields.append(numpy.array([filler if cell is None and kind is not object else cell for cell in cells], dtype=kind))
        masks.append(numpy.array([cell is None for cell in cells]))
    kinds = {shapely.from_wkt(shape).geom_type for _, shape in rows if shape}
    single = {kind.replace("Multi", "") for kind in kinds}
    geometry = "Unknown" if len(single) != 1 else (kinds.pop() if len(kinds) == 1 else "Multi" + single.pop())
    pyogrio.raw.write(
        str(path), geometry=shapes, field_data=fields, fields=numpy.array(columns, dtype=object), field_mask=masks,
        driver=driver, crs="EPSG:4326", geometry_type=geometry, encoding="UTF-8",
        layer_options={"RS": "YES"} if path.suffix == ".geojsons" else None,
        # GDAL leaves features without a shape out of an index.
        **({"SPATIAL_INDEX": "YES" if rows and all(shape for _, shape in rows) else "NO"} if driver == "FlatGeobuf" else {}),
    )


class Judge:
    def __init__(self, tool, folder):
        self.tool, self.folder, self.claims = tool, folder, Claims()

    def convert(self, before, after, *more):
        return subprocess.run([self.tool, "convert", str(before), str(after), *more], capture_output=True, text=True, check=False)

    def compare(self, claim, wanted, got):
        (columns, rows), (found_columns, found_rows) = wanted, got
        wrong = []
        if rows and [name for name in columns if name not in found_columns]:
            wrong.append(f"columns {columns} came back as {found_columns}")
        if len(rows) != len(found_rows):
            wrong.append(f"{len(rows)} features came back as {len(found_rows)}")
        if not wrong:
            places = [found_columns.index(name) for name in columns] if rows else []
            for (cells, shape), (found, found_shape) in zip(rows, found_rows):
                cells_found = [found[at] for at in places]
                wrong.extend(f"{cell!r} came back as {other!r}" for cell, other in zip(cells, cells_found) if not same(cell, other))
                if shape != found_shape:
                    wrong.append(f"{shape} came back as {found_shape}")
        self.claims.hold(claim, wrong)

    def out(self, name, source, features, ending):
        """Ours is written, GDAL reads it."""
        path = self.folder / f"out-{name}{ending}"
        ran = self.convert(source, path)
        claim = f"{name}{ending}: GDAL reads what is written"
        if ending == ".shp" and name == "mixed":
            lost = ran.stderr.count("error GEOMETRY_TYPE")
            points = [one for one in features if one["geometry"]["type"] == "Point"]
            self.claims.hold(f"{name}{ending}: what is no point is told, one by one", [] if ran.returncode == 1 and lost == len(features) - len(points) else [ran.stderr])
            features = points
        elif ran.returncode != 0:
            self.claims.hold(claim, [ran.stderr])
            return
        if not features and ending in (".geojsonl", ".geojsons"):
            self.claims.hold(f"{name}{ending}: no feature makes an empty file", [] if path.stat().st_size == 0 else [path.read_text()])
            return
        columns, rows, kinds, system = from_gdal(path)
        wanted = expected(features, ending)
        self.claims.hold(f"{name}{ending}: it says that it is in {DEGREES}", [] if system == DEGREES else [system])
        if ending == ".fgb":
            rows = by_shape(rows)
            wanted = (wanted[0], by_shape(wanted[1]))
        if ending == ".shp":
            # A table without a column cannot be.
            fitting = wanted[0] or ["id"]
            self.claims.hold(f"{name}{ending}: its columns are named by what fits", [] if columns == fitting else [f"{columns} instead of {fitting}"])
            for at, kind in enumerate(kinds):
                digits = max((len(str(cells[at])) for cells, _ in wanted[1] if isinstance(cells[at], int)), default=0)
                if kind == "float64" and digits > EXACT_DIGITS:
                    for cells, _ in wanted[1]:
                        cells[at] = None if cells[at] is None else float(cells[at])
        self.compare(claim, wanted, (columns, rows))

    def back(self, name, features, ending):
        """GDAL's is read, and written as GeoJSON."""
        path, after = self.folder / f"gdal-{name}{ending}", self.folder / f"back-{name}{ending}.geojson"
        # It cuts a name within a letter, which it cannot read itself.
        if ending == ".shp" and name in ("mixed", "named"):
            return
        if ending == ".shp":
            # GDAL cuts what is longer than its field of 24 characters.
            features = [{**one, "properties": {**one["properties"], "share": 0.25}} if "share" in (one["properties"] or {}) else one for one in features]
        to_gdal(path, features, DRIVERS[ending])
        ran = self.convert(path, after)
        claim = f"{name}{ending}: what GDAL writes is read"
        if ran.returncode != 0:
            self.claims.hold(claim, [ran.stderr])
            return
        found = read_json(after)
        columns, rows = expected(features, ending)
        found_columns = list(dict.fromkeys(column for one in found for column in one["properties"] or {}))
        found_rows = [
            ([one["properties"].get(column) for column in found_columns], normal(shapely.from_geojson(json.dumps(one["geometry"]))) if one["geometry"] else None)
            for one in found
        ]
        if ending == ".fgb":
            rows, found_rows = by_shape(rows), by_shape(found_rows)
        if ending == ".shp":
            # GDAL writes an unknown logical value as it pleases, and adds a column where there is none.
            found_columns = found_columns[: len(columns)]
            found_rows = [(cells[: len(columns)], shape) for cells, shape in found_rows]
            # It cuts names in a way of its own.
            columns = from_gdal(path)[0][: len(columns)]
        self.compare(claim, (columns, rows), (found_columns, found_rows))

    def metres(self, name, source, features):
        """What is written in metres GDAL takes for metres, and they are where the degrees were."""
        for ending in (".gpkg", ".shp", ".fgb"):
            path = self.folder / f"metres-{name}{ending}"
            ran = self.convert(source, path, "--to", "web-mercator")
            wrong = [] if ran.returncode == 0 else [ran.stderr]
            if not wrong:
                _, rows, _, system = from_gdal(path)
                found = sorted(degrees(shapely.from_wkt(shape)) for _, shape in rows)
                wanted = sorted(tuple(one["geometry"]["coordinates"]) for one in features)
                wrong.extend([] if system == METRES else [system])
                wrong.extend([] if len(wanted) == len(found) else [f"{len(wanted)} points came back as {len(found)}"])
                wrong.extend(f"{at} came back as {other}" for at, other in zip(wanted, found) if math.dist(at, other) > MOST_OFF)
            self.claims.hold(f"{name}{ending}: metres say that they are in {METRES}, and are", wrong)

    def itself(self, name, source, features):
        """GeoJSON is written and read again by nobody but us and Python's own parser."""
        for ending in (".geojson", ".geojson.gz", ".geojsonl", ".geojsons"):
            path = self.folder / f"own-{name}{ending}"
            ran = self.convert(source, path)
            found = read_json(path) if ran.returncode == 0 else []
            wrong = [] if ran.returncode == 0 else [ran.stderr]
            wrong.extend(
                f"{one['properties']} came back as {other['properties']}"
                for one, other in zip(features, found)
                if (one["properties"], one.get("id") and str(one["id"])) != (other["properties"], other.get("id"))
            )
            if len(features) != len(found):
                wrong.append(f"{len(features)} features came back as {len(found)}")
            self.claims.hold(f"{name}{ending}: properties and ids are what they were", wrong)


def degrees(point):
    lat = 2 * math.atan(math.exp(point.y / RADIUS_M)) - math.pi / 2
    return math.degrees(point.x / RADIUS_M), math.degrees(lat)


def by_shape(rows):
    return sorted(rows, key=lambda row: (str(row[1]), [str(cell) for cell in row[0]]))


def main(tool, folder, *files):
    folder = pathlib.Path(folder)
    judge = Judge(tool, folder)
    cases = {}
    for name, features in odd_cases().items():
        source = folder / f"{name}.geojson"
        write_json(source, features)
        cases[name] = (source, features)
    for path in files:
        cases[pathlib.Path(path).name.split(".")[0]] = (path, read_json(path))
    judge.metres("points", *cases["points"])
    for name, (source, features) in cases.items():
        judge.itself(name, source, features)
        for ending in DRIVERS:
            judge.out(name, source, features, ending)
            judge.back(name, features, ending)
    print(f"{judge.claims.passed} passed, {judge.claims.failed} failed")
    return 1 if judge.claims.failed or not judge.claims.passed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
