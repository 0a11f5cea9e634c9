import { type OptionName, OPTIONS, type Settings, valueOf } from './table.js';
import { isTraining, trains } from './check.js';

/** What is of use to trainings alone, whatever the schedule. */
const OF_TRAINING: readonly OptionName[] = ['lr'];

/** The settings with the default of everything that has a say in them. */
export function withDefaults<S extends Settings>(settings: S): S {
  const filled: Record<string, unknown> = { ...settings };
  for (const key of Object.keys(OPTIONS) as OptionName[]) {
    const value = valueOf(settings, key);
    if (value !== undefined && applies(key, settings)) filled[key] = value;
  }
  return filled as S;
}

function applies(key: OptionName, settings: Settings): boolean {
  if (key === 'scope')
    return valueOf(settings, 'strategy') !== 'nm' && settings.granularity !== 'layer' && settings.budget === undefined;
  if (key === 'heldOut') return settings.patience !== undefined;
  if (key === 'fineTune' && isTraining(settings.schedule)) return false;
  if (OF_TRAINING.includes(key)) return trains(settings);
  const { only = {} } = OPTIONS[key] as { only?: Readonly<Record<string, readonly unknown[]>> };
  return (Object.entries(only) as [OptionName, readonly unknown[]][]).every(([other, values]) =>
    values.includes(valueOf(settings, other) ?? (other === 'schedule' ? 'one-shot' : undefined)),
  );
}
