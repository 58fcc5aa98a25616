#!/usr/bin/env python3
"""Holds Debian packages against packaging/debian/files.txt: that all are there, what is in each, who may do what with it, its size.

    scripts/check_debs.py DIRECTORY --version 0.1.0 [--without PACKAGE]

The directory has the .deb files and nothing else of that kind; PACKAGE is not among them. Exits with 1 and a line for each fault.
"""

import argparse
import fnmatch
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LARGEST = 4 * 1000 * 1000


def expected(arch, version):
    """The globs of each package."""
    packages, globs = {}, None
    for line in (ROOT / "packaging/debian/files.txt").read_text().splitlines():
        if line.startswith("["):
            globs = packages.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            globs.append(line.format(arch=arch, version=version))
    return packages


def contents(deb):
    """(path, mode and type, owner) of all that is not a directory."""
    listing = subprocess.run(["dpkg-deb", "-c", deb], check=True, stdout=subprocess.PIPE, text=True).stdout
    for line in listing.splitlines():
        mode, owner, _size, _date, _time, path = line.split(maxsplit=5)
        path = path.split(" -> ")[0].removeprefix(".")
        if not path.endswith("/"):
            yield path, mode, owner


def faults_of(deb, globs):
    """One sentence for each fault of a package."""
    if deb.stat().st_size > LARGEST:
        yield f"{deb.stat().st_size} bytes; {LARGEST} at most"
    unmatched = set(globs)
    for path, mode, owner in contents(deb):
        matching = {glob for glob in globs if fnmatch.fnmatchcase(path, glob)}
        unmatched -= matching
        if not matching:
            yield f"not in the list: {path}"
        if owner != "root/root":
            yield f"{path} belongs to {owner}"
        executable = path.startswith(("/usr/bin/", "/usr/libexec/"))
        if mode[0] == "-" and mode not in (("-rwxr-xr-x",) if executable else ("-rw-r--r--",)):
            yield f"{path} has the mode {mode}"
    yield from (f"missing: {glob}" for glob in sorted(unmatched))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--version", required=True)
    parser.add_argument("--without", metavar="PACKAGE", action="append", default=[])
    arguments = parser.parse_args()
    arch = subprocess.run(["dpkg-architecture", "-qDEB_HOST_MULTIARCH"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    packages = expected(arch, arguments.version)
    for name in arguments.without:
        packages.pop(name)
    faults, found = [], set()
    for deb in sorted(arguments.directory.glob("*.deb")):
        name, version = (
            subprocess.run(["dpkg-deb", "-f", deb, field], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
            for field in ("Package", "Version")
        )
        found.add(name)
        if name not in packages:
            faults.append(f"{deb.name}: a package that files.txt does not know")
            continue
        if version != arguments.version:
            faults.append(f"{deb.name}: version {version}")
        faults += [f"{name}: {fault}" for fault in faults_of(deb, packages[name])]
        print(f"{name} {version}: {deb.stat().st_size / 1e6:.2f} MB")
    faults += [f"there is no package {name}" for name in sorted(packages.keys() - found)]
    if faults:
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main()
