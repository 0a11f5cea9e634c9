import { InputError, type Scorer, seededRandom, show, sizeOf, UsageError } from '@espalier/core';

export interface RandomOptions {
  /** Any integer; the same seed gives the same scores for the same parameter ids, on every machine. */
  readonly seed?: number;
}

export const RANDOM_DEFAULTS = { seed: 0 };

/**
 * Uniform random saliency in (0, 1], the baseline that every table needs. Independent per weight, with the full resolution
 * of float32, so that two weights tie with a probability near 2⁻²⁴.
 *
 * Each parameter has a stream of its own, seeded by the seed and the parameter's id: scores depend neither on the order of
 * reads nor on the other parameters. Identical on every backend; the weights are not read.
 *
 * Throws a UsageError with code 'seed' unless the seed is an integer. Reading a parameter that the model does not have
 * throws an InputError with code 'score-param'.
 */
export function random(options: RandomOptions = {}): Scorer {
  const { seed } = { ...RANDOM_DEFAULTS, ...options };
  if (!Number.isSafeInteger(seed)) {
    throw new UsageError('seed', `random: the seed must be an integer, got ${show(seed)}`, {
      where: 'seed',
      wanted: 'an integer',
      found: String(seed),
    });
  }
  return {
    name: 'random',
    async score({ model }) {
      const sizes = new Map(model.params.map(({ id, shape }) => [id, sizeOf(shape)]));
      return {
        params: [...sizes.keys()],
        async read(id) {
          const size = sizes.get(id);
          if (size === undefined) {
            throw new InputError('score-param', `random has no scores for ${show(id)}`, { where: id });
          }
          const next = seededRandom(hash(`${seed}:${id}`));
          // Half a step up keeps 0 out, which is the score of what is pruned already.
          return Float32Array.from({ length: size }, () => next() + 2 ** -33);
        },
      };
    },
  };
}

/** FNV-1a over UTF-16 code units, 32 bits. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h;
}
