import { scoresInMemory } from './scores.js';

test('scores in memory are read as copies, and a parameter without any is an error', async () => {
  const kept = new Float32Array([1, 2]);
  const scores = scoresInMemory('mine', new Map([['a/kernel', kept]]), { backend: 'cpu' });
  expect(scores).toMatchObject({ params: ['a/kernel'], backend: 'cpu' });
  const read = await scores.read('a/kernel');
  expect(Array.from(read)).toEqual([1, 2]);
  read[0] = 9;
  expect(kept[0]).toBe(1);
  await expect(scores.read('b')).rejects.toMatchObject({ code: 'score-param', where: 'b' });
});
