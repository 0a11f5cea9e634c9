import { describeStrategy } from '@espalier/conformance';
import { erkShare, lampShare, uniformShare } from '@espalier/core';
import { unstructured } from './unstructured.js';

describeStrategy('unstructured', () => unstructured());
describeStrategy('unstructured, local', () => unstructured({ scope: 'local' }));
describeStrategy('unstructured, by output', () => unstructured({ scope: 'output' }));
for (const share of [uniformShare(), erkShare(), lampShare()])
  describeStrategy(`unstructured, shared out by ${share.name}`, () => unstructured({ share }));
