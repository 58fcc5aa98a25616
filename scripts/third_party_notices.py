#!/usr/bin/env python3
"""Writes packaging/THIRD-PARTY.txt and those of the programs and of the GStreamer plugin (THIRD-PARTY-*.txt): the crates that each
contains, their licenses and notices.

    scripts/third_party_notices.py            writes the files
    scripts/third_party_notices.py --check    exits with 1 if one is not current

Where a crate offers Apache-2.0, that is chosen: its text is the project's own LICENSE. Other licenses are quoted from the crates'
source packages, and so is whatever names authors and third parties.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# File, package, what it is called in the text, the directory of its workspace.
DOCUMENTS = [
    (ROOT / "packaging/THIRD-PARTY.txt", "native_drm", "library", "libnative_drm", ROOT),
    (ROOT / "packaging/THIRD-PARTY-native-drm.txt", "native-drm-cli", "program", "native-drm", ROOT),
    (ROOT / "packaging/THIRD-PARTY-native-drm-license-server.txt", "native-drm-license-server", "program", "native-drm-license-server", ROOT),
    (ROOT / "packaging/THIRD-PARTY-gstreamer.txt", "gst-plugin-native-drm", "plugin", "libgstnativedrm", ROOT / "gstreamer"),
]
# The library contains the same crates on every Linux but for what these two do not share.
TARGETS = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"]
# In order of preference: what the text asks for is least in the first.
LICENSES = ["Apache-2.0", "MIT-0", "MIT", "BSD-3-Clause", "BSD-2-Clause", "ISC", "Zlib", "Unicode-3.0", "CDLA-Permissive-2.0"]

HEADER = """\
{title}
{line}

The {kind} contains the crates below and Rust's standard library (https://www.rust-lang.org; MIT OR Apache-2.0, its parts'
notices in COPYRIGHT-library.html of the Rust toolchain). "Apache-2.0" is the license whose text is in the file LICENSE beside
this one. Written by scripts/third_party_notices.py; do not edit.
"""


def run(workspace, *command):
    """The command's standard output."""
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=workspace).stdout


def contained(package, workspace):
    """(name, version) of all crates that are linked into the package with all features."""
    crates = set()
    for target in TARGETS:
        tree = run(workspace, "cargo", "tree", "--locked", "--package", package, "--all-features", "--edges", "normal,no-proc-macro",
                   "--target", target, "--prefix", "none", "--format", "{p}")
        for line in tree.splitlines():
            name, version = line.split()[:2]
            crates.add((name, version.removeprefix("v")))
    return crates


def chosen(name, expression):
    """The licenses of an SPDX expression that are taken: one of each list of offers that AND joins."""
    licenses = []
    for offers in expression.split(" AND "):
        offered = {offer.strip(" ()") for offer in re.split(r"\bOR\b|/", offers)}
        license = next((license for license in LICENSES if license in offered), None)
        if license is None:
            sys.exit(f"{name}: none of the licenses that {__file__} knows is in {offers!r}")
        licenses.append(license)
    return licenses


def files(directory, pattern):
    """Texts of the crate's files whose names match, in alphabetical order."""
    names = sorted(name for name in os.listdir(directory) if re.fullmatch(pattern, name, re.IGNORECASE))
    return [(directory / name).read_text(errors="replace").strip() for name in names if (directory / name).is_file()]


def license_text(name, license, directory):
    """The text of a license that is not Apache-2.0."""
    stem = license.split("-")[0]
    for pattern in (rf"(license|copying)[-_.]{stem}.*", r"(license|copying|licence)(\.(md|txt))?"):
        texts = files(directory, pattern)
        if texts:
            return texts[0]
    sys.exit(f"{name}: there is no text of {license} in {directory}")


def notices(licenses, directory):
    """What the crate says about its authors and about others' work in it."""
    texts = files(directory, r"(notice|copyright|.*third[-_]party)(\.(md|txt))?")
    if "Apache-2.0" in licenses:
        # The appendix of the license is a form; some fill it in.
        for text in files(directory, r"licen[cs]e([-_.]apache.*)?(\.(md|txt))?"):
            texts.extend(line.strip() for line in text.splitlines() if re.match(r"\s*Copyright (\(c\) )?\d", line, re.IGNORECASE))
    return list(dict.fromkeys(texts))


def document(package, kind, called, workspace):
    """The whole file."""
    metadata = json.loads(run(workspace, "cargo", "metadata", "--locked", "--format-version", "1"))
    packages = {(package["name"], package["version"]): package for package in metadata["packages"]}
    sections, same = [], {}
    for name, version in sorted(contained(package, workspace)):
        crate = packages[name, version]
        if crate["source"] is None:
            continue
        licenses = chosen(name, crate["license"])
        directory = pathlib.Path(crate["manifest_path"]).parent
        where = crate["repository"] or f"https://crates.io/crates/{name}"
        title = f"{name} {version}"
        texts = [license_text(name, license, directory) for license in licenses if license != "Apache-2.0"]
        texts += notices(licenses, directory)
        text = "\n\n".join(texts)
        if text in same and text:
            text = f"The text is that of {same[text]}."
        else:
            same[text] = title
        section = f"{title}\n{'-' * len(title)}\n{crate['license']}; used under {' and '.join(licenses)}. {where}\n"
        sections.append(section + (f"\n{text}\n" if text else ""))
    heading = f"Third-party software in {called}"
    header = HEADER.format(title=heading, line="=" * len(heading), kind=kind)
    lines = "\n\n".join([header, *sections]).splitlines()
    return "".join(f"{line.rstrip()}\n" for line in lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    for path, package, kind, called, workspace in DOCUMENTS:
        text = document(package, kind, called, workspace)
        if not arguments.check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            sys.exit(f"{path.relative_to(ROOT)} is not current: run scripts/third_party_notices.py")


if __name__ == "__main__":
    main()
