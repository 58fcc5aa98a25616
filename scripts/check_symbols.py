#!/usr/bin/env python3
"""Compares the functions that the headers declare with the symbols that the shared library exports.

The headers go through the preprocessor; line markers tell which text comes from the project. Exits with 1 and names the
difference if there is one, or if the SONAME is not the expected one.
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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compiler", default="cc")
    parser.add_argument("--nm", default="nm")
    parser.add_argument("--readelf", default="readelf")
    parser.add_argument("--include", required=True, type=pathlib.Path)
    parser.add_argument("--library", required=True)
    parser.add_argument("--soname", required=True)
    arguments = parser.parse_args()

    include = arguments.include.resolve()
    headers = sorted(include.glob("multimedia/**/*.h"))
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
    print(f"{len(headers)} headers declare {len(declared)} functions, the library exports {len(exported)}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
