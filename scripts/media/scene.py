"""A few seconds of picture and sound made of arithmetic: a sunrise over the sea, and a short melody."""

import math
import random
import struct

WIDTH, HEIGHT, FRAME_RATE = 320, 180, 25
SAMPLE_RATE = 44100
SEED = 23001
HORIZON = 112


def _mix(a, b, t):
    t = 0.0 if t < 0.0 else 1.0 if t > 1.0 else t
    return tuple(x + (y - x) * t for x, y in zip(a, b))


def _ridge(x, layer):
    """Height in pixels of a mountain layer above the horizon at world column x."""
    if layer == 0:
        return 26 + 13 * math.sin(x / 31) + 7 * math.sin(x / 13 + 1.7) + 2 * math.sin(x / 4.1)
    return 12 + 9 * math.sin(x / 23 + 4.0) + 5 * math.sin(x / 9.5 + 0.4) + 1.5 * math.sin(x / 2.9)


def frames(seconds):
    """Yields RGB24 frames as bytes."""
    rng = random.Random(SEED)
    stars = [(rng.randrange(WIDTH), rng.randrange(HORIZON - 30), rng.random()) for _ in range(70)]
    total = int(seconds * FRAME_RATE)
    for number in range(total):
        t = number / (total - 1)
        yield _frame(t, stars)


def _frame(t, stars):
    sun_x, sun_y = 214.0, HORIZON + 22 - 74 * t
    top = _mix((14, 18, 58), (58, 120, 205), t)
    low = _mix((88, 42, 92), (255, 196, 120), min(1.0, 0.25 + t))
    sky = []
    for y in range(HORIZON):
        base = _mix(top, low, (y / HORIZON) ** 1.6)
        row = []
        dy2 = (y - sun_y) ** 2
        for x in range(WIDTH):
            d2 = dy2 + (x - sun_x) ** 2
            if d2 < 17 * 17:
                row.append((255, 240, 196))
                continue
            glow = 0.95 * math.exp(-math.sqrt(d2) / 42)
            row.append(_mix(base, (255, 206, 128), glow))
        sky.append(row)
    fade = max(0.0, 1.0 - 2.2 * t)
    for x, y, phase in stars:
        twinkle = fade * (0.55 + 0.45 * math.sin(20 * t + 6.3 * phase))
        sky[y][x] = _mix(sky[y][x], (255, 255, 255), twinkle)
    for layer, far, near, speed in ((0, (64, 58, 104), (150, 108, 120), 10), (1, (26, 30, 58), (72, 62, 82), 26)):
        colour = _mix(far, near, t)
        for x in range(WIDTH):
            height = int(_ridge(x + speed * t, layer))
            for y in range(max(0, HORIZON - height), HORIZON):
                sky[y][x] = colour
    rows = [bytes(int(c) for pixel in row for c in pixel) for row in sky]
    for y in range(HORIZON, HEIGHT):
        depth = y - HORIZON
        mirror = sky[max(0, HORIZON - 1 - int(depth * 1.55))]
        shift = (1 + depth * 0.12) * math.sin(depth * 0.9 - 22 * t + math.sin(depth * 0.37) * 2)
        row = bytearray()
        for x in range(WIDTH):
            r, g, b = mirror[min(WIDTH - 1, max(0, int(x + shift)))]
            shine = 0.66 + 0.06 * math.sin(depth * 1.3 + x * 0.05 - 30 * t)
            row += bytes((int(r * shine), int(g * shine * 0.98), min(255, int(b * shine + 12))))
        rows.append(bytes(row))
    picture = bytearray(b"".join(rows))
    _boat(picture, 70 + 50 * t, HORIZON + 22 + math.sin(9 * t))
    return bytes(picture)


def _boat(picture, x0, y0):
    def put(x, y, colour):
        if 0 <= x < WIDTH and 0 <= y < HEIGHT:
            picture[(y * WIDTH + x) * 3:(y * WIDTH + x) * 3 + 3] = bytes(colour)

    x0, y0 = int(x0), int(y0)
    for dy in range(34):
        for dx in range(int(dy * 0.52)):
            put(x0 + 2 + dx, y0 - 36 + dy, (246, 240, 228))
        for dx in range(int(dy * 0.34)):
            put(x0 - 1 - dx, y0 - 36 + dy, (222, 84, 70))
    for dy in range(-38, 0):
        put(x0, y0 + dy, (60, 44, 40))
    for dy in range(7):
        for dx in range(-17 + dy, 22 - dy):
            put(x0 + dx, y0 + dy, (70, 46, 42))


def melody(seconds):
    """16-bit little-endian stereo PCM: a bell-like arpeggio over a soft chord."""
    notes = [261.63, 329.63, 392.00, 523.25, 659.26, 523.25, 587.33, 659.26, 783.99, 659.26, 523.25, 392.00]
    step = seconds / len(notes)
    out = bytearray()
    for i in range(int(seconds * SAMPLE_RATE)):
        t = i / SAMPLE_RATE
        left = right = 0.0
        for n, frequency in enumerate(notes):
            age = t - n * step
            if age < 0 or age > 1.2:
                continue
            envelope = min(1.0, age * 200) * math.exp(-4.2 * age)
            tone = math.sin(2 * math.pi * frequency * age) + 0.3 * math.sin(4 * math.pi * frequency * age + 0.3)
            pan = 0.3 + 0.4 * (n % 3) / 2
            left += 0.30 * envelope * tone * (1 - pan)
            right += 0.30 * envelope * tone * pan
        pad = 0.05 * min(1.0, t, seconds - t) * sum(math.sin(2 * math.pi * f * t) for f in (130.81, 196.00, 329.63))
        out += struct.pack("<hh", *(int(32000 * max(-1.0, min(1.0, v + pad))) for v in (left, right)))
    return bytes(out)
