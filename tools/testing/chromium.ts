// The browser of the tests that need one.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** .ci/run sets it where there is a Chromium: these tests must not be skipped there. */
export const REQUIRED = process.env.ESPALIER_CHROMIUM === 'required';
const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];
export const FLAGS = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** WebGPU on the processor. */
export const WEBGPU_FLAGS = [...FLAGS, '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];

export function findChromium(): string | undefined {
  const candidates = (process.env.PATH ?? '').split(delimiter).flatMap((dir) => NAMES.map((name) => join(dir, name)));
  return candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
