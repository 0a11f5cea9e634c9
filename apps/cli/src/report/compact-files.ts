import type { Compact } from '@espalier/pipeline';
import { decodeEspalier, encodeEspalier, type ValuesOption } from '@espalier/format';
import { adaptFile, type AnyPrunable, artifactsOf, isGraph } from '../adapted.js';

/** The model's compact file in every form of its values, and how accurate the model is that is read back from each. */
export async function compactFiles(
  model: AnyPrunable,
  forms: readonly ValuesOption[],
  accuracy: (model: AnyPrunable) => Promise<number>,
): Promise<Compact[]> {
  const artifacts = await artifactsOf(model);
  const format = isGraph(model) ? 'graph-model' : 'layers-model';
  const files: Compact[] = [];
  for (const values of new Set(forms)) {
    const bytes = encodeEspalier(artifacts, { values, nonFinite: 'keep' });
    const back = await adaptFile({ format, artifacts: decodeEspalier(bytes, { nonFinite: 'keep' }) });
    try {
      files.push({ values, bytes: bytes.length, accuracy: await accuracy(back) });
    } finally {
      back.dispose();
    }
  }
  return files;
}
