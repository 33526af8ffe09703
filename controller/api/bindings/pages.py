"""The frame of every help page."""

from __future__ import annotations

from html import escape

_STYLE = """
body{font:15px/1.45 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1.5rem;color:#222}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}a{color:#0b5394}
pre{background:#f4f4f4;border:1px solid #ddd;padding:.8rem;overflow:auto}
table{border-collapse:collapse}td,th{border-bottom:1px solid #ddd;padding:.35rem .8rem .35rem 0;text-align:left;
vertical-align:top}input[type=text]{width:28rem;max-width:100%;font:inherit}
"""


def page(title: str, body: str, links: str = "") -> str:
    """An HTML document; `body` is HTML, and `links` for its head; `title` is text."""
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"{links}<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>{body}</body></html>"
    )


def listing(text: str) -> str:
    """A text as it stands."""
    return f"<pre>{escape(text)}</pre>"


def paragraphs(text: str) -> str:
    """A docstring: a paragraph where a line is empty."""
    return "".join(f"<p>{escape(' '.join(part.split()))}</p>" for part in text.split("\n\n") if part.strip())
