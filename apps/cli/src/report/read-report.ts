import { InputError, show } from '@espalier/core';
import { parseReport, type Report } from '@espalier/pipeline';
import { readFile } from 'node:fs/promises';

/**
 * The report in a report.json. InputErrors: 'report-missing' where it cannot be read, 'report-file' where it is no JSON, and
 * 'report-invalid' with the first field that is not as it should be.
 */
export async function readReport(path: string): Promise<Report> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) =>
    refuse(
      'report-missing',
      path,
      'a report.json of espalier compare',
      `nothing that can be read (${error.code})`,
      error,
    ),
  );
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    refuse('report-file', path, 'JSON', (error as Error).message, error);
  }
  return parseReport(json, path);
}

function refuse(code: string, where: string, wanted: string, found: string, cause: unknown): never {
  const fix = 'give the report.json that espalier compare wrote';
  throw new InputError(code, `report ${show(where)}: wanted ${wanted}, found ${found}; ${fix}`, {
    where,
    wanted,
    found,
    fix,
    cause,
  });
}
