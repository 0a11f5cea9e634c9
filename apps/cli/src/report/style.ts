/** The page's look: light and dark by the reader's preference, no font or image from anywhere else. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1f2328; --muted: #5b636d; --ground: #ffffff; --raised: #f5f6f8; --line: #dfe3e8; --good: #0f7a5f; --bad: #b3500f; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e7eb; --muted: #9aa4b0; --ground: #14171b; --raised: #1c2026; --line: #31373f; --good: #4cc3a2; --bad: #ea9a5c; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif; -webkit-text-size-adjust: 100%; }
main { max-width: 1120px; margin: 0 auto; padding: 32px 20px 56px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 12px; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 44px 0 2px; }
h3 { font-size: 14px; margin: 18px 0 4px; overflow-wrap: anywhere; }
p { margin: 0 0 12px; }
.read, .sub, dt { color: var(--muted); }
.read { max-width: 78ch; font-size: 14px; }
.sub { display: block; font-size: 12px; font-weight: 400; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; margin: 0; font-size: 14px; }
dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: separate; border-spacing: 0; width: 100%; font-size: 13.5px; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 12px; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { color: var(--muted); font-weight: 500; background: var(--raised); }
tbody th { font-weight: 600; }
th:first-child, td.text { text-align: left; }
td.text { white-space: normal; min-width: 200px; }
tbody tr:last-child > * { border-bottom: 0; }
tbody th, thead th:first-child { position: sticky; left: 0; background: var(--ground); }
thead th:first-child { background: var(--raised); }
tr.dense > * { background: var(--raised); }
.good { color: var(--good); }
.bad { color: var(--bad); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); gap: 20px; align-items: start; }
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)); gap: 12px; }
.figures > *, .panels > * { min-width: 0; }
svg { display: block; width: 100%; height: auto; max-width: 560px; }
ul { padding-left: 20px; margin: 8px 0; }
li { overflow-wrap: anywhere; }
pre { margin: 8px 0; padding: 12px 14px; background: var(--raised); border: 1px solid var(--line); border-radius: 8px; overflow-x: auto; font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
@media (max-width: 600px) {
  main { padding: 20px 14px 40px; }
  h1 { font-size: 22px; }
  th, td { padding: 5px 9px; }
  td.text { min-width: 170px; }
  th:first-child { white-space: normal; min-width: 112px; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: 6px; }
}
@media print { .scroll { overflow: visible; border: 0; } body { font-size: 12px; } }
`;
