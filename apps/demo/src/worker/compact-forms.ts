import { type Compact, openArtifacts, type Samples } from '@espalier/pipeline';
import { decodeEspalier, encodeEspalier } from '@espalier/format/web';
import { accuracy } from '@espalier/measure';
import type { io } from '@tensorflow/tfjs-core';

/** The exact form, and the small one that shares values. */
const FORMS = ['float32', 'codebook'] as const;

/** The compact file in both forms; what rounds is measured as it is read back. */
export async function compactForms(artifacts: io.ModelArtifacts, test: Samples | undefined): Promise<Compact[]> {
  const forms: Compact[] = [];
  for (const values of FORMS) {
    const bytes = encodeEspalier(artifacts, { values });
    const measured = test && values !== 'float32' ? await accuracyOf(bytes, test) : null;
    forms.push({ values, bytes: bytes.length, accuracy: measured });
  }
  return forms;
}

async function accuracyOf(bytes: Uint8Array, { data, inputShape }: Samples): Promise<number> {
  const model = await openArtifacts(decodeEspalier(bytes));
  try {
    return await accuracy((x) => model.predict(x), data, { inputShape });
  } finally {
    model.dispose();
  }
}
