#!/usr/bin/env python3
"""Groups the blocks of town-helsinki into the demo's invented grid, and writes grid.csv.

Run it in this folder: python3 group_blocks.py. It uses the standard library only, and the same blocks give the same file.
Communities grow from four named places, cells and micro-cells from blocks that lie far apart; then blocks at the rim of a
group move to a neighbouring group while that brings the groups closer to equal dwellings and shorter borders, and every
group stays in one piece.
"""

import csv
import gzip
import io
import json
import math

CELL_DWELLINGS = 400
MICRO_CELL_DWELLINGS = 100
# What a metre of border between groups costs, in squared dwellings.
BORDER_WEIGHT = 6.0
# Neighbourhoods inside the window, with a place in each and what Chinese readers call it.
COMMUNITIES = [
    ("Kamppi", "康皮", 24.9375, 60.1675),
    ("Kluuvi", "克鲁维", 24.9440, 60.1705),
    ("Kruununhaka", "克鲁农哈卡", 24.9505, 60.1740),
    ("Kaartinkaupunki", "卡尔廷考蓬基", 24.9490, 60.1655),
]
# Invented: no county of GB/T 2260 begins with 99.
TOWNSHIP = "990101001"
DIGITS = "零一二三四五六七八九"


def read_blocks():
    with gzip.open("town-helsinki/blocks.geojson.gz") as file:
        features = json.load(file)["features"]
    blocks = {}
    for feature in features:
        ring = feature["geometry"]["coordinates"][0][:-1]
        lon = sum(position[0] for position in ring) / len(ring)
        lat = sum(position[1] for position in ring) / len(ring)
        blocks[feature["properties"]["block_id"]] = (feature["properties"]["dwellings"], lon, lat)
    with gzip.open("town-helsinki/block_adjacency.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))
    shared = {block: {} for block in blocks}
    for row in rows:
        border_m = float(row["shared_border_m"])
        shared[row["block_a"]][row["block_b"]] = border_m
        shared[row["block_b"]][row["block_a"]] = border_m
    return blocks, shared


def distance_m(blocks, block, lon, lat):
    _, block_lon, block_lat = blocks[block]
    return math.hypot((block_lon - lon) * 55_500, (block_lat - lat) * 111_000)


def is_connected(members, shared):
    members = set(members)
    if not members:
        return False
    start = min(members)
    seen, open_blocks = {start}, [start]
    while open_blocks:
        for neighbour in shared[open_blocks.pop()]:
            if neighbour in members and neighbour not in seen:
                seen.add(neighbour)
                open_blocks.append(neighbour)
    return seen == members


def far_apart(members, count, blocks):
    """The block nearest to the south-west, then whichever lies furthest from all chosen."""
    heavy = [block for block in members if blocks[block][0] > 0] or list(members)
    seeds = [min(heavy, key=lambda block: (blocks[block][1] + blocks[block][2], block))]
    while len(seeds) < count:
        def gap_m(block):
            return min(distance_m(blocks, block, *blocks[seed][1:]) for seed in seeds)
        left = [block for block in heavy if block not in seeds]
        seeds.append(max(left, key=lambda block: (gap_m(block), block)))
    return seeds


def grow(members, seeds, blocks, shared, goals):
    """Gives each block to a group: whichever is furthest below its goal takes the neighbour that it shares most border with."""
    group = {seed: number for number, seed in enumerate(seeds)}
    weight = [blocks[seed][0] for seed in seeds]
    while len(group) < len(members):
        for number in sorted(range(len(seeds)), key=lambda number: (weight[number] / goals[number], number)):
            reach = {}
            for block, owner in group.items():
                if owner == number:
                    for neighbour, border_m in shared[block].items():
                        if neighbour in members and neighbour not in group:
                            reach[neighbour] = reach.get(neighbour, 0.0) + border_m
            if reach:
                block = max(reach, key=lambda block: (reach[block], block))
                group[block] = number
                weight[number] += blocks[block][0]
                break
        else:
            raise SystemExit("the blocks of one parent are not connected")
    return group


def cost(group, goals, blocks, shared):
    weight = [0] * len(goals)
    cut_m = 0.0
    for block, number in group.items():
        weight[number] += blocks[block][0]
        cut_m += sum(m for other, m in shared[block].items() if other in group and group[other] != number) / 2
    return sum((have - goal) ** 2 for have, goal in zip(weight, goals)) + BORDER_WEIGHT * cut_m


def improve(group, goals, blocks, shared):
    best = cost(group, goals, blocks, shared)
    for _ in range(200):
        better = None
        for block in sorted(group):
            rest = [other for other, number in group.items() if number == group[block] and other != block]
            if not is_connected(rest, shared):
                continue
            around = {group[other] for other in shared[block] if other in group} - {group[block]}
            for number in sorted(around):
                tried = cost({**group, block: number}, goals, blocks, shared)
                if tried < best - 1e-9:
                    best, better = tried, (block, number)
        if better is None:
            return group
        group[better[0]] = better[1]
    return group


def split(members, target, blocks, shared):
    """Cuts one parent into groups of about `target` dwellings each, numbered west to east, then north to south."""
    total = sum(blocks[block][0] for block in members)
    count = max(1, min(round(total / target), len([b for b in members if blocks[b][0] > 0]) or 1))
    goals = [total / count] * count
    seeds = far_apart(members, count, blocks)
    group = improve(grow(members, seeds, blocks, shared, goals), goals, blocks, shared)
    parts = [sorted(block for block in members if group[block] == number) for number in range(count)]

    def west_then_north(part):
        lon = sum(blocks[block][1] for block in part) / len(part)
        lat = sum(blocks[block][2] for block in part) / len(part)
        return (lon, -lat)
    return sorted(parts, key=west_then_north)


def communities(blocks, shared):
    seeds = [min(blocks, key=lambda block: distance_m(blocks, block, lon, lat)) for _, _, lon, lat in COMMUNITIES]
    nearest = {
        block: min(range(4), key=lambda number: distance_m(blocks, block, *COMMUNITIES[number][2:]))
        for block in blocks
    }
    wanted = [sum(blocks[block][0] for block in blocks if nearest[block] == number) for number in range(4)]
    # Grow by nearness first; what is cut off from its seed goes to whom it shares most border with.
    group = {block: None for block in blocks}
    for number, seed in enumerate(seeds):
        open_blocks = [seed]
        group[seed] = number
        while open_blocks:
            for neighbour in sorted(shared[open_blocks.pop()]):
                if group[neighbour] is None and nearest[neighbour] == number:
                    group[neighbour] = number
                    open_blocks.append(neighbour)
    while any(number is None for number in group.values()):
        block = min(block for block, number in group.items()
                    if number is None and any(group[other] is not None for other in shared[block]))
        owned = {other: m for other, m in shared[block].items() if group[other] is not None}
        group[block] = group[max(owned, key=lambda other: (owned[other], other))]
    return improve(group, [max(goal, CELL_DWELLINGS) for goal in wanted], blocks, shared)


def main():
    blocks, shared = read_blocks()
    group = communities(blocks, shared)
    rows = []
    for number, (name, name_zh, _, _) in enumerate(COMMUNITIES):
        community = f"{TOWNSHIP}{number + 1:03}"
        members = sorted(block for block in blocks if group[block] == number)
        assert is_connected(members, shared), name
        for cell_number, cell_blocks in enumerate(split(members, CELL_DWELLINGS, blocks, shared), 1):
            cell = f"{community}{cell_number:03}"
            cell_en, cell_zh = f"{name} cell {cell_number}", f"{name_zh}第{DIGITS[cell_number]}网格"
            for micro_number, micro_blocks in enumerate(split(cell_blocks, MICRO_CELL_DWELLINGS, blocks, shared), 1):
                assert is_connected(micro_blocks, shared), (cell, micro_number)
                micro = f"{cell}{micro_number:03}"
                dwellings = sum(blocks[block][0] for block in micro_blocks)
                print(micro, dwellings, len(micro_blocks), cell_en)
                for block in micro_blocks:
                    rows.append([
                        block,
                        micro, f"{cell_zh}{micro_number}号微网格", f"{cell_en}, micro-cell {micro_number}",
                        cell, cell_zh, cell_en,
                        community, f"{name_zh}社区", name,
                    ])
    header = ["unit", "micro_cell", "micro_cell_zh", "micro_cell_en", "cell", "cell_zh", "cell_en",
              "community", "community_zh", "community_en"]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(sorted(rows))
    with open("grid.csv", "w", encoding="utf-8") as file:
        file.write(out.getvalue())


if __name__ == "__main__":
    main()
