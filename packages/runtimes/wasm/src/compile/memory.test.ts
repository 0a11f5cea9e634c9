import fc from 'fast-check';
import { arrange, type Buffer, buffer } from './memory.js';

const used = (bytes: number, first: number, last: number): Buffer => Object.assign(buffer(bytes), { first, last });

describe('arrange', () => {
  it('gives the same place to buffers that follow each other', () => {
    const [a, b, c] = [used(1000, 0, 1), used(1000, 2, 3), used(200, 1, 2)];
    const total = arrange([a, b, c]);
    expect([a.address, b.address]).toEqual([0, 0]);
    expect(c.address).toBeGreaterThanOrEqual(1000);
    expect(total).toBeLessThan(1000 + 200 + 4 * 64);
  });

  it('keeps apart what is in use at the same time, on cache lines', () => {
    const buffers = fc.array(
      fc
        .tuple(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 20 }))
        .map(([bytes, a, b]) => used(bytes, Math.min(a, b), Math.max(a, b))),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(buffers, (list) => {
        const total = arrange(list);
        for (const one of list) {
          expect(one.address % 64).toBe(0);
          expect(one.address + one.bytes).toBeLessThanOrEqual(total);
        }
        const together = list.flatMap((a, i) => list.slice(i + 1).map((b): [Buffer, Buffer] => [a, b]));
        for (const [a, b] of together.filter(([a, b]) => a.first <= b.last && b.first <= a.last)) {
          expect(a.address + a.bytes <= b.address || b.address + b.bytes <= a.address).toBe(true);
        }
      }),
      { seed: 1 },
    );
  });
});
