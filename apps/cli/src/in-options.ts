import { type EspalierError, layerOf } from '@espalier/core';
import { flagOf, OPTIONS } from '@espalier/pipeline';

const SHAPE = 'give --input-shape, batch first, such as 1,64,64,3';
const ignore = (param: string) => `--ignore ${layerOf(param)}`;
const orDense = (param: string) => `leave it out with ${ignore(param)}, or keep the rest dense with --tail dense`;

/** What libraries say of their arguments, in options: their fix by the code of the error. */
const FIXES: Readonly<Record<string, string | ((where: string) => string)>> = {
  'block-axis': orDense,
  'data-missing': 'give --data mnist, --data idx:IMAGES,LABELS, a .npz file or an ES module',
  'input-shape': SHAPE,
  'inputs-unsupported': ignore,
  'loss-missing': 'name one, such as --loss softmaxCrossEntropy',
  'macs-unknown': SHAPE,
  'nm-axis': orDense,
  'output-unwritable': 'choose another place with -o',
  'recipe-invalid': 'espalier train --schema prints what a recipe may hold',
  'score-param': ignore,
};

/** An error as the command line says it: options have their flags, and the way out is one of options. */
export function inOptions({ code, message, where, wanted, found, fix }: EspalierError) {
  // The fields of a recipe are called like options, and are none.
  const isOption = where !== undefined && code !== 'recipe-invalid' && Object.hasOwn(OPTIONS, where);
  const flag = isOption ? flagOf(where) : where;
  const known = FIXES[code];
  // What the command line itself throws knows its options.
  const own = fix?.includes('--') ? fix : typeof known === 'function' ? known(where ?? '') : (known ?? fix);
  const named = isOption && message.startsWith(where) ? `${flag}${message.slice(where.length)}` : message;
  const said = fix !== undefined && own !== undefined ? named.replace(fix, () => own) : named;
  return { code, message: said, where: flag, wanted, found, fix: own };
}
