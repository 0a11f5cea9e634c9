export * from './tiny-network.js';
