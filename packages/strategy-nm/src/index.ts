export * from './nm.js';
