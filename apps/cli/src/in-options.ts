import type { EspalierError } from '@espalier/core';
import { flagOf, OPTIONS } from '@espalier/pipeline';

/** What libraries say of their arguments, in options: their fix by the code of the error. */
const FIXES: Readonly<Record<string, string>> = {
  'data-missing': 'give --data mnist, --data idx:IMAGES,LABELS, a .npz file or an ES module',
  'input-shape': 'give --input-shape, batch first, such as 1,64,64,3',
  'output-unwritable': 'choose another place with -o',
  'recipe-invalid': 'espalier train --schema prints what a recipe may hold',
};

/** An error as the command line says it: options have their flags, and the way out is one of options. */
export function inOptions({ code, message, where, wanted, found, fix }: EspalierError) {
  const isOption = where !== undefined && Object.hasOwn(OPTIONS, where);
  const flag = isOption ? flagOf(where) : where;
  const own = FIXES[code] ?? fix;
  const named = isOption && message.startsWith(where) ? `${flag}${message.slice(where.length)}` : message;
  const said = fix !== undefined && own !== undefined ? named.replace(fix, () => own) : named;
  return { code, message: said, where: flag, wanted, found, fix: own };
}
