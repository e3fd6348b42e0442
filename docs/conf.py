"""How the site is built: ``make docs``.

The project's folder is the source, so that links work on the forge and in the site alike, also
those that lead from ``docs`` to the pages beside it. What stands where in the site is what
``docs/README.md`` lists: its headings are the parts of the navigation, and a page that no list
there names is a warning, as is a link that leads nowhere.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "bc_pipeline"
extensions = ["myst_parser"]
root_doc = "docs/README"
include_patterns = ["docs/**.md", "deploy/**.md", "CHANGELOG.md", "CONTRIBUTING.md", "README.md"]
exclude_patterns = [".*", "var", "build", "bc_pipeline*", "benchmarks", "tmp*"]
html_theme = "furo"
html_title = "bc_pipeline"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_copyright = False
html_show_sphinx = False
html_copy_source = False
myst_enable_extensions = ["html_image"]
myst_heading_anchors = 4

_ENTRY = re.compile(r"^- \[([^\]]+)\]\(([^)#]+)\.md\)", re.MULTILINE)


def navigation(app: Sphinx, name: str, source: list[str]) -> None:
    """Give each list of the first page its part of the navigation."""
    if name != root_doc:
        return
    head, *parts = re.split(r"^## ", source[0], flags=re.MULTILINE)
    source[0] = head + "".join(f"## {part}\n{_part(part)}" for part in parts)


def _part(part: str) -> str:
    caption = part.split("\n", 1)[0]
    entries = "\n".join(f"{title} <{_place(path)}>" for title, path in _ENTRY.findall(part))
    return f"```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{entries}\n```\n\n"


def _place(path: str) -> str:
    """As the site has it, from its root."""
    return "/" + (path[3:] if path.startswith("../") else str(PurePosixPath("docs") / path))


def entrance(app: Sphinx, error: Exception | None) -> None:
    """Who opens the folder of the site comes to its first page."""
    if error is None:
        page = '<!doctype html><meta http-equiv="refresh" content="0; url=docs/README.html">'
        (Path(app.outdir) / "index.html").write_text(page, "utf-8")


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("source-read", navigation)
    app.connect("build-finished", entrance)
