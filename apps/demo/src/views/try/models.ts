import { useMemo } from 'preact/hooks';
import { strategyName, textsOf } from '@espalier/report';
import { type Language, type Messages, useLanguage, useText } from '../../i18n/index.js';
import { useStore } from '../../state/store.js';
import { percent } from '../../words.js';
import type { Row } from '@espalier/pipeline';
import type { Which } from '../../worker/protocol.js';

/** What a measured model is called in menus. */
function rowName({ strategy, scorer, scope, sparsity, fineTuned }: Row, text: Messages, language: Language): string {
  const { scorers, scopes } = text.cut;
  return [
    `${strategyName(strategy, textsOf(language))} ${percent(sparsity.requested)}`,
    scorers[scorer] ?? scorer,
    ...(scope ? [scopes[scope as keyof typeof scopes] ?? scope] : []),
    ...(fineTuned ? [text.measure.tuned(fineTuned.epochs)] : []),
  ].join(' · ');
}

/** Every model that can be tried: dense, the live cut, and those that were measured. */
export function useNamedModels(): readonly (readonly [Which, string])[] {
  const text = useText();
  const language = useLanguage();
  const report = useStore(({ report }) => report);
  return useMemo(
    () => [
      ['dense', text.try.dense] as const,
      ['live', text.try.live] as const,
      ...(report?.rows ?? []).map((row) => [row.id, rowName(row, text, language)] as const),
    ],
    [report, text, language],
  );
}
