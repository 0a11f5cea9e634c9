/** sha256 over the names and contents of a folder's *.ts, assembly's by default, and the compiler's version. */
export function assemblyHash(folderName?: string): string;
