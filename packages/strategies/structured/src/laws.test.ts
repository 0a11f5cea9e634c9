import { describeStrategy, TINY_BRANCHES } from '@espalier/conformance';
import { l2 } from './aggregate.js';
import { residual } from './residual.js';
import { structured } from './structured.js';

describeStrategy('structured', () => structured());
describeStrategy('structured, local', () => structured({ scope: 'local' }));
describeStrategy('structured by l2', () => structured({ aggregate: l2 }));
describeStrategy('residual', () => residual(), { layers: TINY_BRANCHES });
