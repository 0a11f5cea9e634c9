import { InputError } from '@espalier/core';

/** A file that came with the page. */
export async function fetchBytes(url: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url).catch((error: Error) => fail(url, error.message));
  if (!response.ok) fail(url, `status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

function fail(url: string, found: string): never {
  const fix = 'reload the page';
  throw new InputError('url-unreachable', `${url} could not be fetched: ${found}; ${fix}`, { where: url, found, fix });
}
