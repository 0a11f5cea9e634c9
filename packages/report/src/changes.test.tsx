import { renderToString } from 'preact-render-to-string';
import { renderChanges } from './files/index.js';
import { ChangesView, compareReports, chinese } from './index.js';
import { HOSTILE, report, row } from '../testing/report.js';

const one = (pruned: number, rest: Parameters<typeof row>[3] = {}) => report({ rows: [row('a', 0.5, pruned, rest)] });
const changeOf = (old: ReturnType<typeof report>, now: ReturnType<typeof report>) => compareReports(old, now).trials[1];

// Two accuracies of about 90% on 2,000 samples each: 2·√(2·0.9·0.1/2000) = 1.9 points.
test.each([
  [90, 90, 'same'],
  [90, 91.8, 'noise'],
  [90, 92, 'better'],
  [90, 88, 'worse'],
])('accuracy from %d to %d is %s', (old, now, verdict) => {
  expect(changeOf(one(old), one(now)).accuracy).toMatchObject({ verdict, old: { value: old }, now: { value: now } });
});

test.each([
  [{ median: 2, p10: 1.8, p90: 2.2 }, { median: 2.5, p10: 2.3, p90: 2.6 }, 'better'],
  [{ median: 2, p10: 1.8, p90: 2.2 }, { median: 1.5, p10: 1.4, p90: 1.7 }, 'worse'],
  [{ median: 2, p10: 1.8, p90: 2.2 }, { median: 2.5, p10: 2.1, p90: 2.6 }, 'noise'],
  [{ median: 2, p10: 1.8, p90: 2.2 }, { median: 2, p10: 1.8, p90: 2.2 }, 'same'],
])('speed-ups of %p and %p: %s', (old, now, verdict) => {
  const timed = (speedup: typeof old) => one(90, { latency: [{ ...row('a', 0.5, 90).latency[0], speedup }] });
  expect(changeOf(timed(old), timed(now)).latency).toMatchObject([
    { backend: 'wasm', verdict, now: { value: 1 / now.median } },
  ]);
});

test('sizes have no noise, and what one report lacks is no change', () => {
  const sized = (brotli: number) => one(90, { bytes: { raw: 9, gzip: 9, brotli } });
  expect(changeOf(sized(100), sized(99)).size!.verdict).toBe('better');
  expect(changeOf(sized(100), sized(101)).size!.verdict).toBe('worse');
  expect(changeOf(sized(100), one(90, { bytes: null })).size).toBeUndefined();
});

test('trials of one report alone, other data and another machine are said', () => {
  const now = report({
    data: { name: 'mnist', samples: 10 },
    rows: report()
      .rows.slice(1)
      .concat(row('new', 0.5, 90)),
  });
  const changes = compareReports(report(), now);
  expect([changes.added, changes.removed]).toEqual([['new 50%'], ['unstructured 50%']]);
  expect(changes.differences).toEqual([{ what: 'data', old: 'mnist, 2000', now: 'mnist, 10' }]);
  expect(changes.verdicts.same).toBeGreaterThan(0);
});

test('as a page in both languages, without scripts, names escaped', () => {
  const hostile = report({ model: { ...report().model, name: HOSTILE }, rows: [row(HOSTILE, 0.5, 90)] });
  const page = renderChanges(hostile, hostile, { language: 'zh' });
  expect(page).toContain('<html lang="zh-CN">');
  expect(page).toContain('within the noise or the same');
  expect(page).not.toMatch(/<script|\u202e/);
  const empty = compareReports(report({ rows: [] }), report({ rows: [] }), chinese);
  expect(renderToString(<ChangesView changes={empty} texts={chinese} />)).toContain('没有共同的方案');
});
