#!/usr/bin/env python3
"""Compares the functions that the headers declare with the symbols that the shared library exports.

The headers go through the preprocessor; line markers tell which text comes from the project. Exits with 1 and names the
difference if there is one, or if the SONAME is not the expected one.

With --history it also compares them with the functions that the SONAME has had since its first release (docs/abi.md): each line
of that file is a function and the version that brought it. --update VERSION adds new functions to it.
"""

import argparse
import pathlib
import re
import subprocess
import sys


def run(*command, **options):
    """The command's standard output."""
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


def own_text(preprocessed, include):
    """The lines of preprocessor output that come from files below the include directory."""
    own = False
    lines = []
    for line in preprocessed.splitlines():
        marker = re.match(r'# \d+ "([^"]*)"', line)
        if marker:
            own = pathlib.Path(marker.group(1)).resolve().is_relative_to(include)
        elif own:
            lines.append(line)
    return "\n".join(lines)


def declared_functions(text):
    """Names of the functions declared at file scope. The text has neither comments nor macros."""
    text = re.sub(r'extern\s+"C"\s*\{', "", text)
    depth = 0
    flat = []
    for character in text:
        if character == "{":
            depth += 1
        elif character == "}":
            depth -= 1
        elif depth == 0:
            flat.append(character)
    names = set()
    for declaration in "".join(flat).split(";"):
        declaration = declaration.strip()
        if declaration.startswith("typedef"):
            continue
        # A declarator: the name in front of the first parenthesis, which encloses everything to the end.
        match = re.match(r"[\w\s*]*?\b([A-Za-z_]\w*)\s*\(", declaration)
        if match and declaration.endswith(")"):
            names.add(match.group(1))
    return names


def exported_symbols(nm, library):
    """Names of all dynamic symbols that the library defines, whatever their kind."""
    names = set()
    for line in run(nm, "-D", "--defined-only", "--format=posix", library).splitlines():
        names.add(line.split()[0].split("@")[0])
    return names


def recorded_symbols(history):
    """Functions and the versions that brought them."""
    lines = history.read_text().splitlines() if history.exists() else []
    return dict(line.split() for line in lines if line and not line.startswith("#"))


def history_faults(history, soname, exported, version):
    """What is wrong between the library and its SONAME's history; new functions are added to it where a version is given."""
    recorded = recorded_symbols(history)
    gone, new = sorted(recorded.keys() - exported), sorted(exported - recorded.keys())
    faults = [f"in {soname} since {recorded[name]}, now missing: {name}" for name in gone]
    if version and new:
        recorded.update((name, version) for name in new)
        lines = [f"# The functions of {soname} and the version that brought each: docs/abi.md, scripts/check_symbols.py."]
        lines += [f"{name} {since}" for name, since in sorted(recorded.items())]
        history.parent.mkdir(parents=True, exist_ok=True)
        history.write_text("".join(f"{line}\n" for line in lines))
    else:
        faults += [f"exported but not in {history.name}: {name}" for name in new]
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compiler", default="cc")
    parser.add_argument("--nm", default="nm")
    parser.add_argument("--readelf", default="readelf")
    parser.add_argument("--include", required=True, type=pathlib.Path)
    parser.add_argument("--library", required=True)
    parser.add_argument("--soname", required=True)
    parser.add_argument("--without", action="append", default=[], help="name of a header whose functions are left out of the library")
    parser.add_argument("--history", type=pathlib.Path, help="directory of the files SONAME.symbols")
    parser.add_argument("--update", metavar="VERSION", help="add new functions to the history under this version")
    arguments = parser.parse_args()

    include = arguments.include.resolve()
    headers = [header for header in sorted(include.rglob("*.h")) if header.name not in arguments.without]
    if not headers:
        sys.exit(f"no headers below {include}")
    source = "".join(f'#include "{header}"\n' for header in headers)
    preprocessed = run(arguments.compiler, "-E", "-x", "c", "-std=c11", "-I", str(include), "-", input=source)
    declared = declared_functions(own_text(preprocessed, include))
    exported = exported_symbols(arguments.nm, arguments.library)

    failed = False
    for name in sorted(declared - exported):
        print(f"declared but not exported: {name}")
        failed = True
    for name in sorted(exported - declared):
        print(f"exported but not declared: {name}")
        failed = True
    soname = re.search(r"\(SONAME\).*\[(.*)\]", run(arguments.readelf, "-d", arguments.library))
    if not soname or soname.group(1) != arguments.soname:
        print(f"SONAME is {soname.group(1) if soname else 'missing'}, not {arguments.soname}")
        failed = True
    if arguments.history:
        history = arguments.history / f"{arguments.soname}.symbols"
        for fault in history_faults(history, arguments.soname, exported, arguments.update):
            print(fault)
            failed = True
    print(f"{len(headers)} headers declare {len(declared)} functions, the library exports {len(exported)}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
