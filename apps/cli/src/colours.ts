import pc from 'picocolors';

type Colours = ReturnType<typeof pc.createColors>;

/** NO_COLOR and FORCE_COLOR decide; else colours are for terminals that have them. */
export function supportsColour(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0';
  return stream.isTTY === true && env.TERM !== 'dumb';
}

/** For stdout, which has results. */
export const out: Colours = pc.createColors(supportsColour(process.stdout, process.env));
/** For stderr, which people read. */
export const err: Colours = pc.createColors(supportsColour(process.stderr, process.env));
