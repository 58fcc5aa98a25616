#!/usr/bin/env python3
"""Judges what server/demo/test.html has posted, and the photographs of it.

usage: browser_outcome.py ALLOWED.rgb OTHER.rgb <RESULTS     RESULTS: a line of JSON for either origin

Every player has to play at the allowed origin, with the picture of the clear original, and none at the other one.
"""

import json
import pathlib
import sys

WIDTH, TILE, HEIGHT, PLAYERS, FRAMES = 1200, 160, 90, 6, 75
# Of 255: the same picture (or the one before, where a file is played otherwise than its segments), and any other one.
SAME, OTHER = 3.0, 10.0


def tile(picture, number):
    """The middle of a video, row by row."""
    left, right = 3 * (TILE * number + 8), 3 * (TILE * (number + 1) - 8)
    return b"".join(picture[3 * WIDTH * row + left:3 * WIDTH * row + right] for row in range(8, HEIGHT - 8))


def difference(one, other):
    return sum(abs(a - b) for a, b in zip(one, other, strict=True)) / len(one)


def main():
    outcomes = [json.loads(line) for line in sys.stdin]
    if [len(page) for page in outcomes] != [PLAYERS, PLAYERS]:
        sys.exit(f"not every player was tried: {outcomes}")
    failed = False
    for page, path, wanted in zip(outcomes, sys.argv[1:], (True, False), strict=True):
        picture = pathlib.Path(path).read_bytes()
        original = tile(picture, 0)
        if len(set(original)) < 50:
            sys.exit(f"{path}: the clear original is not to be seen")
        for number, outcome in enumerate(page, 1):
            outcome["difference"] = round(difference(tile(picture, number), original), 2)
            if wanted:
                good = outcome["played"] and outcome["frames"] >= FRAMES - 5 and outcome["difference"] < SAME
            else:
                good = not outcome["played"] and outcome["difference"] > OTHER
            failed |= not good
            print("ok " if good else "BAD", json.dumps(outcome)[:300])
    sys.exit(failed)


if __name__ == "__main__":
    main()
