/** A report as files: one HTML page, figures and CSV. In Node and in the browser. */
export * from './changes-page.js';
export { toCsv } from './csv.js';
export * from './figures.js';
export * from './page.js';
export * from './report-page.js';
export { tablesOf, type TableFile } from './tables.js';
