import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { io } from '@tensorflow/tfjs-core';
import { buildSync } from 'esbuild';
import { folder, rejection, tinyJson, TINY_WEIGHTS } from '../../testing/fixture.js';
import { espalier, readEspalier, writeEspalier } from './file.js';
import { encodeEspalier } from './encode.js';
import { readModel } from '../read-model.js';

const artifacts: io.ModelArtifacts = {
  format: 'layers-model',
  modelTopology: tinyJson().modelTopology,
  weightSpecs: [
    { name: 'fc/kernel', shape: [2, 3], dtype: 'float32' },
    { name: 'fc/bias', shape: [3], dtype: 'float32' },
  ],
  weightData: TINY_WEIGHTS.slice().buffer,
};

describe('files', () => {
  it('are written and read back', async () => {
    const path = join(folder(), 'new', 'm.espalier');
    const written = await writeEspalier(path, artifacts);
    expect(written.bytes).toBe(readFileSync(path).length);
    expect(written.tensors.map(({ name }) => name)).toEqual(['fc/kernel', 'fc/bias']);
    const progress: number[] = [];
    const model = await readEspalier(path, { onProgress: (done) => progress.push(done) });
    expect(model).toMatchObject({
      format: 'layers-model',
      container: 'espalier',
      files: [{ path, bytes: written.bytes }],
    });
    expect(model.artifacts).toEqual(artifacts);
    expect(progress).toEqual([written.bytes]);
    expect((await readModel(path)).artifacts).toEqual(artifacts);
  });

  it('name themselves in errors, and leave what is there', async () => {
    const path = join(folder(), 'm.espalier');
    await writeEspalier(path, artifacts);
    const before = readFileSync(path);
    const weightData = TINY_WEIGHTS.map(() => NaN).buffer;
    expect(await rejection(writeEspalier(path, { ...artifacts, weightData }))).toMatchObject({
      code: 'weight-not-finite',
    });
    const beforeCommit = () => {
      throw new Error('given up');
    };
    await expect(
      writeEspalier(path, { ...artifacts, weightData: new ArrayBuffer(36) }, { beforeCommit }),
    ).rejects.toThrow('given up');
    expect(readFileSync(path)).toEqual(before);
    expect(readdirSync(join(path, '..'))).toEqual(['m.espalier']);
    writeFileSync(path, before.subarray(0, -1));
    const error = await rejection(readEspalier(path));
    expect(error).toMatchObject({ name: 'InputError', code: 'compact-truncated' });
    expect(error.message).toContain('m.espalier');
    expect(error.message).toContain("weight 'fc/bias'");
    expect(await rejection(readEspalier(join(path, 'x')))).toMatchObject({ code: 'model-missing' });
    expect(await rejection(readEspalier(folder()))).toMatchObject({ code: 'model-not-a-file' });
  });
});

describe('espalier()', () => {
  it('loads and saves paths, file: URLs and memory; loads bytes and Blobs', async () => {
    const path = join(folder(), 'm.espalier');
    await espalier(path).save!(artifacts);
    const memory = { bytes: undefined as Uint8Array | undefined };
    const { modelArtifactsInfo } = await espalier(memory, { values: 'int8' }).save!(artifacts);
    expect(modelArtifactsInfo.weightDataBytes).toBe(36);
    const bytes = new Uint8Array(readFileSync(path));
    for (const source of [
      path,
      pathToFileURL(path),
      String(pathToFileURL(path)),
      bytes,
      bytes.slice().buffer,
      new Blob([bytes]),
    ]) {
      expect(await espalier(source).load!()).toEqual(artifacts);
    }
    const rounded = new Float32Array((await espalier(memory).load!()).weightData as ArrayBuffer);
    rounded.forEach((value, i) => expect(value).toBeCloseTo(TINY_WEIGHTS[i], 1));
    expect(() => espalier('')).toThrow('wanted the path or the URL');
    expect(() => espalier(5 as never)).toThrow('wanted a URL, bytes or a Blob');
    expect(await rejection(espalier({}).load!())).toMatchObject({ code: 'source' });
  });

  describe('from a URL', () => {
    let server: Server;
    let base: string;
    beforeAll(async () => {
      const bytes = encodeEspalier(artifacts);
      server = createServer((request, response) => {
        if (request.url === '/none') response.writeHead(404).end();
        else if (request.url === '/half') response.end(bytes.subarray(0, -5));
        else response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    afterAll(() => server.close());

    it('decodes while it arrives, and tells how far it is', async () => {
      const seen: (number | undefined)[][] = [];
      const handler = espalier(`${base}/m.espalier`, { onProgress: (...progress) => seen.push(progress) });
      expect(await handler.load!()).toEqual(artifacts);
      const [done, total] = seen[seen.length - 1];
      expect(done).toBe(total);
    });

    it('says what went wrong', async () => {
      expect(await rejection(espalier(`${base}/none`).load!())).toMatchObject({ code: 'url-status' });
      expect(await rejection(espalier(`${base}/half`).load!())).toMatchObject({ code: 'compact-truncated' });
      expect(await rejection(espalier('http://127.0.0.1:9/m').load!())).toMatchObject({
        name: 'InputError',
        code: 'url-unreachable',
      });
    });
  });

  it('has a half for browsers that imports nothing of Node', () => {
    const { outputFiles } = buildSync({
      entryPoints: [join(__dirname, '..', 'web.ts')],
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'browser',
      conditions: ['@espalier/source'],
    });
    const [{ text }] = outputFiles;
    expect(text).not.toMatch(/\bnode:|require\(/);
    expect(text.length).toBeGreaterThan(10_000);
  });
});
