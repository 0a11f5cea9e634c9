// Writes the JSON Schemas that packages/pipeline publishes, from what the build wrote; its tests compare them.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { recipeJsonSchema, reportJsonSchema } from '@espalier/pipeline';
import prettier from 'prettier';
import { root } from '../architecture/rooms.mjs';

const schemas = { 'recipe.schema.json': recipeJsonSchema(), 'report.schema.json': reportJsonSchema() };
for (const [name, schema] of Object.entries(schemas)) {
  const path = join(root, 'packages/pipeline', name);
  const options = await prettier.resolveConfig(path);
  writeFileSync(path, await prettier.format(JSON.stringify(schema, null, 2), { ...options, filepath: path }));
}
