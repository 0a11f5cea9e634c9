import { show, UsageError } from '@espalier/core';

/** A constant, or the rate at a progress from 0 (first step) to just under 1 (last step). */
export type LearningRate = number | ((progress: number) => number);

/** Half a cosine from `peak` down to `floor`: floor + (peak − floor)·(1 + cos πt) / 2. arXiv:1608.03983, without restarts. */
export function cosine(peak: number, floor = 0): (progress: number) => number {
  checkRate(peak);
  return (progress) => floor + ((peak - floor) * (1 + Math.cos(Math.PI * progress))) / 2;
}

/** The rate of a step; throws a UsageError with code 'learning-rate' unless it is a positive number. */
export function rateAt(rate: LearningRate, progress: number): number {
  return checkRate(typeof rate === 'function' ? rate(progress) : rate);
}

function checkRate(value: unknown): number {
  if (typeof value === 'number' && value > 0 && value < Infinity) return value;
  throw new UsageError('learning-rate', `the learning rate must be a positive number, got ${show(value)}`, {
    where: 'learningRate',
    wanted: 'a positive number',
    found: String(value),
  });
}
