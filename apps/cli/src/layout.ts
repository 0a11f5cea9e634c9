import { safe } from '@espalier/report';
import widthOf from 'fast-string-width';

/** The width of a table where no terminal says another. */
export const TABLE_WIDTH = 100;
const GAP = '  ';

/** Tables are as wide as the terminal, within reason. */
export const terminalWidth = () =>
  process.stdout.isTTY ? Math.min(160, Math.max(60, process.stdout.columns || TABLE_WIDTH)) : TABLE_WIDTH;

export interface Texts {
  readonly head: string;
  readonly right: boolean;
  /** Where there is no room, columns with the highest number go first; 0 = always there. */
  readonly spare: number;
  readonly texts: readonly string[];
}

export interface Cells extends Omit<Texts, 'texts'> {
  /** The head first. */
  readonly cells: readonly string[];
  readonly width: number;
}

/** A column's texts, all as wide as the widest. */
export function padded({ head, right, spare, texts }: Texts): Cells {
  const all = [head, ...texts].map(safe);
  const width = Math.max(3, ...all.map((text) => widthOf(text)));
  const pad = (text: string) => {
    const room = ' '.repeat(width - widthOf(text));
    return right ? room + text : text + room;
  };
  return { head, right, spare, cells: all.map(pad), width };
}

/** The columns there is room for, and the heads of the others. */
export function fit(columns: readonly Cells[], width: number): { columns: readonly Cells[]; left: string[] } {
  let shown = columns;
  const total = () => shown.reduce((sum, column) => sum + column.width + GAP.length, -GAP.length);
  while (total() > width) {
    const spare = Math.max(...shown.map((column) => column.spare));
    if (spare === 0) break;
    const victim = shown.map((column) => column.spare).lastIndexOf(spare);
    shown = shown.filter((_, i) => i !== victim);
  }
  return { columns: shown, left: columns.filter((column) => !shown.includes(column)).map(({ head }) => head) };
}

export const linesOf = (columns: readonly Cells[]): string[] =>
  columns[0].cells.map((_, i) =>
    columns
      .map(({ cells }) => cells[i])
      .join(GAP)
      .trimEnd(),
  );

/** A sentence under a table: what does not fit on its first line follows, indented. */
export const hanging = (text: string, width: number): string[] =>
  wrapped(text, width - 2).map((line, i) => (i === 0 ? line : `  ${line}`));

/** Words, and each character of a script that has no spaces; punctuation stays with what it follows. */
const PIECE = / *(?:\p{Script=Han}|[^ \p{Script=Han}，。；：、！？）”]+)[，。；：、！？）”]*|[，。；：、！？）”]+/gu;

/** Lines of whole words, none wider than `width` unless a word is. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const piece of text.match(PIECE) ?? []) {
    if (line !== '' && widthOf(line) + widthOf(piece) > width) {
      lines.push(line);
      line = piece.trimStart();
    } else line += line === '' ? piece.trimStart() : piece;
  }
  return [...lines, line];
}
