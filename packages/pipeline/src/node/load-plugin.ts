import { createJiti } from 'jiti';
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { LoadModule } from '../plugins/find.js';

const isPath = (specifier: string) =>
  /^(\.{0,2}\/|\.{1,2}$|[a-zA-Z]:[\\/])/.test(specifier) || /\.[cm]?[jt]s$/.test(specifier);

/**
 * Loads plug-ins of other people: a path relative to `cwd`, or a package that is installed there. TypeScript is understood. What they
 * import is what they find from where they lie, so a scorer that shares tensors with Espalier shares its TensorFlow.js too.
 */
export const pluginLoader =
  (cwd: string): LoadModule =>
  async (specifier) => {
    const jiti = createJiti(pathToFileURL(join(cwd, 'espalier')).href, { fsCache: false });
    let url: string;
    try {
      url = isPath(specifier) ? pathToFileURL(resolve(cwd, specifier)).href : jiti.esmResolve(specifier);
      await stat(fileURLToPath(url));
    } catch (cause) {
      throw Object.assign(new Error(`there is no module ${specifier}`, { cause }), { code: 'plugin-missing' });
    }
    return /\.[cm]?ts$/.test(url) ? jiti.import(url) : ((await import(url)) as Record<string, unknown>);
  };
