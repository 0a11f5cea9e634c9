declare const fontFiles: readonly string[];
export = fontFiles;
