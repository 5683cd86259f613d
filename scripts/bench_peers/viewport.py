"""The same viewports of Gridward and of PostGraphile over PostGIS, asked by turns over HTTP, for each second of their CPU.

Every answer is compared first: the same cells in the same order, with the same coordinates. What is divided by is the time
of all processes of a server, as the system counts it: of PostGraphile also that of the database's.
"""

import contextlib
import http.client
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

ROUNDS = 5
CELLS = 100
VIEWPORTS = 16
CONNECTIONS = 8
# A round of each takes seconds of CPU, of which the system counts hundredths.
REQUESTS = {"Gridward": 8_000, "PostGraphile": 800}
DISTRICT = "410184"
# PostGIS keeps boxes in numbers of 24 bits, in which 113 degrees are known to 1e-5: no cell ends so near a viewport's edge.
CLEAR = 2e-5

FIELDS = "id code level names { language text } geometry"
VIEWPORT = (
    "query($west: Float!, $south: Float!, $east: Float!, $north: Float!) {"
    f' cells(district: "{DISTRICT}", level: "cell", first: {CELLS}, area: {{ within: '
    "{ west: $west, south: $south, east: $east, north: $north, datum: WGS84 } })"
    f" {{ nodes {{ {FIELDS} }} }} }}"
)
EVERYTHING = (
    f'query($after: String) {{ cells(district: "{DISTRICT}", level: "cell", first: 200, after: $after) {{'
    f" nodes {{ {FIELDS} bounds {{ west south east north }} }} pageInfo {{ hasNextPage endCursor }} }} }}"
)
OF_POSTGRAPHILE = (
    "query($west: Float!, $south: Float!, $east: Float!, $north: Float!) {"
    f" cellsWithinList(west: $west, south: $south, east: $east, north: $north, first: {CELLS})"
    " { id code level names geometry } }"
)


def processor_s(process):
    """What a process and those of its children that have ended took."""
    fields = pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def children(process):
    return pathlib.Path(f"/proc/{process}/task/{process}/children").read_text().split()


def post(connection, query, variables):
    body = json.dumps({"query": query, "variables": variables})
    connection.request("POST", "/graphql", body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    answer = response.read()
    if response.status != 200:
        sys.exit(f"status {response.status}: {answer[:500]}")
    return answer


def data(answer):
    answer = json.loads(answer)
    if "errors" in answer:
        sys.exit(f"{answer['errors']}")
    return answer["data"]


class Server:
    """One that listens at a port of this machine."""

    def connection(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def ask(self, query, variables):
        with contextlib.closing(self.connection()) as connection:
            return post(connection, query, variables)

    def answer(self, viewport):
        return self.ask(self.query, viewport)

    def round(self, viewports, requests):
        """Asks so often over some connections; answers the seconds of CPU of each part of the server."""
        before = self.processor_s()

        def of_connection(first):
            with contextlib.closing(self.connection()) as connection:
                for number in range(first, requests, CONNECTIONS):
                    post(connection, self.query, viewports[number % len(viewports)])

        threads = [threading.Thread(target=of_connection, args=[first]) for first in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return {part: after - before[part] for part, after in self.processor_s().items()}

    def end(self):
        self.process.terminate()
        self.process.wait(timeout=30)


class Gridward(Server):
    """The program itself, on SQLite, with the cells of a file."""

    name, query = "Gridward", VIEWPORT

    def __init__(self, program, cells):
        self.folder = tempfile.TemporaryDirectory(prefix="gridward-peers-")
        with contextlib.closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        environment = {
            **os.environ,
            "GRIDWARD_DATA_DIR": self.folder.name,
            "GRIDWARD_LISTEN": f"127.0.0.1:{self.port}",
        }
        district = ["district", "create", "--code", DISTRICT, "--name", "示例", "--timezone", "Asia/Shanghai"]
        brought_in = ["import", "cells", cells, "--district", DISTRICT, "--level", "cell", "--id", "code"]
        for command in (["migrate"], district, brought_in):
            subprocess.run([program, *command], env=environment, check=True, stdout=subprocess.DEVNULL)
        self.log = open(pathlib.Path(self.folder.name, "log"), "w")
        self.process = subprocess.Popen([program, "serve"], env=environment, stderr=self.log, stdout=self.log)
        for _ in range(300):
            with contextlib.suppress(OSError):
                if urllib.request.urlopen(f"http://127.0.0.1:{self.port}/ready", timeout=5).status == 200:
                    return
            time.sleep(0.1)
        self.end()
        sys.exit(f"Gridward does not serve: {pathlib.Path(self.log.name).read_text()}")

    def cells(self):
        """All of them, with their boxes."""
        cells, after = [], None
        while True:
            page = data(self.ask(EVERYTHING, {"after": after}))["cells"]
            cells += page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                return cells
            after = page["pageInfo"]["endCursor"]

    def nodes(self, answer):
        return data(answer)["cells"]["nodes"]

    def processor_s(self):
        return {"gridward": processor_s(self.process.pid)}

    def end(self):
        super().end()
        self.log.close()
        self.folder.cleanup()


class Postgraphile(Server):
    """PostGraphile 4, a process of Node, and the processes of PostgreSQL."""

    name, query = "PostGraphile", OF_POSTGRAPHILE

    def __init__(self, folder, cells):
        import psycopg

        address = psycopg.conninfo.conninfo_to_dict(os.environ["PEERS_POSTGRES"])
        self.database = int(pathlib.Path(address["host"], "data/postmaster.pid").read_text().split()[0])
        with psycopg.connect(os.environ["PEERS_POSTGRES"], autocommit=True) as session:
            session.execute("CREATE EXTENSION IF NOT EXISTS postgis")
            # To compile a statement takes longer than it does.
            session.execute(f"ALTER ROLE {address['user']} SET jit = off")
            session.execute((folder / "grid.sql").read_text())
            row = "(%s, %s, %s, %s, ST_GeomFromGeoJSON(%s))"
            texts = [
                [cell["id"], cell["code"], cell["level"], json.dumps(cell["names"]), json.dumps(cell["geometry"])]
                for cell in cells
            ]
            session.cursor().executemany(f"INSERT INTO grid.cells VALUES {row}", texts)
            session.execute("VACUUM ANALYZE grid.cells")
        command = ["node", folder / "server.cjs", address["host"], address["user"], address["dbname"]]
        environment = {**os.environ, "NODE_ENV": "production"}
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        port = self.process.stdout.readline().strip()
        if not port:
            sys.exit("PostGraphile does not serve: see above")
        self.port = int(port)

    def nodes(self, answer):
        return data(answer)["cellsWithinList"]

    def processor_s(self):
        for _ in range(10):
            # One that has just ended is in what its parent took, the next time.
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                parts = [self.database, *children(self.database)]
                return {"node": processor_s(self.process.pid), "postgres": sum(map(processor_s, parts))}
        sys.exit("the processes of PostgreSQL come and go")


def viewports_of(cells):
    """Boxes around the middles of some cells, each as large as CELLS of them reach into, or a few more."""
    found = []
    for number in range(VIEWPORTS):
        middle = cells[len(cells) * (2 * number + 1) // (2 * VIEWPORTS)]["bounds"]
        for step in range(1, 1_000):
            reach = step * 0.000_1
            box = {
                "west": round(middle["west"] - reach, 7),
                "south": round(middle["south"] - reach, 7),
                "east": round(middle["west"] + reach, 7),
                "north": round(middle["south"] + reach, 7),
            }
            if touching(cells, box, -CLEAR) >= CELLS and touching(cells, box, -CLEAR) == touching(cells, box, CLEAR):
                found.append(box)
                break
        else:
            sys.exit(f"no {CELLS} cells around {middle}")
    return found


def touching(cells, box, margin):
    """How many cells a box touches that is so much larger."""
    return sum(
        own["west"] <= box["east"] + margin
        and own["east"] >= box["west"] - margin
        and own["south"] <= box["north"] + margin
        and own["north"] >= box["south"] - margin
        for own in (cell["bounds"] for cell in cells)
    )


def compare(gridward, peer, viewports):
    """Ends the run where one answer differs; tells their sizes."""
    sizes = []
    for viewport in viewports:
        answers = [gridward.answer(viewport), peer.answer(viewport)]
        ours, theirs = gridward.nodes(answers[0]), peer.nodes(answers[1])
        if len(ours) != CELLS or ours != theirs:
            different = next((pair for pair in zip(ours, theirs) if pair[0] != pair[1]), "the number of cells")
            sys.exit(f"{peer.name} answers differently, and nothing is measured: {str(different)[:2000]}")
        sizes.append([len(answer) for answer in answers])
    positions = sum(len(ring) for node in ours for polygon in node["geometry"]["coordinates"] for ring in polygon)
    print(f"  {len(viewports)} viewports of {CELLS} cells, {positions} positions in the last: every answer the same")
    print(f"  bytes of an answer: {max(ours for ours, _ in sizes)}, PostGraphile {max(theirs for _, theirs in sizes)}")


def run(programs, lattice):
    """Compares, then lets both answer in turns and tells what they take."""
    with contextlib.ExitStack() as started:
        gridward = Gridward(programs / "gridward", lattice / "cells.geojson")
        started.callback(gridward.end)
        cells = gridward.cells()
        peer = Postgraphile(pathlib.Path(__file__).parent / "postgraphile", cells)
        started.callback(peer.end)
        viewports = viewports_of(cells)
        compare(gridward, peer, viewports)
        taken = {gridward: [], peer: []}
        for _ in range(ROUNDS):
            for server, rounds in taken.items():
                rounds.append(server.round(viewports, REQUESTS[server.name]))
    ours = None
    print(f"  {'':16}{'in a CPU second':>16}{'ours is':>10}   ms of CPU a request; in a CPU second, {ROUNDS} rounds")
    for server, rounds in taken.items():
        requests = REQUESTS[server.name]
        rates = [requests / sum(parts.values()) for parts in rounds]
        rate = statistics.median(rates)
        ours = ours or rate
        parts = {part: statistics.median(each[part] for each in rounds) / requests * 1e3 for part in rounds[0]}
        told = ", ".join(f"{part} {ms:.3f}" for part, ms in parts.items())
        spread = f"{min(rates):.0f} to {max(rates):.0f}"
        print(f"  {server.name:16}{rate:>16.0f}{ours / rate:>9.1f}x   {told}; {spread}", flush=True)
