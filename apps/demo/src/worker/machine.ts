import { version_core } from '@tensorflow/tfjs-core';

/** More particular names first: Edge and Chrome call themselves Safari as well. */
const BROWSERS = [
  [/Edg\/(\d+)/, 'Edge'],
  [/Firefox\/(\d+)/, 'Firefox'],
  [/Chrom(?:e|ium)\/(\d+)/, 'Chrome'],
  [/Version\/(\d+).*Safari/, 'Safari'],
] as const;

/** What a report may say of the device: a page learns little about it. */
export const machine = () => ({
  cpu: browserOf(navigator.userAgent),
  cores: navigator.hardwareConcurrency || 1,
  platform: navigator.platform || 'browser',
  tfjs: version_core,
});

export function browserOf(userAgent: string): string {
  for (const [pattern, name] of BROWSERS) {
    const [, version] = pattern.exec(userAgent) ?? [];
    if (version) return `${name} ${version}`;
  }
  return userAgent.slice(0, 80);
}
