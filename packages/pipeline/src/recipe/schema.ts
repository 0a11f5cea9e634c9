import * as z from 'zod';
import { contradictions } from '../options/check.js';
import type { Option } from '../options/option.js';
import { OPTIONS, type OptionName, type Settings } from '../options/table.js';

/** A pruning as data: what `espalier train` does. Paths are relative to the folder that the command runs in. */
export interface Recipe extends Settings {
  readonly model: string;
  /** Where the model goes. */
  readonly out?: string | undefined;
}

const MODEL = 'a directory, a path to model.json or .espalier, or a zoo name';
const OUT = 'where the model goes';

/** One field an option, by the option's name; what contradicts itself is an issue of the option that is too much. */
export const recipeSchema = z
  .strictObject({
    $schema: z.string().optional(),
    model: z.string().min(1).describe(MODEL),
    out: z.string().min(1).optional().describe(OUT),
    ...(Object.fromEntries(
      Object.entries(OPTIONS).map(([key, option]) => [key, fieldOf(option as Option)]),
    ) as unknown as Record<OptionName, z.ZodType<unknown>>),
  })
  .superRefine((recipe, context) => {
    for (const { option, why } of contradictions(recipe as Settings, (key) => key))
      context.addIssue({ code: 'custom', path: [option], message: why });
  }) as unknown as z.ZodType<Recipe>;

function fieldOf({ kind, default: standard, text }: Option) {
  const said = standard === undefined ? text : `${text} (default: ${String(standard)})`;
  return kind.schema(z).optional().describe(said);
}

/** The schema of recipes for editors: JSON Schema, draft 2020-12. */
export const recipeJsonSchema = () => z.toJSONSchema(recipeSchema, { io: 'input', unrepresentable: 'any' });
