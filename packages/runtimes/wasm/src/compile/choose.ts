import { race } from '../accelerate/race.js';

/** One of several kernels for a step. */
export interface Alternative {
  readonly name: string;
  /** Cycles, roughly. */
  readonly cost: number;
  /** Encodes the weights. */
  make(): Made;
}

export interface Made {
  run(): void;
  /** Frees what `make` took. */
  dispose(): void;
}

export interface Choice {
  readonly name: () => string;
  run(): void;
  dispose(): void;
}

/** A kernel whose estimate is more than so many times the lowest is not tried. */
const HOPELESS = 2.5;
/** Kernels that are measured. */
const MOST = 2;

/** Decides at the first run, by measuring the kernels with the lowest estimates on what lies in memory then. */
export function choose(alternatives: readonly Alternative[]): Choice {
  const sorted = [...alternatives].sort((a, b) => a.cost - b.cost);
  const tried = sorted.filter(({ cost }) => cost <= sorted[0].cost * HOPELESS).slice(0, MOST);
  let chosen: { name: string; made: Made } | undefined;
  const decide = () => {
    const made = tried.map((alternative) => ({ alternative, made: alternative.make() }));
    const { winner } = race(
      made.map((one) => ({ of: one, run: () => one.made.run() })),
      0,
    );
    for (const one of made) if (one !== winner) one.made.dispose();
    return { name: winner.alternative.name, made: winner.made };
  };
  return {
    name: () => chosen?.name ?? tried[0].name,
    run: () => (chosen ??= decide()).made.run(),
    dispose: () => chosen?.made.dispose(),
  };
}
