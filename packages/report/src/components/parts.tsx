import { writable } from '@espalier/figures';
import type { ComponentChildren } from 'preact';
import { MISSING } from '../numbers.js';

export interface SectionProps {
  readonly title: string;
  readonly read?: string;
  readonly children?: ComponentChildren;
}

export function Section({ title, read, children }: SectionProps) {
  return (
    <section>
      <h2>{title}</h2>
      {read !== undefined && <p class="read">{read}</p>}
      {children}
    </section>
  );
}

/** A second line under a number: what it is measured against. */
export const Sub = ({ tone, children }: { tone?: 'good' | 'bad' | undefined; children: ComponentChildren }) => (
  <span class={tone ? `sub ${tone}` : 'sub'}>{children}</span>
);

export const Missing = () => <td>{MISSING}</td>;

/** A name from a stranger's file. */
export const Name = ({ text }: { text: string }) => <>{writable(text)}</>;

export interface TableProps {
  readonly label: string;
  readonly head: readonly string[];
  /** The last column holds sentences. */
  readonly wordy?: boolean;
  readonly children: ComponentChildren;
}

/** A table that scrolls by itself where the page is narrow; the keyboard can scroll it too. */
export function Table({ label, head, wordy = false, children }: TableProps) {
  return (
    <div class="scroll" tabindex={0} role="region" aria-label={writable(label)}>
      <table>
        <thead>
          <tr>
            {head.map((text, i) => (
              <th key={i} scope="col" class={wordy && i === head.length - 1 ? 'text' : undefined}>
                {writable(text)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
