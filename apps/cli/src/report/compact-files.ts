import type { PrunableModel } from '@espalier/core';
import { type Compact, openArtifacts } from '@espalier/pipeline';
import { decodeEspalier, encodeEspalier, type ValuesOption } from '@espalier/format';

/** The model's compact file in every form of its values, and how accurate the model is that is read back from each. */
export async function compactFiles(
  model: PrunableModel,
  forms: readonly ValuesOption[],
  accuracy: (model: PrunableModel) => Promise<number>,
): Promise<Compact[]> {
  const artifacts = await model.toArtifacts();
  const files: Compact[] = [];
  for (const values of new Set(forms)) {
    const bytes = encodeEspalier(artifacts, { values, nonFinite: 'keep' });
    const back = await openArtifacts(decodeEspalier(bytes, { nonFinite: 'keep' }));
    try {
      files.push({ values, bytes: bytes.length, accuracy: await accuracy(back) });
    } finally {
      back.dispose();
    }
  }
  return files;
}
