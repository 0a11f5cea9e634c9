import picomatch from 'picomatch';

/** Whether one of the names is the text itself or is matched by it as a glob. */
export const matchesGlob = (names: readonly string[], glob: string): boolean =>
  names.some((name) => name === glob || picomatch.isMatch(name, glob));
