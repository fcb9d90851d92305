"""Sphinx configuration: Markdown by MyST, the reference from docstrings. `make docs` builds docs/_build/html."""

project = "caseback"
author = "the caseback developers"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.apidoc", "sphinx.ext.viewcode"]
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "caseback"
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_default_options = {"ignore-module-all": True}
napoleon_use_ivar = True
suppress_warnings = ["ref.python"]
apidoc_modules = [
    {"path": "../src/caseback", "destination": "reference", "separate_modules": True, "max_depth": 3},
]
