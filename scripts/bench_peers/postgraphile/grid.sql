-- What PostGraphile shows of cells: the fields of Gridward's, an area as GeoJSON, and those that a box touches.
DROP SCHEMA IF EXISTS grid CASCADE;
CREATE SCHEMA grid;
CREATE TABLE grid.cells (
    id text PRIMARY KEY,
    code text NOT NULL UNIQUE,
    level text NOT NULL,
    names json NOT NULL,
    shape geometry(MultiPolygon, 4326) NOT NULL
);
COMMENT ON COLUMN grid.cells.shape IS '@omit';
CREATE INDEX ON grid.cells USING gist (shape);

CREATE FUNCTION grid.cells_geometry(cell grid.cells) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT ST_AsGeoJSON(cell.shape, 7)::json
$$;

CREATE FUNCTION grid.cells_within(west float8, south float8, east float8, north float8)
RETURNS SETOF grid.cells LANGUAGE sql STABLE ROWS 100 AS $$
    SELECT * FROM grid.cells WHERE shape && ST_MakeEnvelope(west, south, east, north, 4326) ORDER BY code
$$;
