import { SCORERS } from './lists.js';

/** Whether a scorer looks at data. Of one by somebody else nobody knows: it will say so when it is asked. */
export const needsData = (name: string) => SCORERS.find((scorer) => scorer.name === name)?.data ?? false;
