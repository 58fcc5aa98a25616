#!/usr/bin/env python3
"""Fits the project's documents, which are written for reading in the source tree, into the site.

    stage.py DIRECTORY FILE...    copies documents and pictures (paths in the source tree) to DIRECTORY/docs, writes DIRECTORY/zensical.toml

- Links to headers lead to their reference; links to other files of the source tree become their names.
- Lists get the empty line in front that Python-Markdown wants.
- nav.json is the navigation: every document has its place there, and every entry is a document; a directory stands for its other pages.
- Man pages are a list; scripts/docs.sh makes pages of them.
"""

import json
import posixpath
import re
import shutil
import sys
from pathlib import Path

SITE = Path(__file__).resolve().parent
ROOT = SITE.parents[1]
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)#\s]+)(#[^)\s]*)?\)")
# CommonMark lets a list begin right after a paragraph, Python-Markdown does not.
LISTS = re.compile(r"^((?![-\s|>]|\d+\. ).*)\n(?=(?:- |1\. ))", re.MULTILINE)
FENCE = re.compile(r"^(```.*?^```)", re.MULTILINE | re.DOTALL)
FEATURES = ["content.code.copy", "navigation.sections", "navigation.top", "search.highlight"]


def header_page(name):
    """The file of a header's reference, by Doxygen's rule for names."""
    return "api/" + name.replace("_", "__").replace(".", "_8") + ".html"


def fitted(text, page, pages):
    here = posixpath.dirname(page)
    up = posixpath.relpath(".", here or ".")

    def replace(link):
        label, target, heading = link.group(1), link.group(2), link.group(3) or ""
        path = posixpath.normpath(posixpath.join(here, target))
        if re.match(r"[a-z]+:", target) or path in pages:
            return link.group(0)
        if posixpath.join(path, "README.md") in pages:
            return f"[{label}]({posixpath.join(target, 'README.md')}{heading})"
        if path.startswith("include/") and path.endswith((".h", ".hpp")):
            return f'<a href="{posixpath.join(up, header_page(posixpath.basename(path)))}">{label.strip("`")}</a>'
        if not (ROOT / path).exists():
            sys.exit(f"{page}: there is no {path}")
        return label if label.startswith("`") else f"`{label}`"

    parts = FENCE.split(text)
    return "".join(part if index % 2 else LISTS.sub(r"\1\n\n", LINK.sub(replace, part)) for index, part in enumerate(parts))


def title_of(page):
    found = re.search(r"^# (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return found.group(1) if found else page.stem


def navigation(source):
    entries = json.loads((SITE / "nav.json").read_text(encoding="utf-8"))
    named = set(re.findall(r'"([^"]+\.md)"', json.dumps(entries)))

    def toml(entry):
        title, target = entry
        if isinstance(target, list):
            children = [text for text in map(toml, target) if text]
            return f"{{ {json.dumps(title, ensure_ascii=False)} = [{', '.join(children)}] }}" if children else None
        if (source / target).is_dir():
            pages = sorted(page for page in (source / target).rglob("*.md") if str(page.relative_to(source)) not in named)
            # A section's own page comes first.
            pages.sort(key=lambda page: page.parent != source / target or page.name != "README.md")
            return toml([title, [[title_of(page), str(page.relative_to(source))] for page in pages]])
        if not (source / target).exists():
            sys.exit(f"nav.json: there is no {target}")
        return f"{{ {json.dumps(title, ensure_ascii=False)} = {json.dumps(target)} }}" if title else json.dumps(target)

    return [text for text in map(toml, entries) if text]


def man_pages():
    return sorted((ROOT / "packaging").glob("*/*.[1-8]"))


def unplaced(source):
    """Documents that nav.json has no place for."""
    text = (SITE / "nav.json").read_text(encoding="utf-8")
    named = re.findall(r'"([^"]*)"', text)
    for page in sorted(source.rglob("*.md")):
        path = str(page.relative_to(source))
        if path not in named and not any(path.startswith(f"{name}/") for name in named if name):
            yield path


def main(directory, paths):
    source = directory / "docs"
    pages = set(paths)
    for path in paths:
        copy = source / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        if path.endswith(".md"):
            copy.write_text(fitted((ROOT / path).read_text(encoding="utf-8"), path, pages), encoding="utf-8")
        else:
            shutil.copyfile(ROOT / path, copy)
    (source / "api.md").write_text(
        "# Headers\n\nThe reference of all headers, by OpenHarmony's kits, is on "
        '<a href="api/index.html">pages of its own</a>. The same texts stand in the headers.\n'
    )
    # As HTML: the pages are made later, and of them the generator knows nothing.
    listed = "\n".join(f'<li><a href="man/{page.name}.html">{page.stem}({page.suffix[1:]})</a></li>' for page in man_pages())
    (source / "man.md").write_text(f"# Man pages\n\nAs the packages install them.\n\n<ul>\n{listed}\n</ul>\n")
    if without := list(unplaced(source)):
        sys.exit(f"nav.json has no place for {', '.join(without)}")
    nav = ",\n  ".join(navigation(source))
    (directory / "zensical.toml").write_text(
        f"""[project]
site_name = "native_drm"
site_description = "OpenHarmony's native DRM API as a shared library for Linux"
docs_dir = "docs"
site_dir = "site"
use_directory_urls = false
nav = [
  {nav}
]
[project.theme]
features = {json.dumps(FEATURES)}
font = false
[[project.theme.palette]]
media = "(prefers-color-scheme: light)"
scheme = "default"
toggle.icon = "lucide/sun"
toggle.name = "Dark"
[[project.theme.palette]]
media = "(prefers-color-scheme: dark)"
scheme = "slate"
toggle.icon = "lucide/moon"
toggle.name = "Light"
[project.validation]
invalid_links = true
invalid_link_anchors = true
""",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
