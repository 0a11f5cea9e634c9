export { enableTraining } from './enable.js';
