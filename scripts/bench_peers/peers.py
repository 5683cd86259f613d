"""Contestants of `make bench-peers` in Python and SQL: `peers.py CONTESTANT TASK FOLDER`, spoken to like `src/main.rs`.

What a round does is one call of the peer for all positions, all cells or one tile: Python itself takes no part in it.
"""

import json
import os
import pathlib
import sys
import sysconfig
import time

os.environ["GDAL_NUM_THREADS"] = "1"

# How many of the positions a peer looks up that takes seconds for all of them.
SLOW_POSITIONS = 200_000
# How many tiles are a round.
TILES = 20


def positions(folder, count=None):
    import numpy

    both = numpy.fromfile(folder / "positions.f64", dtype="<f8").reshape(-1, 2)[:count]
    return numpy.ascontiguousarray(both[:, 0]), numpy.ascontiguousarray(both[:, 1])


def polygons(path):
    import numpy
    import shapely

    features = json.loads(path.read_text())["features"]
    texts = [json.dumps(feature["geometry"]) for feature in features]
    return shapely.from_geojson(numpy.array(texts, dtype=object))


def first_of_each(count, places, cells):
    """For each position the first cell that was found, or -1."""
    import numpy

    found = numpy.full(count, -1, dtype="<i4")
    found[places[::-1]] = cells[::-1]
    return found.tobytes()


def sums(features, coordinates):
    import numpy

    e7 = numpy.rint(coordinates * 1e7).astype("i8")
    return json.dumps(
        {
            "features": features,
            "positions": len(e7),
            "lon_e7": int(e7[:, 0].sum()),
            "lat_e7": int(e7[:, 1].sum()),
        }
    ).encode()


class ShapelyLocate:
    """A tree over the boxes of the cells, then GEOS's prepared polygons."""

    def __init__(self, folder):
        import shapely

        self.shapely = shapely
        self.cells = polygons(folder / "cells.geojson")
        shapely.prepare(self.cells)
        self.tree = shapely.STRtree(self.cells)
        self.x, self.y = positions(folder)
        self.points = shapely.points(self.x, self.y)

    def round(self):
        places, cells = self.tree.query(self.points)
        inside = self.shapely.intersects_xy(self.cells[cells], self.x[places], self.y[places])
        self.places, self.found = places[inside], cells[inside]

    def answers(self):
        self.round()
        return first_of_each(len(self.x), self.places, self.found)


class ShapelyParse:
    def __init__(self, folder):
        import shapely

        self.shapely = shapely
        self.text = (folder / "cells.geojson").read_bytes()

    def round(self):
        self.found = self.shapely.from_geojson(self.text)

    def answers(self):
        self.round()
        cells = self.shapely.get_parts(self.found)
        return sums(len(cells), self.shapely.get_coordinates(cells))


class GdalParse:
    """GDAL's GeoJSON driver, as ogr2ogr reads with it, into well-known binary."""

    def __init__(self, folder):
        import pyogrio.raw

        self.raw = pyogrio.raw
        self.path = folder / "cells.geojson"

    def round(self):
        self.found = self.raw.read(self.path)

    def answers(self):
        import shapely

        self.round()
        cells = shapely.from_wkb(self.found[2])
        return sums(len(cells), shapely.get_coordinates(cells))


class ShapelyCoverage:
    """GEOS's coverage functions on drawn polygons."""

    def __init__(self, folder, task):
        import shapely

        self.shapely, self.task = shapely, task
        self.cells = polygons(folder / "cells.geojson")
        if task == "validate":
            self.broken = polygons(folder / "broken.geojson")
        elif task == "simplify":
            self.tolerance = self.tolerance_that_keeps_half()

    def tolerance_that_keeps_half(self):
        count = len(self.shapely.get_coordinates(self.cells))
        low, high = 1e-7, 0.1
        for _ in range(10):
            middle = (low * high) ** 0.5
            simplified = self.shapely.coverage_simplify(self.cells, middle)
            if len(self.shapely.get_coordinates(simplified)) > 0.5 * count:
                low = middle
            else:
                high = middle
        return high

    def round(self):
        if self.task == "union":
            self.found = self.shapely.coverage_union_all(self.cells)
        elif self.task == "validate":
            self.found = self.shapely.coverage_is_valid(self.cells)
        elif self.task == "simplify":
            self.found = self.shapely.coverage_simplify(self.cells, self.tolerance)

    def answers(self):
        self.round()
        if self.task == "validate":
            broken = bool(self.shapely.coverage_is_valid(self.broken))
            return json.dumps({"valid": bool(self.found), "broken": broken}).encode()
        if self.task == "simplify":
            valid = bool(self.shapely.coverage_is_valid(self.found) and self.shapely.is_valid(self.found).all())
            counts = [len(self.shapely.get_coordinates(cells)) for cells in (self.found, self.cells)]
            return json.dumps({"valid": valid, "kept": counts[0] / counts[1]}).encode()
        rings = self.shapely.get_rings(self.shapely.get_parts(self.found))
        open_rings = [self.shapely.get_coordinates(ring)[:-1] for ring in rings]
        import numpy

        return sums(0, numpy.concatenate(open_rings))


class DuckdbLocate:
    """DuckDB's spatial join."""

    def __init__(self, folder):
        import duckdb
        import numpy
        import pyarrow
        import shapely

        version = f"v{duckdb.__version__}"
        extension = pathlib.Path(sysconfig.get_paths()["purelib"], "duckdb_extension_spatial/extensions", version)
        self.database = duckdb.connect()
        # Signed by DuckDB, which it checks as it loads it.
        self.database.execute(f"LOAD '{extension / 'spatial.duckdb_extension'}'; SET threads = 1")
        wkb = shapely.to_wkb(polygons(folder / "cells.geojson"))
        self.database.register("cell_rows", pyarrow.table({"cell": numpy.arange(len(wkb)), "wkb": wkb}))
        x, y = positions(folder)
        self.count = len(x)
        self.database.register("point_rows", pyarrow.table({"place": numpy.arange(len(x)), "x": x, "y": y}))
        self.database.execute("CREATE TABLE cells AS SELECT cell, ST_GeomFromWKB(wkb) AS shape FROM cell_rows")
        self.database.execute("CREATE TABLE points AS SELECT place, ST_Point(x, y) AS shape FROM point_rows")
        plan = self.database.execute(f"EXPLAIN {self.join('count(*)')}").fetchall()[0][1]
        if "SPATIAL_JOIN" not in plan:
            sys.exit(f"DuckDB plans no spatial join:\n{plan}")

    def join(self, wanted):
        return f"SELECT {wanted} FROM points JOIN cells ON ST_Intersects(cells.shape, points.shape)"

    def round(self):
        self.database.execute(self.join("count(*), sum(cell)")).fetchall()

    def answers(self):
        found = self.database.execute(self.join("place, cell") + " ORDER BY place, cell").fetchnumpy()
        return first_of_each(self.count, found["place"], found["cell"])


class Postgis:
    """PostGIS, on a server whose address is in PEERS_POSTGRES; it has no second process to work in parallel."""

    def __init__(self):
        import psycopg

        self.session = psycopg.connect(os.environ["PEERS_POSTGRES"], autocommit=True)
        self.run("CREATE EXTENSION IF NOT EXISTS postgis")
        self.run("SET max_parallel_workers_per_gather = 0; SET jit = off; SET work_mem = '512MB'")

    def run(self, sql):
        return self.session.execute(sql)

    def load(self, table, columns, rows):
        with self.session.cursor().copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def load_cells(self, path):
        import shapely

        features = json.loads(path.read_text())["features"]
        self.run("CREATE TEMP TABLE cells (cell int, code text, shape geometry)")
        shapes = shapely.to_wkb(shapely.set_srid(polygons(path), 4326), hex=True, include_srid=True)
        codes = [feature["properties"].get("code") for feature in features]
        self.load("cells", "cell, code, shape", zip(range(len(shapes)), codes, shapes))


class PostgisLocate(Postgis):
    def __init__(self, folder):
        super().__init__()
        self.load_cells(folder / "cells.geojson")
        self.run("CREATE INDEX ON cells USING gist (shape)")
        self.run("VACUUM ANALYZE cells")
        x, y = positions(folder, SLOW_POSITIONS)
        self.count = len(x)
        self.run("CREATE TEMP TABLE numbers (place int, x float8, y float8)")
        self.load("numbers", "place, x, y", zip(range(len(x)), x.tolist(), y.tolist()))
        self.run(
            "CREATE TEMP TABLE points AS SELECT place, ST_SetSRID(ST_MakePoint(x, y), 4326) AS shape FROM numbers"
        )
        # Both ways round, so that the server may choose.
        self.run("CREATE INDEX ON points USING gist (shape)")
        self.run("VACUUM ANALYZE points")

    def join(self, wanted):
        return f"SELECT {wanted} FROM points JOIN cells ON ST_Intersects(cells.shape, points.shape)"

    def round(self):
        self.run(self.join("count(*), sum(cell)")).fetchall()

    def answers(self):
        import numpy

        found = numpy.array(self.run(self.join("place, cell") + " ORDER BY place, cell").fetchall()).reshape(-1, 2)
        return first_of_each(self.count, found[:, 0], found[:, 1])


class PostgisTile(Postgis):
    """ST_AsMVT of shapes that are in Web Mercator already."""

    def __init__(self, folder):
        super().__init__()
        tile = json.loads((folder / "tile.json").read_text())
        self.load_cells(folder / "tile.geojson")
        self.run("CREATE TEMP TABLE drawn AS SELECT code, ST_Transform(shape, 3857) AS shape FROM cells")
        envelope = f"ST_TileEnvelope({tile['z']}, {tile['x']}, {tile['y']})"
        self.tile = (
            "SELECT ST_AsMVT(drawn, 'cells', 4096, 'shape') FROM"
            f" (SELECT code, ST_AsMVTGeom(shape, {envelope}, 4096, 64, true) AS shape FROM drawn) AS drawn"
        )

    def round(self):
        for _ in range(TILES):
            self.run(self.tile).fetchall()

    def answers(self):
        return bytes(self.run(self.tile).fetchall()[0][0])


CONTESTANTS = {
    ("shapely", "locate"): ShapelyLocate,
    ("shapely", "parse"): ShapelyParse,
    ("gdal", "parse"): GdalParse,
    ("geos-coverage", "validate"): lambda folder: ShapelyCoverage(folder, "validate"),
    ("geos-coverage", "simplify"): lambda folder: ShapelyCoverage(folder, "simplify"),
    ("geos-coverage", "union"): lambda folder: ShapelyCoverage(folder, "union"),
    ("duckdb", "locate"): DuckdbLocate,
    ("postgis", "locate"): PostgisLocate,
    ("postgis", "tile"): PostgisTile,
}


def main():
    who, task, folder = sys.argv[1:]
    contestant = CONTESTANTS[who, task](pathlib.Path(folder))
    print("ready", flush=True)
    for line in sys.stdin:
        if line.startswith("answers "):
            pathlib.Path(line.split(" ", 1)[1].strip()).write_bytes(contestant.answers())
            print("written", flush=True)
        else:
            start = time.perf_counter()
            contestant.round()
            print(time.perf_counter() - start, flush=True)


main()
