/** A comparison's report in the forms that people read. */
export { toCsv } from './csv.js';
export { type Figure, figuresOf } from './figures.js';
export { renderReport } from './page.js';
export { renderTable, toMarkdownTable } from './table.js';
