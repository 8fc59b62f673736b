/// How the page of a run looks, by day and by night.
enum ReportStyle {
  /// The style sheet.
  static let css = """
    :root { color-scheme: light dark; --text: #222; --ground: #fff; --line: #ddd; --faint: #555; --block: #f6f6f6;
      --training: #1f6fb4; --test: #c8501e; --cell: 31, 111, 180 }
    @media (prefers-color-scheme: dark) { :root { --text: #ddd; --ground: #16181c; --line: #3a3f47; --faint: #aaa;
      --block: #22252b; --training: #6db3f2; --test: #ff9a6b; --cell: 90, 160, 230 } }
    body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem;
      color: var(--text); background: var(--ground) }
    table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums }
    .wide { overflow-x: auto }
    th, td { padding: .2rem .6rem; border: 1px solid var(--line); text-align: right }
    td:first-child, th:first-child { text-align: left } tr.best { font-weight: bold }
    figure { display: inline-block; margin: 0 1rem 1rem 0 } svg { width: 32rem; max-width: 100% }
    .grid { stroke: var(--line) } .best { stroke: var(--faint); stroke-dasharray: 3 3 }
    text { font-size: 11px; fill: var(--faint) } .left { text-anchor: end } .below { text-anchor: middle }
    .curve { fill: none; stroke: currentColor; stroke-width: 2 } .point { fill: currentColor }
    .training { color: var(--training) } .test { color: var(--test) }
    .picture { display: inline-block; margin: .3rem; text-align: center; font-size: 12px }
    .picture img { width: 84px; height: 84px; image-rendering: pixelated; display: block; margin: auto }
    .words td, .words th { text-align: left } .words td { overflow-wrap: anywhere }
    pre { background: var(--block); padding: 1rem; overflow-x: auto }
    """
}
