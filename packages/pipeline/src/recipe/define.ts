import type { Recipe } from './schema.js';

/** For recipes in TypeScript: `export default defineRecipe({ … })` has its fields checked while it is written. */
export const defineRecipe = (recipe: Recipe): Recipe => recipe;
