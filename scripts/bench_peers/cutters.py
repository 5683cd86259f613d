"""Peers that cut units into cells: `cutters.py PEER FOLDER SEED PLAN`, a process for each plan.

Reads what `bench-peers plans units` wrote, writes a number of four bytes for each unit, and prints as JSON the CPU time of
the peer's own call, its graph being ready, and the most memory of the whole process. All are allowed cells 5 % heavier than
the mean; none can be told how light one may be.
"""

import json
import pathlib
import resource
import sys
import time

import numpy

TOLERANCE = 0.05


class Units:
    def __init__(self, folder):
        read = lambda name: numpy.fromfile(folder / f"{name}.i4", dtype="<i4")
        self.weights, self.starts, self.beside, self.shared = map(read, ["weights", "starts", "beside", "shared"])
        self.cells = json.loads((folder / "units.json").read_text())["cells"]

    def links(self):
        """Each pair of units once, and their border."""
        first = numpy.repeat(numpy.arange(len(self.weights)), numpy.diff(self.starts))
        once = first < self.beside
        return first[once].tolist(), self.beside[once].tolist(), self.shared[once].tolist()


def metis(units, seed, contiguous):
    import pymetis

    graph = pymetis.CSRAdjacency(units.starts, units.beside)
    options = pymetis.Options(seed=seed, ufactor=round(TOLERANCE * 1000), contig=int(contiguous))
    return lambda: pymetis.part_graph(
        units.cells, graph, vweights=units.weights, eweights=units.shared, recursive=False, options=options
    ).vertex_part


def kahip(units, seed, mode):
    import kahip

    weights, starts, shared, beside = (one.tolist() for one in (units.weights, units.starts, units.shared, units.beside))
    mode = {"fast": kahip.FAST, "eco": kahip.ECO}[mode]
    return lambda: kahip.kaffpa(weights, starts, shared, beside, units.cells, TOLERANCE, True, seed, mode)[1]


def mtkahypar(units, seed, preset):
    import mtkahypar

    library = mtkahypar.initialize(1)
    context = library.context_from_preset(getattr(mtkahypar.PresetType, preset))
    context.set_partitioning_parameters(units.cells, TOLERANCE, mtkahypar.Objective.CUT)
    mtkahypar.set_seed(seed)
    first, second, shared = units.links()
    graph = library.create_graph(
        context, len(units.weights), len(shared), list(zip(first, second)), units.weights.tolist(), shared
    )

    def cut():
        plan = graph.partition(context)
        return [plan.block_id(unit) for unit in range(len(units.weights))]

    return cut


def gerrychain(units, seed):
    import gerrychain
    import networkx

    from gerrychain.partition.initial_partition_generators import recursive_seed_part

    network = networkx.Graph()
    network.add_nodes_from((unit, {"weight": weight}) for unit, weight in enumerate(units.weights.tolist()))
    first, second, _ = units.links()
    network.add_edges_from(zip(first, second))
    graph = gerrychain.Graph.from_networkx(network)
    mean = int(units.weights.sum()) / units.cells

    def cut():
        plan = recursive_seed_part(graph, range(units.cells), mean, "weight", TOLERANCE, rng=seed)
        return [plan[unit] for unit in range(len(units.weights))]

    return cut


PEERS = {
    "metis-contig": lambda *units_and_seed: metis(*units_and_seed, True),
    "metis": lambda *units_and_seed: metis(*units_and_seed, False),
    "kahip-fast": lambda *units_and_seed: kahip(*units_and_seed, "fast"),
    "kahip-eco": lambda *units_and_seed: kahip(*units_and_seed, "eco"),
    "mtkahypar": lambda *units_and_seed: mtkahypar(*units_and_seed, "DEFAULT"),
    "mtkahypar-highest": lambda *units_and_seed: mtkahypar(*units_and_seed, "HIGHEST_QUALITY"),
    "mtkahypar-large-k": lambda *units_and_seed: mtkahypar(*units_and_seed, "LARGE_K"),
    "gerrychain": gerrychain,
}


def main():
    who, folder, seed, path = sys.argv[1:]
    cut = PEERS[who](Units(pathlib.Path(folder)), int(seed))
    start = time.process_time()
    cells = cut()
    cpu_s = time.process_time() - start
    numpy.asarray(cells, dtype="<i4").tofile(path)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(json.dumps({"cpu_s": cpu_s, "peak_mb": peak_mb}))


main()
