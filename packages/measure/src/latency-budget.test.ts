import { type LatencyBudgetOptions, meetLatency } from './latency-budget.js';

/** A model that takes 2 ms of overhead and 8 ms of work; `bend` makes the work fall unevenly. */
function fake(rest: Partial<LatencyBudgetOptions> = {}, bend = 1) {
  const asked: number[] = [];
  const options: LatencyBudgetOptions = {
    goal: { fraction: 0.6 },
    most: 0.9,
    async time(sparsity) {
      asked.push(sparsity);
      const ms = 2 + 8 * (1 - sparsity) ** bend;
      return { ms, denseMs: 10, fraction: ms / 10 };
    },
    ...rest,
  };
  return { asked, run: () => meetLatency(options) };
}

test('a straight line is met at once, just below the goal', async () => {
  const { asked, run } = fake();
  expect((await run()).fraction).toBeCloseTo(0.6, 9);
  expect(asked).toHaveLength(2);
});

test.each([
  [{ fraction: 0.5 }, 0.5],
  [{ fraction: 0.3 }, 0.3],
  [{ ms: 7.5 }, 0.75],
  [{ ms: 2.9 }, 0.29],
])('%j is met within 4%% from below where times bend', async (goal, wanted) => {
  for (const bend of [0.4, 1, 2, 3]) {
    const { run, asked } = fake({ goal, most: 0.999 }, bend);
    const { fraction } = await run();
    expect(fraction).toBeLessThanOrEqual(wanted * (1 + 1e-12));
    expect(fraction).toBeGreaterThanOrEqual(wanted * 0.96);
    expect(asked.length).toBeLessThanOrEqual(10);
  }
});

test('steps are taken at the nearest that meets it', async () => {
  const { run } = fake({
    time: async (s) => {
      const ms = s > 0.5 ? 4 : 9;
      return { ms, denseMs: 10, fraction: ms / 10 };
    },
  });
  expect(await run()).toMatchObject({ ms: 4 });
});

test('the dense model where it is quick enough', async () =>
  expect(await fake({ goal: { ms: 10 } }).run()).toMatchObject({ sparsity: 0, ms: 10 }));

test('what the smallest model misses is refused after one measurement', async () => {
  const { run, asked } = fake({ goal: { fraction: 0.2 } });
  await expect(run()).rejects.toMatchObject({
    code: 'budget-infeasible',
    message: expect.stringContaining('2.80 ms, 28.0% of the dense 10.0 ms'),
  });
  expect(asked).toEqual([0.9]);
});

test.each([{}, { fraction: 2 }, { ms: 0 }, { fraction: 0.5, ms: 3 }])('%j is no goal', async (goal) =>
  expect(fake({ goal }).run()).rejects.toMatchObject({ code: 'latency-goal' }),
);
