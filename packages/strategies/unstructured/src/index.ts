export * from './unstructured.js';
