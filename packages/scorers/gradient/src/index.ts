export * from './gradient.js';
