import { useMemo } from 'preact/hooks';
import { useText } from '../../i18n/index.js';
import { useStore } from '../../state/store.js';
import { percent } from '../../words.js';
import type { Row } from '@espalier/experiment';
import type { Which } from '../../worker/protocol.js';

/** What a measured model is called in menus. */
export function rowName(
  { strategy, scorer, scope, sparsity, fineTuned }: Row,
  tuned: (epochs: number) => string,
): string {
  const parts = [`${strategy} ${percent(sparsity.requested)}`, scorer, ...(scope ? [scope] : [])];
  return [...parts, ...(fineTuned ? [tuned(fineTuned.epochs)] : [])].join(' · ');
}

/** Every model that can be tried: dense, the live cut, and those that were measured. */
export function useNamedModels(): readonly (readonly [Which, string])[] {
  const text = useText();
  const report = useStore(({ report }) => report);
  return useMemo(
    () => [
      ['dense', text.try.dense] as const,
      ['live', text.try.live] as const,
      ...(report?.rows ?? []).map((row) => [row.id, rowName(row, text.measure.epochsValue)] as const),
    ],
    [report, text],
  );
}
