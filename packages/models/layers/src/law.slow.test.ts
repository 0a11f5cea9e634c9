import '@tensorflow/tfjs-backend-cpu';
import { checkGraphs } from '../testing/law.js';

test('mask ≡ shrink on 600 random graphs, at 30% and 60% of channels', () => checkGraphs(1000, 600));
