/** Two reports of the same model, trial by trial: what became better or worse, and what is noise. */
import type { Report, Row } from '@espalier/pipeline';
import { english, type Texts } from '../texts/index.js';
import { backendsOf, exactCompact } from './measured.js';
import { nameTrials } from './names.js';

export type Verdict = 'better' | 'worse' | 'noise' | 'same';

export interface Value {
  readonly value: number;
  /** p10 and p90, where there is a spread. */
  readonly lo?: number;
  readonly hi?: number;
}

/** One number in both reports. */
export interface Change {
  readonly old: Value;
  readonly now: Value;
  readonly verdict: Verdict;
}

export interface TrialChange {
  readonly id: string;
  readonly name: string;
  /** Percent. */
  readonly accuracy?: Change;
  /** Brotli, bytes. */
  readonly size?: Change;
  /** The compact file that keeps every bit, bytes. */
  readonly compact?: Change;
  /** Time over the dense model's in the same rounds, which what else the machine did cancels out of. */
  readonly latency: readonly (Change & { readonly backend: string })[];
}

export interface Changes {
  readonly model: string;
  /** The dense model first. */
  readonly trials: readonly TrialChange[];
  /** Names of trials that one report has alone. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** What makes the comparison less than like with like: 'model', 'data', 'machine'. */
  readonly differences: readonly {
    readonly what: 'model' | 'data' | 'machine';
    readonly old: string;
    readonly now: string;
  }[];
  readonly samples: { readonly old: number; readonly now: number };
  readonly backends: readonly string[];
  /** How many numbers of all trials have each verdict. */
  readonly verdicts: Readonly<Record<Verdict, number>>;
}

/**
 * Accuracies differ where they are more than two standard errors of their difference apart, √(p₁q₁/n₁ + p₂q₂/n₂), the two
 * measurements taken as independent: on the same samples the noise is smaller. Times differ where their p10–p90 do not
 * overlap. Sizes have no noise.
 */
export function compareReports(old: Report, now: Report, texts: Texts = english): Changes {
  const samples = { old: old.data?.samples ?? 0, now: now.data?.samples ?? 0 };
  const [nameOld, nameNow] = [nameTrials(old, texts), nameTrials(now, texts)];
  const before = new Map(old.rows.map((row) => [row.id, row]));
  const after = new Set(now.rows.map(({ id }) => id));
  const accuracyOf = (a: number | null | undefined, b: number | null | undefined) =>
    both(a, b, (x, y) => accuracyVerdict(x, y, samples));
  const dense: TrialChange = {
    id: 'dense',
    name: texts.dense,
    ...part('accuracy', accuracyOf(old.dense.accuracy, now.dense.accuracy)),
    ...sizesOf(old.dense, now.dense),
    latency: [],
  };
  const trials = now.rows.flatMap((row): TrialChange[] => {
    const twin = before.get(row.id);
    if (!twin) return [];
    return [
      {
        id: row.id,
        name: nameNow(row).full,
        ...part('accuracy', accuracyOf(twin.accuracy?.pruned, row.accuracy?.pruned)),
        ...sizesOf(twin, row),
        latency: latencyChanges(twin, row),
      },
    ];
  });
  const all = [dense, ...trials];
  return {
    model: now.model.name,
    trials: all,
    added: now.rows.filter(({ id }) => !before.has(id)).map((row) => nameNow(row).full),
    removed: old.rows.filter(({ id }) => !after.has(id)).map((row) => nameOld(row).full),
    differences: differencesOf(old, now),
    samples,
    backends: backendsOf(now).filter((backend) =>
      trials.some(({ latency }) => latency.some((l) => l.backend === backend)),
    ),
    verdicts: countVerdicts(all),
  };
}

const part = <K extends string>(key: K, change: Change | undefined) =>
  (change ? { [key]: change } : {}) as { [P in K]?: Change };

function both(
  old: number | null | undefined,
  now: number | null | undefined,
  judge: (old: number, now: number) => Verdict,
): Change | undefined {
  if (old === null || old === undefined || now === null || now === undefined) return undefined;
  return { old: { value: old }, now: { value: now }, verdict: old === now ? 'same' : judge(old, now) };
}

function accuracyVerdict(old: number, now: number, samples: Changes['samples']): Verdict {
  const variance = (percent: number, n: number) => ((percent / 100) * (1 - percent / 100)) / Math.max(1, n);
  const error = 100 * Math.sqrt(variance(old, samples.old) + variance(now, samples.now));
  if (Math.abs(now - old) <= 2 * error) return 'noise';
  return now > old ? 'better' : 'worse';
}

const smallerIsBetter = (old: number, now: number): Verdict => (now < old ? 'better' : 'worse');

type Sized = Pick<Row, 'bytes' | 'compact'>;
const sizesOf = (old: Sized, now: Sized) => ({
  ...part('size', both(old.bytes?.brotli, now.bytes?.brotli, smallerIsBetter)),
  ...part('compact', both(exactCompact(old)?.bytes, exactCompact(now)?.bytes, smallerIsBetter)),
});

function latencyChanges(old: Row, now: Row): TrialChange['latency'] {
  return now.latency.flatMap((latency) => {
    const twin = old.latency.find(({ backend, ran }) => backend === latency.backend && ran === latency.ran);
    if (!twin) return [];
    const [a, b] = [twin, latency].map(({ speedup: { median, p10, p90 } }) => ({
      value: 1 / median,
      lo: 1 / p90,
      hi: 1 / p10,
    }));
    const verdict: Verdict =
      a.value === b.value && a.lo === b.lo && a.hi === b.hi
        ? 'same'
        : b.hi < a.lo
          ? 'better'
          : b.lo > a.hi
            ? 'worse'
            : 'noise';
    return [{ backend: latency.backend, old: a, now: b, verdict }];
  });
}

function differencesOf(old: Report, now: Report): Changes['differences'] {
  const machineOf = ({ machine }: Report) =>
    [machine.cpu, machine.cores, machine.platform, machine.node ?? '', machine.tfjs].join(', ');
  const modelOf = ({ model }: Report) => `${model.name}, ${model.params}`;
  const dataOf = ({ data }: Report) => (data ? `${data.name}, ${data.samples}` : '–');
  return (
    [
      ['model', modelOf],
      ['data', dataOf],
      ['machine', machineOf],
    ] as const
  )
    .map(([what, of]) => ({ what, old: of(old), now: of(now) }))
    .filter(({ old, now }) => old !== now);
}

function countVerdicts(trials: readonly TrialChange[]): Changes['verdicts'] {
  const counts = { better: 0, worse: 0, noise: 0, same: 0 };
  for (const { accuracy, size, compact, latency } of trials) {
    for (const change of [accuracy, size, compact, ...latency]) if (change) counts[change.verdict]++;
  }
  return counts;
}
