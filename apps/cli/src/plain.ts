/** Characters that a terminal or a reader obeys: control characters but tab and line feed, and marks of direction. */
// eslint-disable-next-line no-control-regex -- they are what is looked for
const OBEYED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Names come from strangers' files; a terminal must not obey them. What is escaped in JSON's way stays the same in JSON. */
export const plain = (text: string) =>
  text.replace(OBEYED, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** One JSON document, on stdout. */
export const printJson = (value: unknown) => void process.stdout.write(`${plain(JSON.stringify(value, null, 2))}\n`);
