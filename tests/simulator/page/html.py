"""The frame of the pages."""

from __future__ import annotations

from html import escape

from tests.simulator.http import Response

_STYLE = """
:root { color-scheme: light dark; --ink: light-dark(#1f2328, #e8eaed); --paper: light-dark(#fff, #1d2126);
  --ground: light-dark(#f2f4f7, #14171a); --line: light-dark(#d5dae1, #3a4149); --quiet: light-dark(#57606a, #a5adb8);
  --accent: light-dark(#0b5cad, #7db7f5); --tint: light-dark(#e7f0fa, #203246); --bad: light-dark(#a40e26, #ff9aa8); }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 "Segoe UI", system-ui, sans-serif; }
main { max-width: 52rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { margin: 0 0 .25rem; font-size: 1.6rem; }
h2 { margin: 1.5rem 0 .5rem; font-size: 1.1rem; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.quiet, small { color: var(--quiet); }
.card { background: var(--paper); border: 1px solid var(--line); border-radius: .5rem; padding: .25rem 1rem; }
.bar { display: flex; flex-wrap: wrap; gap: .75rem; align-items: center; justify-content: space-between; margin: 1rem 0; }
.bar nav { display: flex; gap: .75rem; align-items: center; }
ul.plain { list-style: none; margin: 0; }
.plain > li { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: baseline; padding: .6rem 0; }
.plain > li + li { border-top: 1px solid var(--line); }
.when { min-width: 8.5rem; font-variant-numeric: tabular-nums; }
.what { flex: 1 1 14rem; }
.mark { padding: 0 .5rem; border-radius: 1rem; background: var(--tint); font-size: .85rem; white-space: nowrap; }
.said, .wrong { padding: .6rem 1rem; border-left: .3rem solid var(--accent); background: var(--tint); }
.wrong { border-color: var(--bad); }
form.sheet { display: grid; gap: 1rem; padding: 1rem; }
fieldset { display: flex; flex-wrap: wrap; gap: .75rem 1.25rem; min-width: 0; margin: 0; padding: .5rem 1rem 1rem;
  border: 1px solid var(--line); border-radius: .5rem; }
legend { padding: 0 .4rem; font-weight: 600; }
label { display: grid; gap: .2rem; min-width: 0; }
form.sheet > *, select { min-width: 0; max-width: 100%; }
label.tick { display: inline-flex; gap: .4rem; align-items: center; margin-right: 1rem; }
.wide { flex: 1 1 100%; }
input, select, textarea, button, .button { font: inherit; color: inherit; padding: .4rem .6rem; border-radius: .3rem;
  border: 1px solid var(--quiet); background: var(--paper); }
input[type=checkbox] { width: 1.1rem; height: 1.1rem; }
input[type=number] { width: 6rem; }
.button, button { cursor: pointer; text-decoration: none; }
.main { border-color: var(--accent); background: var(--accent); color: var(--paper); }
.danger { border-color: var(--bad); color: var(--bad); }
.foot { display: flex; flex-wrap: wrap; gap: .75rem; }
"""


def page(title: str, content: str, *, status: int = 200, above: str = "") -> Response:
    """``title`` is text; ``content`` and ``above`` (what stands over the heading) are HTML."""
    return Response.html(
        f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} – simulated mailbox</title><style>{_STYLE}</style></head>
<body><main>{above}<h1>{escape(title)}</h1>
{content}
</main></body>
</html>
""",
        status,
    )
