/**
 * The report's look, all of it under .espalier-report: light and dark by the reader's preference, no font or image from
 * anywhere else. A page that chooses for the reader sets data-theme="light" or "dark" on the document's element.
 */
export const STYLE = `
.espalier-report { color-scheme: light dark; --ink: #1f2328; --muted: #57606a; --ground: #ffffff; --raised: #f5f6f8; --line: #dfe3e8; --good: #0b6b52; --link: #1f5d99; --bad: #a0440a; }
@media (prefers-color-scheme: dark) {
  :root:not([data-theme='light']) .espalier-report { --ink: #e4e7eb; --muted: #a3adb8; --ground: #14171b; --raised: #1c2026; --line: #31373f; --good: #4cc3a2; --link: #7fb4ea; --bad: #ea9a5c; }
}
:root[data-theme='dark'] .espalier-report { color-scheme: dark; --ink: #e4e7eb; --muted: #a3adb8; --ground: #14171b; --raised: #1c2026; --line: #31373f; --good: #4cc3a2; --link: #7fb4ea; --bad: #ea9a5c; }
:root[data-theme='light'] .espalier-report { color-scheme: light; }
.espalier-report, .espalier-report * { box-sizing: border-box; }
.espalier-report { color: var(--ink); background: var(--ground); font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif; -webkit-text-size-adjust: 100%; }
.espalier-report h1 { font-size: 26px; line-height: 1.25; margin: 0 0 12px; overflow-wrap: anywhere; }
.espalier-report h2 { font-size: 18px; margin: 44px 0 2px; }
.espalier-report h3 { font-size: 14px; margin: 18px 0 4px; overflow-wrap: anywhere; }
.espalier-report p { margin: 0 0 12px; }
.espalier-report .read, .espalier-report .sub, .espalier-report dt, .espalier-report .label { color: var(--muted); }
.espalier-report .read { max-width: 78ch; font-size: 14px; }
.espalier-report .sub { display: block; font-size: 12px; font-weight: 400; }
.espalier-report dl { margin: 0; font-size: 14px; }
.espalier-report dl > div { display: grid; grid-template-columns: 72px 1fr; gap: 16px; margin-bottom: 2px; }
.espalier-report dd { margin: 0; overflow-wrap: anywhere; }
.espalier-report .cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 260px), 1fr)); gap: 12px; list-style: none; margin: 0; padding: 0; }
.espalier-report .cards li { display: flex; flex-direction: column; gap: 1px; padding: 12px 14px; background: var(--raised); border: 1px solid var(--line); border-radius: 8px; font-size: 14px; }
.espalier-report .cards strong { font-size: 16px; margin-top: 2px; }
.espalier-report .label { font-size: 12px; }
.espalier-report .scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; }
.espalier-report table { border-collapse: separate; border-spacing: 0; width: 100%; font-size: 13.5px; font-variant-numeric: tabular-nums; }
.espalier-report th, .espalier-report td { padding: 6px 12px; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); vertical-align: top; }
.espalier-report thead th { color: var(--muted); font-weight: 500; background: var(--raised); }
.espalier-report tbody th { font-weight: 600; background: var(--ground); }
.espalier-report th:first-child, .espalier-report .text { text-align: left; }
.espalier-report td.text { white-space: normal; min-width: 200px; }
.espalier-report tbody tr:last-child > * { border-bottom: 0; }
.espalier-report th:first-child { position: sticky; left: 0; }
.espalier-report tr.dense > * { background: var(--raised); }
.espalier-report .good { color: var(--good); }
.espalier-report .bad { color: var(--bad); }
.espalier-report .figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); gap: 20px; align-items: start; }
.espalier-report .panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)); gap: 12px; }
.espalier-report .figures > *, .espalier-report .panels > * { min-width: 0; }
.espalier-report svg { display: block; width: 100%; height: auto; max-width: 520px; }
.espalier-report .tools { display: flex; flex-wrap: wrap; gap: 4px 14px; margin-top: 6px; font-size: 12px; }
.espalier-report .tools a { color: var(--link); padding: 3px 0; text-underline-offset: 3px; }
.espalier-report .tools a::before { content: '↓ '; }
.espalier-report ul { padding-left: 20px; margin: 8px 0; }
.espalier-report li { overflow-wrap: anywhere; }
.espalier-report pre { margin: 8px 0; padding: 12px 14px; background: var(--raised); border: 1px solid var(--line); border-radius: 8px; overflow-x: auto; font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
@media (max-width: 600px) {
  .espalier-report h1 { font-size: 22px; }
  .espalier-report th, .espalier-report td { padding: 5px 9px; }
  .espalier-report td.text { min-width: 170px; }
  .espalier-report th:first-child { white-space: normal; min-width: 104px; }
  .espalier-report dl > div { grid-template-columns: 1fr; gap: 0; margin-bottom: 6px; }
}
@media print { .espalier-report .tools { display: none; } .espalier-report section, .espalier-report .figures > * { break-inside: avoid; } .espalier-report .scroll { overflow: visible; border: 0; } .espalier-report { font-size: 12px; } }
`;
