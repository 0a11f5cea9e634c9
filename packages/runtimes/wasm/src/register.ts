import { enableTraining } from './enable.js';

enableTraining();
