#!/usr/bin/env python3
"""Checks that every link of the built site leads to a file and an id in it. Argument: the site's directory."""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.ids = set()
        self.links = set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        for name in ("id", "name"):
            if values.get(name):
                self.ids.add(values[name])
        for name in ("href", "src"):
            if values.get(name):
                self.links.add(values[name])


def main(site):
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    faults = set()
    for path, page in pages.items():
        if path.name == "404.html":
            continue  # its links are absolute: it is shown for any address
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or link.startswith(("javascript:", "data:")):
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target.is_dir():
                target = target / "index.html"
            if not target.exists():
                faults.add(f"{path.relative_to(site)}: there is no {link}")
            elif link == "#nested-classes":
                continue  # Doxygen 1.9 names the section even if what would stand in it is private
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].ids:
                faults.add(f"{path.relative_to(site)}: nothing has the id of {link}")
    for fault in sorted(faults):
        print(fault, file=sys.stderr)
    print(f"{len(pages)} pages, {sum(len(page.links) for page in pages.values())} links")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
