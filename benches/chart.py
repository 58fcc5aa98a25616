#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws the JSON file of native_drm_decrypt_bench as an SVG chart: chart.py results.json chart.svg"""

import json
import math
import sys
from html import escape

# Colours that differ in lightness, too.
SERIES = [("native_drm", "#0b5fa5"), ("libgcrypt", "#d98c1f"), ("OpenSSL", "#9aa0a6"), ("memcpy", "#dfe3e8")]
TICKS = [1, 2, 5, 10, 20, 50]
LEFT, TOP, WIDTH, BAR, GAP = 250, 92, 560, 13, 16


def place(value):
    """Pixels of a ratio: a logarithmic scale from 0.5 to 60."""
    return WIDTH * math.log(min(max(value, 0.5), 60) / 0.5) / math.log(60 / 0.5)


def text(x, y, content, size=12, anchor="start", fill="#202124", weight="normal"):
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{fill}" '
        f'font-weight="{weight}">{escape(content)}</text>'
    )


def bar(y, value, colour):
    return f'<rect x="{LEFT}" y="{y}" width="{place(value):.1f}" height="{BAR - 2}" fill="{colour}"/>'


def chart(results):
    rows = results["workloads"]
    height = TOP + len(rows) * (len(SERIES) * BAR + GAP) + 40
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 80}" height="{height}" '
        'font-family="system-ui, sans-serif">',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        text(20, 28, "Samples decrypted per second, times OpenSSL (one thread, in cache)", 17, weight="bold"),
        text(20, 48, f'{results["processor"]}; OpenSSL {results["openssl"]}, libgcrypt {results["libgcrypt"]}', 12, fill="#5f6368"),
    ]
    for i, (name, colour) in enumerate(SERIES):
        out.append(f'<rect x="{LEFT + i * 110}" y="60" width="12" height="12" fill="{colour}"/>')
        out.append(text(LEFT + i * 110 + 17, 71, name))
    out.append(f'<line x1="{LEFT + 4 * 110}" x2="{LEFT + 4 * 110}" y1="59" y2="73" stroke="#c5221f" stroke-width="2"/>')
    out.append(text(LEFT + 4 * 110 + 7, 71, "goal"))
    for tick in TICKS:
        x = LEFT + place(tick)
        out.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 6}" y2="{height - 34}" stroke="#e0e0e0"/>')
        out.append(text(x, height - 18, f"{tick}×", anchor="middle", fill="#5f6368"))
    y = TOP
    for row in rows:
        out.append(text(LEFT - 10, y + 2 * BAR, f'{row["id"]}   {row["what"]}', anchor="end"))
        goal = row["goal_over_openssl"]
        for i, (name, colour) in enumerate(SERIES):
            value = row["over_openssl"].get(name)
            if value is not None:
                out.append(bar(y + i * BAR, value, colour))
                out.append(text(LEFT + place(value) + 5, y + i * BAR + BAR - 3, f"{value:.3g}", 10, fill="#5f6368"))
        if goal:
            x = LEFT + place(goal)
            out.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y - 2}" y2="{y + BAR}" stroke="#c5221f" stroke-width="2"/>')
        y += len(SERIES) * BAR + GAP
    out.append("</svg>")
    return "\n".join(out) + "\n"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        results = json.load(file)
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write(chart(results))


if __name__ == "__main__":
    main()
