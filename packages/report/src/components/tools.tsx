import { writable } from '@espalier/figures';
import type { Report } from '@espalier/pipeline';
import type { ComponentChildren } from 'preact';
import type { Texts } from '../texts/index.js';

/** A figure or a table that can be saved. */
export interface Savable {
  /** As `figuresOf` and `tablesOf` call it. */
  readonly name: string;
  readonly title: string;
}

/** What stands under a figure or a table: links or buttons that save it. Nothing if left out. */
export type Tools = (what: Savable) => ComponentChildren;

/** What a section of the report is drawn from. */
export interface SectionProps {
  readonly report: Report;
  readonly texts: Texts;
  readonly tools?: Tools | undefined;
}

export function ToolRow({ tools, name, title }: Savable & { readonly tools?: Tools | undefined }) {
  const content = tools?.({ name, title: writable(title) });
  return content ? <div class="tools">{content}</div> : null;
}
