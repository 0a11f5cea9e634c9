/** sha256 over the names and contents of assembly/*.ts and the compiler's version. */
export function assemblyHash(): string;
