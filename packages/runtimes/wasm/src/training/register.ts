import { enableTraining } from './index.js';

enableTraining();
