"""Reads a vector tile as far as two makers of one must agree: each feature's code and its area."""


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def fields(data):
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 2:
            length, at = varint(data, at)
            value, at = data[at : at + length], at + length
        else:
            raise ValueError(f"wire type {key & 7}")
        yield key >> 3, value


def numbers(data):
    at, found = 0, []
    while at < len(data):
        value, at = varint(data, at)
        found.append(value)
    return found


def signed(value):
    return (value >> 1) ^ -(value & 1)


def area(commands):
    """The area in square units of the tile, holes taken off."""
    at, x, y, rings = 0, 0, 0, []
    while at < len(commands):
        command, count = commands[at] & 7, commands[at] >> 3
        at += 1
        for _ in range(count if command != 7 else 0):
            x, y = x + signed(commands[at]), y + signed(commands[at + 1])
            at += 2
            if command == 1:
                rings.append([])
            rings[-1].append((x, y))
    doubled = 0
    for ring in rings:
        for (ax, ay), (bx, by) in zip(ring, ring[1:] + ring[:1]):
            doubled += ax * by - bx * ay
    return doubled / 2


def areas_by_code(data):
    """Of the only layer: each feature's area by its property `code`."""
    (layer,) = [content for field, content in fields(data) if field == 3]
    parts = list(fields(layer))
    values = [next(text for _, text in fields(value)).decode() for field, value in parts if field == 4]
    found = {}
    for feature in (content for field, content in parts if field == 2):
        members = dict(fields(feature))
        found[values[numbers(members[2])[1]]] = area(numbers(members[4]))
    return found
