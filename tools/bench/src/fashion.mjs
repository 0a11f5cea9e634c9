// The section of the accuracy table on Fashion-MNIST alone.
import { fashion } from './accuracy/fashion.mjs';
import { runSections } from './accuracy/main.mjs';

await runSections('fashion', 'accuracy on the 10,000 test images of Fashion-MNIST, in percent', { fashion });
