/** A comparison in the forms that a terminal shows. */
export { renderTable, toMarkdownTable } from './table.js';
