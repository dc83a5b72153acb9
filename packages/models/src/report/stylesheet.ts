/** The whole style of a report. Colours are custom properties, so that figures follow light, dark and print. */
export const stylesheet = `
:root { color-scheme: light dark;
  --page: #fdfdfc; --text: #1f2328; --muted: #666d76; --rule: #e3e3de; --tint: #f5f5f1; --levels: #c9cbc6; --grid: #8a8f98;
  --truth: #a3a8af; --model: #0072b2; --baseline: #d55e00; --variant: #009e73; --other: #aa4499; }
@media (prefers-color-scheme: dark) { :root {
  --page: #15171a; --text: #e4e5e2; --muted: #9ba1a9; --rule: #2d3136; --tint: #1c1f23; --levels: #444a51; --grid: #aab0b8;
  --truth: #7b828b; --model: #56b4e9; --baseline: #f0893a; --variant: #3ccf9e; --other: #d98fc9; } }
@media print { :root { color-scheme: light;
  --page: #fff; --text: #000; --muted: #444; --rule: #ccc; --tint: #fff; --levels: #c4c4c4; --grid: #777;
  --truth: #9a9a9a; --model: #0072b2; --baseline: #d55e00; --variant: #009e73; --other: #aa4499; } }
* { box-sizing: border-box; }
html { background: var(--page); color: var(--text); -webkit-text-size-adjust: 100%; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
body { margin: 0; font: 16px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Open Sans", sans-serif; }
main { max-width: 808px; margin: 0 auto; padding: 56px 24px 72px; }
.eyebrow { margin: 0 0 10px; color: var(--muted); font-size: 13px; letter-spacing: .06em; text-transform: uppercase; }
h1 { margin: 0 0 18px; font-size: 34px; line-height: 1.2; font-weight: 650; letter-spacing: -.015em; text-wrap: balance; }
h2 { margin: 0 0 12px; font-size: 22px; line-height: 1.3; font-weight: 650; letter-spacing: -.01em; text-wrap: balance; }
h3 { margin: 0; font-size: 15px; line-height: 1.4; font-weight: 650; }
p { margin: 0 0 14px; max-width: 68ch; text-wrap: pretty; }
header p { font-size: 17px; }
section { margin-top: 64px; padding-top: 40px; border-top: 1px solid var(--rule); }
.highlights { display: grid; grid-template-columns: repeat(auto-fit, minmax(180px, 1fr)); gap: 12px; margin: 30px 0 0; padding: 0; list-style: none; }
.highlights li { padding: 16px 18px; background: var(--tint); border-radius: 10px; }
.highlights b { display: block; font-size: 26px; line-height: 1.25; font-weight: 650; letter-spacing: -.01em; font-variant-numeric: tabular-nums; white-space: nowrap; }
.highlights span { display: block; margin-top: 4px; color: var(--muted); font-size: 13.5px; line-height: 1.45; }
.table { margin: 34px 0 0; overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: 15px; line-height: 1.4; font-variant-numeric: tabular-nums; }
caption { padding: 0 0 8px; text-align: left; font-weight: 650; font-size: 15px; }
th, td { padding: 8px 0 8px 18px; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--rule); font-weight: 400; }
tr > :first-child { padding-left: 0; text-align: left; }
tbody th { white-space: normal; }
thead th { color: var(--muted); font-size: 13px; vertical-align: bottom; white-space: normal; }
thead th.group { padding: 8px 0 6px 34px; text-align: center; color: var(--text); background: linear-gradient(var(--rule), var(--rule)) 34px 100% / calc(100% - 34px) 1px no-repeat; }
thead td, thead tr:first-child:not(:last-child) th { border-bottom: 0; }
td.starts { padding-left: 34px; }
strong { font-weight: 650; }
sup { font-size: .72em; line-height: 0; margin-left: .15em; color: var(--muted); font-weight: 400; }
sup.power { margin-left: .05em; color: inherit; font-weight: inherit; }
.notes { margin: 12px 0 0; padding-left: 1.5em; color: var(--muted); font-size: 13px; line-height: 1.5; }
.figures { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 44px 24px; margin-top: 40px; }
figure { margin: 0; min-width: 0; break-inside: avoid; }
figure.full { grid-column: 1 / -1; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 6px 0 10px; padding: 0; list-style: none; color: var(--muted); font-size: 13px; }
.legend li { display: flex; align-items: center; gap: 6px; }
.swatch { flex: none; }
.panels { overflow-x: auto; }
.plot { display: block; width: 100%; height: auto; overflow: visible; font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "Open Sans", sans-serif; color: var(--text); --plot-background: var(--page); }
.plot + .plot { margin-top: 12px; }
.plot text { white-space: pre; }
.plot [aria-label$="axis tick"] { stroke: var(--grid); stroke-opacity: .6; }
.plot [aria-label$="tick label"], .plot [aria-label$="axis label"] { fill: var(--muted); }
.plot [aria-label$="grid"] { stroke: var(--grid); stroke-opacity: .18; }
figcaption { margin-top: 6px; color: var(--muted); font-size: 13.5px; line-height: 1.5; max-width: 78ch; text-wrap: pretty; }
footer { margin-top: 64px; padding-top: 22px; border-top: 1px solid var(--rule); color: var(--muted); font-size: 13px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 18px; margin: 0; }
dt { color: var(--muted); } dd { margin: 0; color: var(--text); overflow-wrap: anywhere; }
code { font: 12.5px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
@media (max-width: 640px) {
  main { padding: 32px 18px 48px; } h1 { font-size: 27px; } section { margin-top: 44px; padding-top: 28px; }
  .figures { grid-template-columns: minmax(0, 1fr); } .full .plot { min-width: 560px; } dl { grid-template-columns: 1fr; } dd { margin-bottom: 6px; } }
@media print { main { max-width: none; padding: 0; } section { break-before: auto; } .highlights li { border: 1px solid var(--rule); } .table, .panels { overflow: visible; } }
`;
