import { race } from './race.js';

test('a runner alone wins, and is run', () => {
  let runs = 0;
  const run = () => void runs++;
  expect(race([{ of: 'only', run }], 0.04).winner).toBe('only');
  expect(runs).toBeGreaterThan(3);
});
