import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Serves a page with a script and one compact file, whole, in chunks without a length, changed, or cut off. */
export async function serve(script: Buffer, file: Buffer): Promise<{ origin: string; close(): void }> {
  const server = createServer((request, response) => {
    const { pathname, search } = new URL(request.url!, 'http://localhost');
    const send = (type: string, body: Buffer | string) => response.writeHead(200, { 'content-type': type }).end(body);
    if (pathname === '/plain.html') send('text/html', '<!doctype html><script src="/page.js"></script>');
    else if (pathname === '/page.js') send('text/javascript', script);
    else if (pathname !== '/model.espalier') response.writeHead(404).end();
    else if (search === '?chunked') sendInChunks(response, file);
    else if (search === '?flipped') send('application/octet-stream', flipped(file));
    else if (search === '?cut') send('application/octet-stream', file.subarray(0, -5));
    else response.writeHead(200, { 'content-length': file.length }).end(file);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

function flipped(file: Buffer): Buffer {
  const changed = Buffer.from(file);
  changed[changed.length >> 1] ^= 16;
  return changed;
}

function sendInChunks(response: ServerResponse, file: Buffer): void {
  response.writeHead(200);
  for (let at = 0; at < file.length; at += 777) response.write(file.subarray(at, at + 777));
  response.end();
}
