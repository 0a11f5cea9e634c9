import type { Compact } from '@espalier/pipeline';
import type { Dataset } from '@espalier/data';
import { decodeEspalier, encodeEspalier } from '@espalier/format/web';
import { accuracy } from '@espalier/measure';
import type { io } from '@tensorflow/tfjs-core';
import { adapt } from './adapted.js';

/** The exact form, and the small one that shares values. */
const FORMS = ['float32', 'codebook'] as const;

interface Data {
  readonly test: Dataset;
  readonly inputShape: readonly number[];
}

/** The compact file in both forms; what rounds is measured as it is read back. */
export async function compactForms(artifacts: io.ModelArtifacts, data: Data | undefined): Promise<Compact[]> {
  const forms: Compact[] = [];
  for (const values of FORMS) {
    const bytes = encodeEspalier(artifacts, { values });
    const measured = data && values !== 'float32' ? await accuracyOf(bytes, data) : null;
    forms.push({ values, bytes: bytes.length, accuracy: measured });
  }
  return forms;
}

async function accuracyOf(bytes: Uint8Array, { test, inputShape }: Data): Promise<number> {
  const model = await adapt(decodeEspalier(bytes));
  try {
    return await accuracy((x) => model.predict(x), test, { inputShape });
  } finally {
    model.dispose();
  }
}
