#!/usr/bin/env python3
"""Checks the dependencies against deny.toml: licenses, sources, bans. Needs no network beyond what cargo needs.

    scripts/check_dependencies.py [MANIFEST...]     default: Cargo.toml of the root, fuzz and gstreamer

Known vulnerabilities are not looked up here: that takes the RustSec database and cargo-deny (`cargo deny check`) or
cargo-audit, which fetch it.
"""

import json
import pathlib
import re
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
CRATES_IO = "registry+https://github.com/rust-lang/crates.io-index"


def tokens(expression):
    """The words of an SPDX expression. A slash, as old manifests have it, is an OR."""
    expression = expression.replace("/", " OR ")
    return re.findall(r"\(|\)|[^\s()]+", expression)


def satisfied(expression, allowed):
    """Whether the licenses that are allowed suffice for an SPDX expression."""
    words = tokens(expression)
    at = 0

    def peek():
        return words[at] if at < len(words) else None

    def take():
        nonlocal at
        at += 1
        return words[at - 1]

    def alternatives():
        result = conjunction()
        while peek() == "OR":
            take()
            # Both sides have to be read.
            other = conjunction()
            result = result or other
        return result

    def conjunction():
        result = one()
        while peek() == "AND":
            take()
            other = one()
            result = result and other
        return result

    def one():
        word = take()
        if word == "(":
            result = alternatives()
            if take() != ")":
                raise ValueError(expression)
            return result
        if peek() == "WITH":
            take()
            word = f"{word} WITH {take()}"
        return word in allowed

    result = alternatives()
    if at != len(words):
        raise ValueError(expression)
    return result


def packages(manifest):
    command = ["cargo", "metadata", "--locked", "--all-features", "--format-version", "1", "--manifest-path", manifest]
    metadata = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return metadata["packages"]


def normal(name, features, *edges):
    """How many crates a build of the library takes, itself not counted."""
    command = ["cargo", "tree", "--locked", "--prefix", "none", "--edges", ",".join(edges), "-f", "{p}", *features]
    lines = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout.splitlines()
    count = len({line.removesuffix(" (*)").strip() for line in lines if line.strip()}) - 1
    print(f"{name}: {count} crates")
    return count


def main():
    rules = tomllib.loads((ROOT / "deny.toml").read_text())
    allowed = set(rules["licenses"]["allow"])
    exceptions = {entry["crate"]: set(entry["allow"]) for entry in rules["licenses"]["exceptions"]}
    banned = {entry["crate"] for entry in rules["bans"]["deny"]}
    faults, used, checked = [], set(), set()
    for manifest in sys.argv[1:] or [ROOT / "Cargo.toml", ROOT / "fuzz/Cargo.toml", ROOT / "gstreamer/Cargo.toml"]:
        for package in packages(manifest):
            name, version, source = package["name"], package["version"], package["source"]
            license = package["license"] or ""
            checked.add((name, version))
            if source is not None and source != CRATES_IO:
                faults.append(f"{name} {version}: from {source}, not crates.io")
            if name in banned:
                faults.append(f"{name} {version}: banned")
            if not license:
                faults.append(f"{name} {version}: no license named")
            elif not satisfied(license, allowed):
                used.add(name)
                if not satisfied(license, allowed | exceptions.get(name, set())):
                    faults.append(f"{name} {version}: license {license}")
    faults.extend(f"deny.toml: the exception for {name} is not needed" for name in exceptions.keys() - used)
    print(f"{len(checked)} packages of all features, platforms, builds and tests: licenses, sources, bans")
    normal("library, default features", [], "normal")
    normal("library and server, all features", ["--all-features"], "normal")
    normal("with what builds them", ["--all-features"], "normal", "build")
    faults = sorted(set(faults))
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"{len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
