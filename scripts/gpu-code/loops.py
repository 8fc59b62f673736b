"""The loops of a kernel's machine code, by its flow of control."""


def blocks_of(code):
    """First and last instruction of each basic block, in order."""
    starts = {0, *code.labels.values()}
    for index, instruction in enumerate(code.instructions):
        if instruction.jumps_to or not instruction.falls_through:
            starts.add(index + 1)
    order = sorted(start for start in starts if start < len(code.instructions))
    return [(start, end - 1) for start, end in zip(order, [*order[1:], len(code.instructions)])]


def edges_of(code, blocks):
    """The blocks that may follow each."""
    block_at = {start: number for number, (start, _) in enumerate(blocks)}
    edges = []
    for number, (_, last) in enumerate(blocks):
        instruction = code.instructions[last]
        places = [code.labels[label] for label in instruction.jumps_to if label in code.labels]
        following = [block_at[place] for place in places if place in block_at]
        if instruction.falls_through and number + 1 < len(blocks):
            following.append(number + 1)
        edges.append(following)
    return edges


def dominators(edges):
    """For each block those that every way to it passes, as bits; None where no way leads to it."""
    preceding = [[] for _ in edges]
    for number, following in enumerate(edges):
        for other in following:
            preceding[other].append(number)
    found = [None] * len(edges)
    found[0] = 1
    changed = True
    while changed:
        changed = False
        for number in range(1, len(edges)):
            known = [found[other] for other in preceding[number] if found[other] is not None]
            if not known:
                continue
            common = known[0]
            for bits in known[1:]:
                common &= bits
            common |= 1 << number
            if common != found[number]:
                found[number] = common
                changed = True
    return found, preceding


def circles_of(edges):
    """The sets of blocks that lead to each other (Tarjan, SIAM Journal on Computing 1, 1972)."""
    order, lowest, path, found = {}, {}, [], []
    for start in range(len(edges)):
        if start in order:
            continue
        order[start] = lowest[start] = len(order)
        path.append(start)
        waiting = [(start, iter(edges[start]))]
        while waiting:
            block, following = waiting[-1]
            other = next(following, None)
            if other is None:
                waiting.pop()
                if waiting:
                    before = waiting[-1][0]
                    lowest[before] = min(lowest[before], lowest[block])
                if lowest[block] == order[block]:
                    place = path.index(block)
                    found.append(set(path[place:]))
                    del path[place:]
            elif other not in order:
                order[other] = lowest[other] = len(order)
                path.append(other)
                waiting.append((other, iter(edges[other])))
            elif other in path:
                lowest[block] = min(lowest[block], order[other])
    return [circle for circle in found if len(circle) > 1]


def loops_of(code):
    """The instructions of each loop, those with the same head together; a jump to itself ends a program.

    A loop that is entered at several places, which compilers make of a condition that is tested twice, has no head.
    """
    if not code.instructions:
        return []
    blocks = blocks_of(code)
    edges = edges_of(code, blocks)
    over, preceding = dominators(edges)
    bodies = {}
    for number, following in enumerate(edges):
        for head in following:
            if over[number] is None or not over[number] >> head & 1:
                continue
            body = bodies.setdefault(head, {head})
            waiting = [number]
            while waiting:
                block = waiting.pop()
                if block not in body and over[block] is not None:
                    body.add(block)
                    waiting += preceding[block]
    reached = [following if over[number] is not None else [] for number, following in enumerate(edges)]
    headless = [circle for circle in circles_of(reached) if circle not in bodies.values()]
    found = []
    for body in [*bodies.values(), *headless]:
        inside = {index for block in body for index in range(blocks[block][0], blocks[block][1] + 1)}
        if len(inside) > 1:
            found.append(inside)
    return found
