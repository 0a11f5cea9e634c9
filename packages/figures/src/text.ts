// XML 1.0 has no way to write these, lone surrogates among them; bidi marks could make a name read as another one.
const UNWRITABLE = /(?![\t\n\r])[\p{Cc}\p{Bidi_Control}\p{Surrogate}\u2028\u2029\ufffe\uffff]/gu;

/** Text that XML can hold and that reads as it is written: what it cannot is replaced. */
export const writable = (text: string) => text.replace(UNWRITABLE, '\ufffd');

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

export const escapeXml = (text: string) => writable(text).replace(/[&<>"]/g, (c) => ESCAPES[c]);
