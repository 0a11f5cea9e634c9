export * from './report.js';
export * from './tools.js';
export * from './trial.js';
export * from './comparison.js';
export * from './panel.js';
