import { KINDS } from './drafts.js';
import { DECLARED, edit, on, quantized, value, type Row } from './edits.js';

/** What may be wrong with values, and with how they are to be read. */
export const VALUES_ROWS: readonly Row[] = [
  {
    what: 'quantisation: scale NaN',
    make: on(DECLARED, (d) => quantized('uint8', { scale: NaN, min: 0 })(d)),
    code: 'weight-quantization',
    says: ["'fc/kernel'", 'a finite scale'],
  },
  {
    what: 'quantisation: the word NaN',
    make: on(DECLARED, (d) => {
      quantized('uint8', { scale: -77, min: 0 })(d);
      edit((text) => text.replace('-77', 'NaN'))(d);
    }),
    code: 'json-syntax',
    file: 'main',
  },
  {
    what: 'quantisation: scale 0',
    make: on(DECLARED, quantized('uint8', { scale: 0, min: 0 })),
    code: 'weight-quantization',
    says: ["'fc/kernel'", 'found 0'],
  },
  {
    what: 'quantisation: scale Infinity',
    make: on(DECLARED, (d) => {
      quantized('uint8', { scale: -77, min: 0 })(d);
      edit((text) => text.replace('-77', '1e999'))(d);
    }),
    code: 'json-number',
    says: ['1e999'],
    file: 'main',
  },
  {
    what: 'quantisation: scale beyond float32',
    make: on(DECLARED, quantized('uint16', { scale: 1e38, min: 0 })),
    code: 'weight-quantization',
    says: ["'fc/kernel'"],
  },
  {
    what: 'quantisation: min is none',
    make: on(DECLARED, quantized('uint8', { scale: 1, min: null })),
    code: 'weight-quantization',
  },
  {
    what: 'quantisation: an unknown dtype',
    make: on(DECLARED, quantized('int3', { scale: 1, min: 0 })),
    code: 'weight-quantization',
    says: ["'int3'"],
  },
  {
    what: 'a NaN',
    make: on(KINDS, value(0x7fc00000)),
    code: 'weight-not-finite',
    says: ["'fc/kernel'", 'index 4 ([1, 1])'],
  },
  {
    what: 'an infinity',
    make: on(KINDS, value(0x7f800000)),
    code: 'weight-not-finite',
    says: ["'fc/kernel'", 'index 4'],
  },
  {
    what: 'minus infinity',
    make: on(KINDS, value(0xff800000, 5)),
    code: 'weight-not-finite',
    says: ["'fc/kernel'", 'index 5'],
  },
];
