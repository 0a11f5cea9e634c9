/** The page's controls: native ones, dressed. */
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface Choice<T extends string> {
  readonly value: T;
  readonly label: string;
  readonly hint?: string;
  readonly picture?: ComponentChildren;
  /** Why it cannot be chosen. */
  readonly disabled?: string | undefined;
}

interface ChoicesProps<T extends string> {
  readonly legend: string;
  readonly name: string;
  readonly value: T;
  readonly choices: readonly Choice<T>[];
  readonly onChange: (value: T) => void;
  readonly look?: 'cards' | 'row';
  /** Beside the legend: a lesson. */
  readonly aside?: ComponentChildren;
  readonly disabled?: boolean;
}

/** Radio buttons, as cards or in one row. */
export function Choices<T extends string>(props: ChoicesProps<T>) {
  const { legend, name, value, choices, onChange, look = 'row', aside, disabled = false } = props;
  const id = useId();
  return (
    <fieldset class={`choices ${look}`} disabled={disabled}>
      <legend class="label">{legend}</legend>
      {aside}
      <div class="options">
        {choices.map((choice) => (
          <label key={choice.value} class="option" title={choice.disabled}>
            <input
              type="radio"
              name={name}
              value={choice.value}
              checked={choice.value === value}
              disabled={choice.disabled !== undefined}
              aria-describedby={choice.hint || choice.disabled ? `${id}-${choice.value}` : undefined}
              onChange={() => onChange(choice.value)}
            />
            {choice.picture}
            <span class="option-text">
              <span>{choice.label}</span>
              {(choice.disabled ?? choice.hint) && (
                <small id={`${id}-${choice.value}`}>{choice.disabled ?? choice.hint}</small>
              )}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

interface SliderProps {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  /** As it is shown and read aloud. */
  readonly text: string;
  readonly hint?: string | undefined;
  readonly disabled?: boolean;
  readonly onInput: (value: number) => void;
}

export function Slider({ label, value, min, max, step, text, hint, disabled = false, onInput }: SliderProps) {
  const id = useId();
  const share = max > min ? (value - min) / (max - min) : 0;
  return (
    <div class="slider">
      <div class="slider-head">
        <label class="label" for={id}>
          {label}
        </label>
        <output class="slider-value" for={id}>
          {text}
        </output>
      </div>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        disabled={disabled}
        aria-valuetext={text}
        style={{ '--share': `${100 * share}%` }}
        onInput={({ currentTarget }) => onInput(Number(currentTarget.value))}
      />
      {hint && <small class="hint">{hint}</small>}
    </div>
  );
}

interface SelectProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly (readonly [value: T, label: string])[];
  readonly onChange: (value: T) => void;
}

export function Select<T extends string>({ label, value, options, onChange }: SelectProps<T>) {
  const id = useId();
  return (
    <div class="select">
      <label class="label" for={id}>
        {label}
      </label>
      <select id={id} value={value} onChange={({ currentTarget }) => onChange(currentTarget.value as T)}>
        {options.map(([option, text]) => (
          <option key={option} value={option}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}
